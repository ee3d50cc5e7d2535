/** A restore is killed at every step, and at random moments: the live data is the old or the new, and the same command again finishes. */
import { Backups } from "../engine/backups.harness.ts";
import { Chance, rounds, table } from "../engine/chance.ts";
import { filledStack } from "../engine/filled-stack.ts";
import {
  ENDED,
  RestoreKills,
  TARGETS,
  whole,
  type At,
  type KilledRestore,
  type Target,
} from "../engine/restore-kills.ts";
import type { TestStack } from "../engine/stack.harness.ts";

let stack: TestStack;

beforeAll(async () => {
  stack = await filledStack();
});

afterAll(() => {
  stack.remove();
});

test("killed restores", async () => {
  const chance = new Chance();
  console.log(`SEED=${chance.seed}`);
  const kills = new RestoreKills(new Backups(stack, ["postgres"]));
  kills.prepare();
  const usual = new Map<Target, { calls: number; milliseconds: number }>();
  for (const target of TARGETS) usual.set(target, await kills.usual(target));
  const all: KilledRestore[] = [];
  for (const n of rounds(50)) {
    const target = TARGETS[n % 3]!;
    const { calls, milliseconds } = usual.get(target)!;
    let one: KilledRestore;
    // The machine's pace changes: one that had ended was not killed, and does not count.
    do {
      // Of five: two before a call of docker, two at a moment, one while the places change.
      const at: At = [
        { call: 1 + chance.below(calls) },
        { after: chance.below(milliseconds) },
        { line: 1 + chance.below(kills.lines()) },
        { call: 1 + chance.below(calls) },
        { after: chance.below(milliseconds) },
      ][n % 5]!;
      one = await kills.once(target, at, chance.below(2) === 1);
      if (!whole(one)) console.log(JSON.stringify(one));
    } while (one.phase === ENDED);
    all.push(one);
  }
  const sum = (list: KilledRestore[], has: (one: KilledRestore) => boolean) => list.filter(has).length;
  const row = (name: string, list: KilledRestore[]) => [
    ...[name, list.length, ...TARGETS.map((target) => sum(list, (one) => one.target === target)), sum(list, ({ dies }) => dies)],
    ...(["old", "new", "does not start"] as const).map((live) => sum(list, (one) => one.live === live)),
    ...[sum(list, ({ right }) => right), sum(list, ({ left }) => left.length === 0)],
  ]; // prettier-ignore
  const phases = [...new Set(all.map(({ phase }) => phase))].sort();
  const head = ["killed while it", "times", ...TARGETS, "the host with it", "then: the old", "the new", "started by the next run alone", "the next run: the data asked for", "nothing half after it"]; // prettier-ignore
  const rows = phases.map((name) => row(name, all.filter(({ phase }) => phase === name))); // prettier-ignore
  console.log(table(head, [...rows, row("all", all)]));
  expect(all.filter((one) => !whole(one))).toEqual([]);
}, 14_400_000);
