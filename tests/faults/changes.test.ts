/** Hundreds of changes that keep every row count: the deep check finds each. */
import { Backups } from "../engine/backups.harness.ts";
import { Chance, rounds, table } from "../engine/chance.ts";
import { Changes, type Changed } from "../engine/changes.ts";
import { filledStack } from "../engine/filled-stack.ts";
import type { TestStack } from "../engine/stack.harness.ts";

let stack: TestStack;

beforeAll(async () => {
  stack = await filledStack();
});

afterAll(() => {
  stack.remove();
});

test("changes", () => {
  const chance = new Chance();
  console.log(`SEED=${chance.seed}`);
  const changes = new Changes(new Backups(stack, ["postgres"]));
  const begin = Date.now();
  const all = Array.from(rounds(500), (n) => {
    const one = changes.try(Changes.kinds[n % Changes.kinds.length]!, chance);
    if (!one.said) console.log(`not found: ${JSON.stringify(one)}`);
    return one;
  });
  const sum = (list: Changed[], has: (one: Changed) => unknown) => list.filter((one) => has(one)).length;
  /** Which of its comparisons say so. */
  const by = (list: Changed[]) =>
    [...new Set(list.flatMap(({ said }) => said.match(/(?<=deep: )(the rows|schema|sequences|large objects)/g) ?? []))]
      .sort()
      .join(", ");
  const row = (name: string, list: Changed[]) => [
    ...[name, list.length, sum(list, ({ said }) => said), by(list)],
    ...[sum(list, ({ runbook }) => runbook), sum(list, ({ counts }) => counts)],
  ];
  const rows = Changes.kinds.map((kind) => {
    const these = all.filter((one) => one.kind === kind);
    return row(kind, these);
  });
  console.log(table(["", "tried", "found", "by", "runbooks' check", "row counts"], [...rows, row("all", all)]));
  console.log(`${((Date.now() - begin) / 1_000 / all.length).toFixed(1)} s each`);
  expect(all.filter(({ said }) => !said)).toEqual([]);
}, 7_200_000);
