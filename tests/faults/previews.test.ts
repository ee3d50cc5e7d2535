/** Hundreds of random edits of a stack file, each previewed and then applied: what was predicted happened, and nothing else. */
import fc from "fast-check";
import { standInTag } from "../../images/builder/tag.ts";
import { Chance, rounds, table } from "../engine/chance.ts";
import { edited, someEdits, type Edit } from "../engine/edits.ts";
import { here, succeeded } from "../engine/host.ts";
import { applied, type Round } from "../engine/previews.harness.ts";
import { TestStack } from "../engine/stack.harness.ts";

let stack: TestStack;
let tag: string;

beforeAll(async () => {
  stack = await TestStack.create(["robotoff", "protea"], here, true);
  tag = `${stack.name}/frontend:1`;
  stack.docker("tag", standInTag("images/protea-frontend"), tag);
  succeeded(stack.makeUp());
});

afterAll(() => {
  stack.remove();
});

const VALUES = ["hunter2-one", "hunter2-two"];

/** A secret that nothing needs, each time with another value; the stack file has it encrypted. */
function secrets(): Edit[] {
  const key = "protea:adminToken";
  const edits = VALUES.map((value) => {
    stack.secret(key, value);
    return { what: `${key}: another value`, values: { [key]: stack.config[key] } };
  });
  delete stack.config[key];
  return edits;
}

const wrong = ({ predicted, did }: Round) =>
  (Object.keys(did) as (keyof typeof did)[]).filter((what) => did[what].join() !== predicted[what].join());

test("previews", async () => {
  const { seed } = new Chance();
  console.log(`SEED=${seed}`);
  const migrations = ["robotoff", "protea"].map((system) => ({
    what: `${system}: a migration`,
    values: { [`${system}:services`]: { migrate: { environment: { EDITED: "1" } } } },
  }));
  const more = [...secrets(), ...migrations, { what: tag, values: { "protea:images": { frontend: tag } } }];
  const base = { ...stack.config };
  const edits = fc.sample(someEdits(base, more), { seed, numRuns: Number(process.env.TIMES ?? 200) });
  const begin = Date.now();
  const all: Round[] = [];
  let failure: unknown;
  for (const n of rounds(200)) {
    const said = edits[n]!.map(({ what }) => what).join("\n");
    try {
      const round = await applied(stack, edited(base, edits[n]!));
      all.push(round);
      if (wrong(round).length > 0) console.log(said, round);
    } catch (error) {
      // What was found until then is told.
      console.log(`round ${n}:\n${said}`);
      failure = error;
      break;
    }
  }
  const kinds = ["created", "replaced", "deleted", "away", "run", "checkpoints"] as const;
  const sum = (list: string[][]) => list.reduce((count, names) => count + names.length, 0);
  const rows = kinds.map((kind) => [
    kind,
    sum(all.map(({ predicted }) => predicted[kind])),
    sum(all.map(({ did }) => did[kind])),
    all.filter((round) => wrong(round).includes(kind)).length,
  ]);
  const gaps = all.flatMap((round) => round.gaps).sort((a, b) => a - b);
  console.log(table(["", "predicted", "happened", "previews that were wrong"], rows));
  console.log(
    `${all.length} edits, ${((Date.now() - begin) / 1_000 / all.length).toFixed(0)} s each; away: ${gaps.length} times, ` +
      [0.5, 0.95, 1]
        .map((part) => `${((gaps[Math.ceil(part * gaps.length) - 1] ?? 0) / 1_000).toFixed(1)} s`)
        .join(", ") +
      " (median, 95 %, longest)",
  );
  if (failure) throw failure as Error;
  for (const { text } of all) for (const value of VALUES) expect(text).not.toContain(value);
  expect(all.length).toBeGreaterThan(0);
  expect(all.filter((round) => wrong(round).length > 0)).toEqual([]);
}, 14_400_000);
