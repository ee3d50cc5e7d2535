/** A backup is killed at a random moment, again and again: `latest` stays whole, and nothing half is left after the next run. */
import { ENDED, killed, type Killed } from "../engine/backup-kills.ts";
import { Backups } from "../engine/backups.harness.ts";
import { Chance, rounds, table } from "../engine/chance.ts";
import { fill, filledStack } from "../engine/filled-stack.ts";
import { succeeded } from "../engine/host.ts";
import type { TestStack } from "../engine/stack.harness.ts";

let stack: TestStack;

beforeAll(async () => {
  stack = await filledStack();
});

afterAll(() => {
  stack.remove();
});

test("killed backups", async () => {
  const chance = new Chance();
  console.log(`SEED=${chance.seed}`);
  const backups = new Backups(stack, ["postgres", "public", "rabbitmq", "bucket", "lab", "git"]);
  fill(stack, 1);
  succeeded(backups.backup());
  const begin = Date.now();
  succeeded(backups.backup());
  let length = Date.now() - begin;
  const all: Killed[] = [];
  for (const n of rounds(50)) {
    let one: Killed;
    // The machine's pace changes: one that had ended was not killed, and does not count.
    do {
      fill(stack, n + 2);
      one = await killed(backups, chance, length, n % 2 === 1);
      length = one.length;
      if (one.latest.length + one.left.length > 0 || one.next) console.log(JSON.stringify(one));
    } while (one.at === ENDED);
    all.push(one);
  }
  const sum = (list: Killed[], has: (one: Killed) => boolean) => list.filter(has).length;
  const row = (name: string, list: Killed[]) => [
    ...[name, list.length, sum(list, ({ published }) => published), sum(list, ({ latest }) => latest.length === 0)],
    ...[sum(list, ({ next }) => next === ""), sum(list, ({ left }) => left.length === 0)],
  ];
  const phases = [...new Set(all.map(({ at }) => at))].sort();
  const head = ["killed at", "times", "it was the newest already", "`latest` is whole", "the next run succeeds", "nothing half after it"]; // prettier-ignore
  const rows = phases.map((name) => row(name, all.filter((one) => one.at === name))); // prettier-ignore
  console.log(`${table(head, [...rows, row("all", all)])}`);
  expect(all.filter(({ latest, left, next }) => latest.length + left.length > 0 || next)).toEqual([]);
}, 7_200_000);
