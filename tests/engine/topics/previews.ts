import { SECRETS } from "../../../systems/spec.ts";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { Chance } from "../chance.ts";
import { edited, someEdits, type Edit } from "../edits.ts";
import { succeeded } from "../host.ts";
import { applied } from "../previews.harness.ts";
import type { TestStack } from "../stack.harness.ts";

/** The name of the frontend's image, which may be moved: those of the others are everybody's. */
export const frontendOf = ({ name }: TestStack): string => `${name}/frontend:1`;

/** Previews tell the truth: what they predict happens, and nothing else. `make faults` does it two hundred times. Leaves the stack edited. */
export function previews(get: () => TestStack): void {
  describe("previews", () => {
    const { seed } = new Chance();
    /** The frontend's image, under a name of this test's own. */
    const tag = () => frontendOf(get());
    const state = () => createHash("sha256").update(readFileSync(get().stateFile)).digest("hex");

    test("a tag that was moved shows what it replaces; looking writes no state, and a password nowhere", () => {
      const frontend = get().container("protea", "frontend");
      get().docker("commit", "--change", "LABEL moved=yes", frontend, `${tag()}-moved`);
      get().docker("tag", `${tag()}-moved`, tag());
      const file = join(get().folder, "preview.md");
      const before = state();
      const shown = succeeded(get().operation("preview", "--markdown", file));
      expect(state()).toBe(before);
      expect(shown).toContain(`image \`${tag()}\` has another content`);
      expect(shown).toContain(`replaces \`${frontend}\``);
      expect(shown).toContain("\nNothing to change. The host was asked.\n");
      expect(shown).toContain(readFileSync(file, "utf8"));
      const password = get().docker(
        "exec",
        get().container("protea", "postgres"),
        "cat",
        `${SECRETS}/POSTGRES_PASSWORD`,
      );
      expect(password).toHaveLength(32);
      expect(shown).not.toContain(password);
    });

    test("random edits, that tag and another secret do what was predicted; secrets that stay do not show", async () => {
      const api = get().container("protea", "api");
      const token = () => get().docker("exec", api, "cat", `${SECRETS}/PROTEA_ADMIN_TOKEN`);
      const another = `another-${process.pid}`;
      expect(token()).not.toBe(another);
      get().secret("protea:adminToken", another);
      const [edits] = fc.sample(someEdits(get().config, []), { seed, numRuns: 1 }) as [Edit[]];
      const fixed: Edit[] = [
        // It has secrets; and it must be there, whatever chance says.
        {
          what: "a variable",
          values: { "protea:services": { "worker-ping": { environment: { EDITED: "1" }, replicas: 1 } } },
        },
        { what: "a frontend", values: { "protea:services": { frontend: { replicas: 1 }, api: { replicas: 1 } } } },
      ];
      const { did, predicted, text } = await applied(get(), edited(get().config, [...edits, ...fixed]), true);
      const said = [...edits, ...fixed].map(({ what }) => what);
      expect({ seed, said, text, ...did }).toEqual({ seed, said, text, ...predicted });
      expect(token()).toBe(another);
      const names = [api, get().container("protea", "frontend"), get().container("protea", "worker-ping")];
      expect(did.replaced).toEqual(expect.arrayContaining(names));
      expect(text).toContain("variable `EDITED=1`");
      expect(text).not.toContain("which has a secret");
    });
  });
}
