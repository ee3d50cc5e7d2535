/** Hundreds of random corruptions of a backup, over all its files: every one is found, and by which check. */
import { Backups } from "../engine/backups.harness.ts";
import { Chance, rounds, table } from "../engine/chance.ts";
import { CHECKS, Corruptions, KINDS, type Corrupted } from "../engine/corruptions.ts";
import { DAMAGED, damagedWal, writeWal } from "../engine/damaged-wal.ts";
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

test("corruptions", () => {
  const chance = new Chance();
  const backups = new Backups(stack, ["postgres", "public", "rabbitmq", "bucket", "lab", "git"]);
  console.log(`SEED=${chance.seed}`);
  const [older, stamp] = [1, 2].map((n) => {
    fill(stack, n);
    succeeded(backups.backup());
    return backups.latest();
  });
  expect(backups.wrong(stamp!)).toEqual([]);
  const corruptions = new Corruptions(backups, stamp!, older!);
  const begin = Date.now();
  const all = Array.from(rounds(500), (n) => {
    const one = corruptions.try(KINDS[n % KINDS.length]!, chance);
    if (one.by.length === 0) console.log(`not found: ${JSON.stringify(one)}`);
    return one;
  });
  const sum = (list: Corrupted[], has: (one: Corrupted) => unknown) => list.filter((one) => has(one)).length;
  const of = (list: Corrupted[], has: "runbook" | "counts") =>
    `${sum(list, (one) => one[has])} of ${sum(list, (one) => one[has] !== undefined)}`;
  const row = (name: string, list: Corrupted[]) => [
    ...[name, list.length, sum(list, ({ by }) => by.length > 0)],
    ...CHECKS.map((check) => sum(list, ({ by }) => by.includes(check))),
    ...[of(list, "runbook"), of(list, "counts")],
  ];
  const by = (key: "kind" | "artefact") =>
    [...new Set(all.map((one) => one[key]))].sort().map((name) => {
      const these = all.filter((one) => one[key] === name);
      return row(name, these);
    });
  const head = ["", "tried", "found", ...CHECKS, "runbooks' check", "row counts"];
  console.log(table(head, [...by("kind"), ...by("artefact"), row("all", all)]));
  console.log(`${((Date.now() - begin) / 1_000 / all.length).toFixed(1)} s each`);
  expect(all.filter((one) => one.by.length === 0 || !one.named)).toEqual([]);
  // It is as it was before.
  expect(backups.wrong(stamp!)).toEqual([]);
}, 7_200_000);

test("damage to the WAL after a backup, which no manifest has", () => {
  const chance = new Chance();
  const backups = new Backups(stack, ["postgres"]);
  succeeded(backups.backup());
  const stamp = backups.latest();
  writeWal(backups, 10);
  expect(backups.wrong(stamp)).toEqual([]);
  const all = Array.from(rounds(100), (n) => damagedWal(backups, stamp, DAMAGED[n % DAMAGED.length]!, chance));
  const of = (kind: string) => all.filter((one) => one.kind === kind);
  const rows = DAMAGED.map((kind) => [kind, of(kind).length, of(kind).filter(({ found }) => found).length]);
  console.log(`SEED=${chance.seed}\n${table(["", "tried", "found"], rows)}`);
  expect(all.filter(({ found }) => !found)).toEqual([]);
  expect(backups.wrong(stamp)).toEqual([]);
}, 3_600_000);
