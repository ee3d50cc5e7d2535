import { standInTag } from "../../../images/builder/tag.ts";
import { ByHand, MADE_AGAIN, told } from "../drift-kinds.ts";
import { failed, succeeded } from "../host.ts";
import { changed, type TestStack } from "../stack.harness.ts";

/** What was changed by hand is named by make drift and shows in a refreshed preview, and make heal or the next up repairs it. */
export function drift(get: () => TestStack): void {
  describe("drift", () => {
    test("a stopped container is seen and started, not replaced", () => {
      const name = get().container("robotoff", "scheduler");
      const before = get().containers();
      get().docker("stop", name);
      expect(get().preview("--refresh", "--diff").text).toMatch(/mustRun\s*: false => true/);
      succeeded(get().up("--refresh"));
      expect(get().docker("inspect", "--format", "{{.State.Status}}", name)).toBe("running");
      expect(changed(before, get().containers())).toEqual([]);
    });

    // Docker does not tell a stopped container's ports, so the provider takes them for gone and replaces it.
    test("a stopped container with ports is replaced, and keeps its data", () => {
      const name = get().container("robotoff", "redis");
      const before = get().containers();
      get().docker("exec", name, "redis-cli", "set", "kept", "yes");
      get().docker("stop", name);
      succeeded(get().up("--refresh"));
      expect(changed(before, get().containers())).toEqual([name]);
      expect(get().docker("exec", name, "redis-cli", "get", "kept")).toBe("yes");
    });

    test("a removed container is seen and made again", () => {
      const name = get().container("protea", "worker-ping");
      const before = get().containers();
      get().docker("rm", "--force", name);
      failed(get().preview("--refresh", "--expect-no-changes"));
      succeeded(get().up("--refresh"));
      expect(changed(before, get().containers())).toEqual([name]);
      succeeded(get().preview("--refresh", "--expect-no-changes"));
    });

    // Every kind, one by one: tests/faults/drift.test.ts.
    test("make drift names what a hand did and changes nothing; make heal mends it, and touches nothing else", async () => {
      const byHand = new ByHand(get());
      expect(byHand.look()).toEqual({ code: 0, rows: [] });
      const names = ["worker-ping", "worker-reaper", "frontend", "worker-jobs"].map((one) =>
        get().container("protea", one),
      );
      const [paused, cut, limited, impostor] = names as [string, string, string, string];
      const network = `${get().name}-protea_default`;
      const guest = `${byHand.other}-guest`;
      const before = get().containers();
      get().docker("pause", paused);
      get().docker("network", "disconnect", network, cut);
      get().docker("update", "--pids-limit", "200", limited);
      await byHand.again(impostor, MADE_AGAIN.privileged![1]);
      get().docker("run", "--detach", "--name", guest, ...get().marked, "--network", network, standInTag("images/redis"), "sleep", "infinity"); // prettier-ignore
      try {
        const { code, rows } = byHand.look();
        const places = [
          `${paused} | state`,
          `${cut} | network ${network}`,
          `${limited} | pids limit`,
          `${guest} | container`,
        ];
        const again = ["container", ...MADE_AGAIN.privileged![0]].map((what) => `${impostor} | ${what}`);
        expect([code, told(rows)]).toEqual([2, [...places, ...again].sort()]);
        const status = failed(get().operation("status"));
        for (const name of names) expect(status.slice(status.indexOf("not as declared;"))).toContain(name);

        // What is left to a person is no success.
        failed(get().operation("heal"));
        expect(byHand.look().rows.map(({ where }) => where)).toEqual([guest]);
        const anew = changed(before, get().containers()).filter((name) => !name.includes("-set-aside-"));
        expect(anew).toEqual([impostor]);
        expect(get().docker("inspect", "--format", "{{.HostConfig.PidsLimit}}", limited)).toBe("512");
      } finally {
        byHand.removeOthers();
      }
      expect(byHand.look()).toEqual({ code: 0, rows: [] });
      succeeded(get().operation("status"));
    });
  });
}
