import { changed, docker, type TestStack } from "../stack.harness.ts";

/** What was changed by hand shows in a refreshed preview, and the next up repairs it. */
export function drift(get: () => TestStack): void {
  describe("drift", () => {
    test("a stopped container is seen and started, not deleted", () => {
      const name = get().container("robotoff", "redis");
      const before = get().containers();
      docker("stop", name);
      const seen = get().preview("--refresh", "--diff");
      expect(seen.text).toMatch(/mustRun\s*: false => true/);
      expect(get().up("--refresh")).toMatchObject({ code: 0 });
      expect(docker("inspect", "--format", "{{.State.Status}}", name)).toBe("running");
      expect(changed(before, get().containers())).toEqual([]);
    });

    test("a removed container is seen and made again", () => {
      const name = get().container("protea", "worker-ping");
      const before = get().containers();
      docker("rm", "--force", name);
      expect(get().preview("--refresh", "--expect-no-changes").code).not.toBe(0);
      expect(get().up("--refresh")).toMatchObject({ code: 0 });
      expect(changed(before, get().containers())).toEqual([name]);
      expect(get().preview("--refresh", "--expect-no-changes")).toMatchObject({ code: 0 });
    });
  });
}
