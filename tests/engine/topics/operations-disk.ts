import { imagesOf } from "../../../operations/disk/engine.ts";
import { nameOf, removable, removal } from "../../../operations/disk/removable.ts";
import { failed, succeeded } from "../host.ts";
import type { TestStack } from "../stack.harness.ts";

/** What `make disk`, `gpu` and `reclaim` say. What `reclaim` lists of others on this engine is theirs, and stays. */
export function diskOperations(get: () => TestStack): void {
  describe("disk and GPU", () => {
    test("make disk shows what the engine holds, and what the disk has left", () => {
      const text = succeeded(get().operation("disk"));
      for (const what of ["images", "containers' own layers", "named volumes", "anonymous volumes", "build cache"])
        expect(text).toMatch(new RegExp(`^${what} +\\d+ +[\\d.]+ \\w+ +\\d+, `, "m"));
      expect(text).toMatch(/^containers' logs: /m);
      expect(text).toMatch(/^Filesystem .*\n\S+ +[\d.]+/m);
    });

    test("make gpu shows the GPUs, or says that there is none", () => {
      const { code, text } = get().operation("gpu");
      const has = get().host.shell("command -v nvidia-smi").code === 0;
      expect([code, text.includes("there is no nvidia-smi on")]).toEqual(has ? [0, false] : [1, true]);
    });

    test("make reclaim lists what nothing needs, and removes nothing where nobody can be asked", () => {
      const name = `${get().name}-reclaim`;
      const tags = ["1", "2", "3", "4"].map((tag) => `${name}:${tag}`);
      const id = (tag: string) => get().docker("image", "inspect", "--format", "{{.Id}}", tag);
      try {
        for (const tag of tags) succeeded(get().host.shell(`tar -c --files-from /dev/null | docker import - ${tag}`));
        // A container that has ended is reason enough: it may be started again.
        get().docker("create", "--name", name, tags[1]!, "true");
        const listed = failed(get().operation("reclaim"));
        expect(listed).toContain("nothing was changed");
        expect(tags.map((tag) => listed.includes(id(tag)))).toEqual([false, false, false, false]);
        get().docker("rm", name);
        const text = failed(get().operation("reclaim"));
        expect(tags.map((tag) => text.includes(id(tag)))).toEqual([true, true, false, false]);
        // Nothing that this stack runs on.
        for (const container of get().containers().keys())
          expect(text).not.toContain(get().docker("inspect", "--format", "{{.Image}}", container));

        const quiet = jest.spyOn(console, "error").mockReturnValue();
        const { images, used } = imagesOf({ protectVolumes: false, generateSecrets: false });
        quiet.mockRestore();
        const ours = removable(images, used, []).filter((image) => nameOf(image).startsWith(`${name}:`));
        get().docker("image", "rm", ...ours.flatMap(removal));
        expect(tags.map((tag) => get().host.tryDocker("image", "inspect", tag).code)).toEqual([1, 1, 0, 0]);
      } finally {
        get().host.tryDocker("rm", "--force", "--volumes", name);
        get().host.tryDocker("image", "rm", ...tags);
      }
    });
  });
}
