/**
 * Nobody receives the WAL for a while, and the database is written to: it goes on, its disk does not fill, and what was committed
 * meanwhile can be restored. MINUTES=: for how long (10).
 */
import { setTimeout as pause } from "node:timers/promises";
import { until } from "../http.ts";
import { Backups } from "../engine/backups.harness.ts";
import { table } from "../engine/chance.ts";
import { filledStack } from "../engine/filled-stack.ts";
import { failed, succeeded } from "../engine/host.ts";
import type { TestStack } from "../engine/stack.harness.ts";
import { chosenMoment, Writers, written } from "../engine/writers.ts";

const SECONDS = Number(process.env.MINUTES ?? 10) * 60;
/** Before and after it, for comparison. */
const BESIDE = 30;

let stack: TestStack;

beforeAll(async () => {
  stack = await filledStack();
});

afterAll(() => {
  stack.remove();
});

const query = (sql: string) => stack.query("protea", sql);
const seconds = () => Number(query("select extract(epoch from clock_timestamp())"));
const mebibytes = (sql: string) => Math.round(Number(query(sql)) / 2 ** 20);
const walDir = () => mebibytes("select sum(size) from pg_ls_waldir()");
const behind = () =>
  mebibytes(
    "select pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn) from pg_replication_slots where slot_name = 'backup'",
  );
const limit = (name: string) => mebibytes(`select pg_size_bytes(current_setting('${name}'))`);

/** Besides the writers' small rows, some MiB every ten seconds. */
async function writtenTo(length: number): Promise<void> {
  for (const end = Date.now() + length * 1_000; Date.now() < end;) {
    query("create table if not exists more (g int, text text)");
    query("insert into more select g, repeat(md5(g::text), 20) from generate_series(1, 10000) g");
    await pause(Math.max(0, Math.min(10_000, end - Date.now())));
  }
}

test("a receiver that is away", async () => {
  const backups = new Backups(stack, ["postgres"]);
  succeeded(backups.backup());
  const base = backups.base();
  const writers = await Writers.start(stack);
  const moments = [seconds()];
  await pause(BESIDE * 1_000);
  const before = { wal: walDir(), lsn: query("select pg_current_wal_lsn()") };
  stack.docker("stop", backups.agent);
  moments.push(seconds());
  await writtenTo(SECONDS / 2);
  const chosen = chosenMoment(stack);
  expect(failed(stack.operation("status"))).toMatch(/postgres-backup/);
  await writtenTo(SECONDS / 2);
  const during = {
    ...{ wal: walDir(), behind: behind() },
    made: mebibytes(`select pg_wal_lsn_diff(pg_current_wal_lsn(), '${before.lsn}')`),
    slot: query("select wal_status from pg_replication_slots where slot_name = 'backup'"),
  };
  moments.push(seconds());
  const begun = Date.now();
  stack.docker("start", backups.agent);
  await until("all of it is received", 300, () => behind() < 17);
  const caught = (Date.now() - begun) / 1_000;
  moments.push(seconds());
  await pause(BESIDE * 1_000);
  moments.push(seconds());
  stack.docker("kill", stack.container("protea", "postgres"));
  await writers.ended;
  stack.docker("start", stack.container("protea", "postgres"));
  await until("WAL is received", 120, () => backups.vault("window").text.startsWith("receiving"));

  const times = writers.commits().map(([, at]) => Number(at));
  const rate = (from: number, to: number) => {
    const length = moments[to]! - moments[from]!;
    return (times.filter((at) => at >= moments[from]! && at < moments[to]!).length / length).toFixed(0);
  };
  succeeded(backups.restore(base, chosen.at));
  const exact = written(stack) === chosen.content;
  const rows = [
    ["away, s", (moments[2]! - moments[1]!).toFixed(0)],
    [
      "commits a second: before, while it is away, while it catches up, after",
      [rate(0, 1), rate(1, 2), rate(2, 3), rate(3, 4)].join(", "),
    ],
    ["commits while it was away", times.filter((at) => at >= moments[1]! && at < moments[2]!).length],
    ["WAL written meanwhile, MiB", during.made],
    [
      "of it kept for the receiver, MiB (at most max_slot_wal_keep_size)",
      `${during.behind} (${limit("max_slot_wal_keep_size")})`,
    ],
    ["pg_wal: before, at the end, MiB", `${before.wal}, ${during.wal}`],
    ["the slot", during.slot],
    ["received all of it after, s", caught.toFixed(1)],
    [
      "restored to a moment in the middle: exactly what was committed before it",
      `${exact}, ${chosen.content.split("|")[0]} commits`,
    ],
  ];
  console.log(table(["", ""], rows));
  expect(exact).toBe(true);
  expect(["reserved", "extended"]).toContain(during.slot);
  // What it keeps for the receiver, and what it keeps anyway for itself.
  expect(during.wal).toBeLessThan(limit("max_slot_wal_keep_size") + limit("max_wal_size"));
  // In each tenth of the time.
  const tenth = (moments[2]! - moments[1]!) / 10;
  const alive = new Set(times.map((at) => Math.floor((at - moments[1]!) / tenth)).filter((n) => n >= 0 && n < 10));
  expect([...alive].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
}, 7_200_000);
