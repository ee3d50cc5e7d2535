import { failed, succeeded } from "../host.ts";
import { changed, type TestStack } from "../stack.harness.ts";

/** What was changed by hand shows in a refreshed preview, and the next up repairs it. */
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
  });
}
