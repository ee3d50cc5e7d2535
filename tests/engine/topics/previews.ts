import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { standInTag } from "../../../images/builder/tag.ts";
import { Chance } from "../chance.ts";
import { edited, someEdits, type Edit } from "../edits.ts";
import { succeeded } from "../host.ts";
import { applied, type Round } from "../previews.harness.ts";
import { changed, type TestStack } from "../stack.harness.ts";

/** Previews tell the truth: what they predict happens, and nothing else. `make faults` does it two hundred times. Leaves the stack edited. */
export function previews(get: () => TestStack): void {
  describe("previews", () => {
    const { seed } = new Chance();
    /** An image's name of this test's own, and another content for it. */
    const tag = (n: number) => `${get().name}/frontend:${n}`;
    const state = () => createHash("sha256").update(readFileSync(get().stateFile)).digest("hex");
    const expectTruth = ({ predicted, did, text }: Round, edits: Edit[]) => {
      const said = edits.map(({ what }) => what);
      expect({ seed, said, text, ...did }).toEqual({ seed, said, text, ...predicted });
    };

    test("random edits do what was predicted; secrets that stay do not show", async () => {
      get().docker("tag", standInTag("images/protea-frontend"), tag(1));
      const [edits] = fc.sample(someEdits(get().config, []), { seed, numRuns: 1 }) as [Edit[]];
      const fixed: Edit[] = [
        { what: tag(1), values: { "protea:images": { frontend: tag(1) } } },
        // It has secrets; and both there must be, whatever chance says.
        { what: "a variable", values: { "protea:services": { "worker-ping": { environment: { EDITED: "1" } } } } },
        { what: "", values: { "protea:services": { "worker-ping": { replicas: 1 }, frontend: { replicas: 1 } } } },
      ];
      const round = await applied(get(), edited(get().config, [...edits, ...fixed]));
      expectTruth(round, [...edits, ...fixed]);
      const names = [get().container("protea", "frontend"), get().container("protea", "worker-ping")];
      expect(round.did.replaced).toEqual(expect.arrayContaining(names));
      expect(round.text).toContain("variable `EDITED=1`");
      expect(round.text).not.toContain("which has a secret");
    });

    test("a tag that was moved shows what it replaces; looking writes no state, and a password nowhere", () => {
      const frontend = get().container("protea", "frontend");
      get().docker("commit", "--change", "LABEL moved=yes", frontend, tag(2));
      get().docker("tag", tag(2), tag(1));
      const file = join(get().folder, "preview.md");
      const before = state();
      const shown = succeeded(get().operation("preview", "--markdown", file));
      expect(state()).toBe(before);
      expect(shown).toContain(`image \`${tag(1)}\` has another content`);
      expect(shown).toContain(`replaces \`${frontend}\``);
      expect(shown).toContain("\nNothing to change. The host was asked.\n");
      expect(shown).toContain(readFileSync(file, "utf8"));
      const environment = get().docker(
        "inspect",
        "--format",
        "{{json .Config.Env}}",
        get().container("protea", "postgres"),
      );
      expect(shown).not.toContain(/POSTGRES_PASSWORD=(\w{32})/.exec(environment)![1]!);
      const containers = get().containers();
      succeeded(get().up("--refresh"));
      expect(changed(containers, get().containers())).toEqual([frontend]);
    });
  });
}
