/** The server is killed at a random moment while it is written to, and its data deleted: the worst loss, and to a chosen moment. */
import { Backups } from "../engine/backups.harness.ts";
import { Chance, rounds, table } from "../engine/chance.ts";
import { filledStack } from "../engine/filled-stack.ts";
import { succeeded } from "../engine/host.ts";
import { LostServer, type Lost } from "../engine/lost-server.ts";
import type { TestStack } from "../engine/stack.harness.ts";

let stack: TestStack;

beforeAll(async () => {
  stack = await filledStack();
});

afterAll(() => {
  stack.remove();
});

test("lost servers", async () => {
  const chance = new Chance();
  console.log(`SEED=${chance.seed}`);
  const backups = new Backups(stack, ["postgres"]);
  succeeded(backups.backup());
  const server = new LostServer(backups);
  const all: Lost[] = [];
  const begin = Date.now();
  for (const n of rounds(100)) {
    all.push(await server.once(chance));
    if (!all.at(-1)!.exact || all.at(-1)!.lost > 0 || n % 10 === 9)
      console.log(`${n + 1}: ${JSON.stringify(all.at(-1))}`);
  }
  const sum = (number: (one: Lost) => number) => all.reduce((total, one) => total + number(one), 0);
  const worst = (number: (one: Lost) => number) => Math.max(...all.map(number));
  const rows = [
    ["killed, and the volume emptied", all.length],
    ["commits that were acknowledged", sum(({ commits }) => commits)],
    ["of these lost", sum(({ lost }) => lost)],
    ["times anything was lost", all.filter(({ lost }) => lost > 0).length],
    ["worst loss, commits", worst(({ lost }) => lost)],
    ["worst loss, s", worst(({ seconds }) => seconds).toFixed(3)],
    [
      "to a chosen moment: exactly what was committed before",
      `${all.filter(({ exact }) => exact).length} of ${all.length}`,
    ],
    ["commits before these moments", sum(({ before }) => before)],
    ["restored to the last moment in, s, the longest", worst(({ restored }) => restored).toFixed(1)],
  ];
  console.log(`${table(["", ""], rows)}\n${((Date.now() - begin) / 1_000 / all.length).toFixed(1)} s each`);
  expect(all.filter(({ exact }) => !exact)).toEqual([]);
  // What the issue asks for; it is some hundredths of a second.
  expect(worst(({ seconds }) => seconds)).toBeLessThanOrEqual(5);
}, 14_400_000);
