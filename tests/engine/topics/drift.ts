import { changed, docker, failed, succeeded, type TestStack } from "../stack.harness.ts";

/** What was changed by hand shows in a refreshed preview, and the next up repairs it. */
export function drift(get: () => TestStack): void {
  describe("drift", () => {
    test("a stopped container is seen and started, not deleted", () => {
      const name = get().container("robotoff", "redis");
      const before = get().containers();
      docker("stop", name);
      const seen = get().preview("--refresh", "--diff");
      expect(seen.text).toMatch(/mustRun\s*: false => true/);
      succeeded(get().up("--refresh"));
      expect(docker("inspect", "--format", "{{.State.Status}}", name)).toBe("running");
      expect(changed(before, get().containers())).toEqual([]);
    });

    test("a removed container is seen and made again", () => {
      const name = get().container("protea", "worker-ping");
      const before = get().containers();
      docker("rm", "--force", name);
      failed(get().preview("--refresh", "--expect-no-changes"));
      succeeded(get().up("--refresh"));
      expect(changed(before, get().containers())).toEqual([name]);
      succeeded(get().preview("--refresh", "--expect-no-changes"));
    });
  });
}
