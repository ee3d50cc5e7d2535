/** What somebody who got into a container can do from there: asked of each container that runs. */
import type { InspectedSettings } from "../../../engines/docker/inspect.ts";
import { exceptionOf, POINTS } from "../../../engines/docker/benchmark.ts";
import type { TestStack } from "../stack.harness.ts";

/** The kernel's numbers: https://github.com/torvalds/linux/blob/master/include/uapi/linux/capability.h */
const NUMBERS = { CHOWN: 0, DAC_OVERRIDE: 1, FOWNER: 3, KILL: 5, SETGID: 6, SETUID: 7 };

export function security(get: () => TestStack): void {
  describe("whoever gets into a container", () => {
    const inspected = () => {
      const names = [...get().containers().keys()];
      return JSON.parse(get().docker("inspect", "--type", "container", ...names)) as (InspectedSettings & {
        State: { Running: boolean };
      })[];
    };
    const nameOf = ({ Name }: InspectedSettings) => Name.slice(1);

    test("finds every point of the benchmark as the table says it", () => {
      const all = inspected();
      const open = all.flatMap((container) => {
        const labels = container.Config.Labels!;
        const system = labels["com.docker.compose.project"]!.split("-").at(-1)!;
        const service = labels["com.docker.compose.service"]!;
        return POINTS.filter((point) => point.holds?.(container) === false && !exceptionOf(point, system, service)).map(
          ({ id, title }) => `${system}/${service}: ${id} ${title}`,
        );
      });
      expect(all.length).toBeGreaterThan(25);
      expect(open).toEqual([]);
      expect(get().docker("info", "--format", "{{.Swarm.LocalNodeState}}")).toBe("inactive");
    });

    test("writes to no root that is read-only, and has the capabilities that are declared alone", () => {
      const running = inspected().filter(({ State }) => State.Running);
      const lines = running.map(
        (one) =>
          `echo ${nameOf(one)} "$(docker exec --user root ${nameOf(one)} sh -c '(: > /written) && rm /written && echo wrote; grep CapBnd: /proc/1/status' 2> /dev/null | tr '\\n\\t' '  ')" &`,
      );
      const said = get()
        .host.shell(`${lines.join("\n")}\nwait`)
        .text.trim()
        .split("\n")
        .sort();
      const expected = running.map((one) => {
        const { ReadonlyRootfs, CapAdd } = one.HostConfig;
        const bits = (CapAdd ?? []).reduce(
          (sum, name) => sum + 2 ** NUMBERS[name.replace("CAP_", "") as keyof typeof NUMBERS],
          0,
        );
        const wrote = ReadonlyRootfs === true ? "" : "wrote ";
        return `${nameOf(one)} ${wrote}CapBnd: ${bits.toString(16).padStart(16, "0")}`;
      });
      expect(said.map((line) => line.trim())).toEqual(expected.sort());
    });

    test("opens no raw socket, also as root", () => {
      const raw = 'python3 -c "import socket; socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)"';
      for (const name of [get().container("protea", "api"), get().container("robotoff", "worker-1")]) {
        const { code, text } = get().host.shell(`docker exec --user root ${name} ${raw}`);
        expect([code, text]).toEqual([1, expect.stringContaining("PermissionError")]);
      }
    });

    test("starts no more processes than its limit", () => {
      const name = get().container("protea", "worker-ping");
      const count = [
        ...["import os, time", "count = 0", "try:", "  while count < 1000:", "    if os.fork() == 0:"],
        ...["      time.sleep(3)", "      os._exit(0)", "    count += 1", "except BlockingIOError:", "  print(count)"],
        // The container is as it was before anybody else asks it something.
        ...["while count:", "  os.wait()", "  count -= 1"],
      ].join("\n");
      const started = Number(get().docker("exec", name, "python3", "-c", count));
      expect(started).toBeGreaterThan(100);
      expect(started).toBeLessThan(512);
    });
  });
}
