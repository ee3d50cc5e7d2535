/** What somebody who got into a container can do from there: asked of each container that runs. */
import type { InspectedSettings } from "../../../engines/docker/inspect.ts";
import { exceptionOf, POINTS } from "../../../engines/docker/benchmark.ts";
import { run } from "../host.ts";
import { Outside } from "../outside.ts";
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

    test("reaches from a server neither the outside nor the other system's database; from an application the outside", async () => {
      const outside = await Outside.create();
      try {
        const address = (system: "robotoff" | "protea") =>
          get().docker(
            ...[
              "inspect",
              "--format",
              `{{(index .NetworkSettings.Networks "${get().name}-${system}_servers").IPAddress}}`,
            ],
            get().container(system, "postgres"),
          );
        const [databases, out] = [{ robotoff: address("robotoff"), protea: address("protea") }, outside.address];
        const servers = [
          ...["postgres", "redis", "elasticsearch", "triton"].map((name) => ["robotoff", name] as const),
          ...["postgres", "rabbitmq", "minio", "api", "frontend", "worker-ping"].map(
            (name) => ["protea", name] as const,
          ),
        ];
        const no = [
          ...servers.map(([system, name]) => ({ system, name, to: out, port: 7777 })),
          { system: "robotoff", name: "api", to: databases.protea, port: 5432 } as const,
          { system: "robotoff", name: "redis", to: databases.protea, port: 5432 } as const,
          { system: "protea", name: "worker-jobs", to: databases.robotoff, port: 5432 } as const,
          { system: "protea", name: "minio", to: databases.robotoff, port: 5432 } as const,
        ];
        const yes = [
          { system: "robotoff", name: "api", to: out, port: 7777 } as const,
          { system: "protea", name: "worker-jobs", to: out, port: 7777 } as const,
          { system: "robotoff", name: "api", to: databases.robotoff, port: 5432 } as const,
          { system: "protea", name: "worker-ping", to: databases.protea, port: 5432 } as const,
        ];
        // Who is let through is not kept waiting; who is not gets no answer.
        const asks = (tries: (typeof yes | typeof no)[number][], seconds: number) =>
          tries.map(
            ({ system, name, to, port }) =>
              `docker exec ${get().container(system, name)} timeout ${seconds} bash -c 'exec 3<>/dev/tcp/${to}/${port}' 2> /dev/null && echo "${system} ${name} ${to}" &`,
          );
        const lines = [...asks(no, 5), ...asks(yes, 60)];
        const reached = run("sh", ["-c", `${lines.join("\n")}\nwait`])
          .text.trim()
          .split("\n")
          .sort();
        expect(reached).toEqual(yes.map(({ system, name, to }) => `${system} ${name} ${to}`).sort());
        // Whom Docker's name server asks about names of the outside: Docker writes it there. A question is a way out as well.
        const asked = (system: "robotoff" | "protea", name: string) =>
          /ExtServers: \[(.*)\]/.exec(
            get().docker("exec", get().container(system, name), "cat", "/etc/resolv.conf"),
          )?.[1];
        expect(servers.map(([system, name]) => asked(system, name))).toEqual(servers.map(() => "127.0.0.1"));
        expect(asked("robotoff", "api")).not.toBe("127.0.0.1");
      } finally {
        outside.remove();
      }
    });
  });
}
