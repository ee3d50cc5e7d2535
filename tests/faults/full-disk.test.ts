/**
 * Docker's disk is full during a deep verification and during a restore, of the database and of the bucket: too little room at the
 * beginning, and a disk that fills while data is written. On an engine of its own, whose disk is a small one.
 */
import { EXEC } from "../../engines/docker/secrets.ts";
import { once } from "node:events";
import { spawn } from "node:child_process";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { until } from "../http.ts";
import { Backups } from "../engine/backups.harness.ts";
import { table } from "../engine/chance.ts";
import { halves } from "../engine/backup-kills.ts";
import { fill, runningStack } from "../engine/filled-stack.ts";
import { must, succeeded, type Outcome } from "../engine/host.ts";
import type { TestStack } from "../engine/stack.harness.ts";
import { OwnEngine } from "./own-engine.ts";

const engine = new OwnEngine(6_000);
let stack: TestStack;
let backups: Backups;
/** MiB of the base backup, and of the bucket. */
let base: number;
let bucket: number;

const query = (sql: string) => stack.query("protea", sql);
const LARGE = "select g, repeat(md5(g::text), 20) as text from generate_series(1, 250000) g";
const python = (program: string) =>
  stack.docker(
    ...["exec", stack.container("protea", "files-backup"), EXEC, "python3", "-B", "-c"],
    `
import os, sys, hashlib; sys.path.insert(0, '/opt/backup-parts')
from s3 import Client
client, bucket = Client(os.environ['MC_HOST_server']), os.environ['BUCKET']
${program}`,
  );
const put = (word: string) =>
  python(
    `for n in range(20): client.request('PUT', bucket, f'large/{n}', body=hashlib.sha256(f'${word} {n}'.encode()).digest() * 160_000)`,
  );

beforeAll(async () => {
  await engine.start();
  engine.load();
  stack = await runningStack(undefined, engine.host);
  backups = new Backups(stack, ["postgres", "rabbitmq", "bucket", "lab", "git"]);
  fill(stack, 1);
  query(`create table large as ${LARGE}`);
  put("first");
  succeeded(backups.backup());
  const size = (name: string) => Number(must("du", "-sm", join(backups.folder, "latest", name)).split("\t")[0]);
  [base, bucket] = [size("postgres/base"), size("bucket")];
}, 900_000);

afterAll(async () => {
  await engine.remove();
  rmSync(stack.folder, { recursive: true, force: true });
}, 300_000);

afterEach(() => {
  engine.unfill();
});

/** What must stay as it is: rows, objects, what runs and since when, Docker's volumes. */
const seen = () => ({
  rows: query(
    "select (select md5(string_agg(t::text, '' order by g)) from large t), (select md5(string_agg(t::text, '' order by id)) from kept t)",
  ),
  objects: python("print([(o.key, o.size, o.etag) for o in client.objects(bucket)], client.buckets())"),
  wrong: backups.wrong(backups.latest()),
  stamps: backups.stamps(),
  halves: halves(backups),
  volumes: stack.docker("volume", "ls", "--quiet").split("\n").sort(),
  containers: [...stack.containers().keys()].sort(),
});
const since = () => stack.docker("inspect", "--format", "{{.Name}} {{.State.StartedAt}}", ...stack.containers().keys());
const volumes = join(engine.data, "volumes");

type Words = [verb: string, ...args: string[]];
const VERIFY: Words = ["verify", "--deep", "1"];
const POSTGRES: Words = ["restore", "--at", "latest", "--yes", "1"];
const BUCKET: Words = ["restore", "--at", "latest", "--only", "bucket", "--yes", "1"];

/** A verb, and something done as soon as there is what it makes. */
async function meanwhile(words: Words, there: () => boolean, then: () => void): Promise<Outcome> {
  const [verb, ...args] = words;
  const script = join(stack.folder, "operations", `${verb}.ts`);
  const env = { ...process.env, ...stack.environment };
  const child = spawn("node", [script, "--stack", stack.name, ...args], { env, cwd: stack.folder });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (some: Buffer) => (text += some.toString()));
  const ended = once(child, "close") as Promise<[number]>;
  while (!there() && child.exitCode === null) await new Promise((done) => setTimeout(done, 10));
  then();
  const [code] = await ended;
  return { code, text };
}

const rows: string[][] = [];
/** The line that says what is wrong, and all of it when a test fails. */
function said(what: string, when: string, { code, text }: Outcome, expected: RegExp): void {
  const line = text.split("\n").find((one) => expected.test(one));
  if (code === 0 || line === undefined) throw new Error(`exit code ${code}, expected ${expected}\n${text}`);
  rows.push([what, when, `\`${line.trim().slice(0, 160)}\``, String(code)]);
}

/** Afterwards all is as before, and runs; and the same command succeeds. */
async function asBefore(before: ReturnType<typeof seen>, words: Words): Promise<void> {
  await until("all of it is healthy", 180, () => stack.operation("status").code === 0);
  engine.unfill();
  expect(seen()).toEqual(before);
  succeeded(stack.operation(...words));
}

/** Volumes that are there, other than those known. */
const made = (known: string[], has: string) => () =>
  readdirSync(volumes).some((name) => !known.includes(name) && existsSync(join(volumes, name, "_data", has)));

test.each([
  ["bucket", () => bucket],
  ["PostgreSQL", () => base],
])("a deep verification: %s, too little room at the beginning", (what, size) => {
  const [before, running] = [seen(), since()];
  engine.fill(Math.round(size() * 1.1));
  const outcome = stack.operation(...VERIFY);
  engine.unfill();
  said(
    `deep verification, ${what}`,
    "at the beginning",
    outcome,
    /a deep verification needs \d+ MiB on Docker's disk, which has \d+ MiB free/,
  );
  expect(since()).toBe(running);
  expect(seen()).toEqual(before);
});

test.each([
  ["bucket", "protea/large", /bucket, deep: .* 507 XMinioStorageFull/],
  ["PostgreSQL", "PG_VERSION", /No space left on device/],
])("a deep verification: %s, the disk fills in the middle", async (what, has, expected) => {
  const [before, running] = [seen(), since()];
  const known = readdirSync(volumes);
  const outcome = await meanwhile(VERIFY, made(known, has), () => engine.fill(20));
  said(`deep verification, ${what}`, "in the middle", outcome, expected);
  expect(since()).toBe(running);
  await asBefore(before, VERIFY);
});

test("a restore of PostgreSQL: too little room at the beginning", () => {
  const [before, running] = [seen(), since()];
  engine.fill(Math.round(base * 1.1));
  said(
    "restore, PostgreSQL",
    "at the beginning",
    stack.operation(...POSTGRES),
    /the new data needs \d+ MiB beside the old; Docker's disk has \d+ MiB free/,
  );
  expect(since()).toBe(running);
  engine.unfill();
  expect(seen()).toEqual(before);
});

test("a restore of PostgreSQL: the disk fills while it copies", async () => {
  const before = seen();
  const known = readdirSync(volumes);
  const outcome = await meanwhile(POSTGRES, made(known, "PG_VERSION"), () => engine.fill(20));
  said("restore, PostgreSQL", "in the middle", outcome, /No space left on device/);
  query("create table meanwhile as select 1; drop table meanwhile");
  await asBefore(before, POSTGRES);
});

test("a restore of the bucket: too little room at the beginning", () => {
  put("second");
  const [before, running] = [seen(), since()];
  engine.fill(bucket * 2);
  said(
    "restore, bucket",
    "at the beginning",
    stack.operation(...BUCKET),
    /bucket, restore: the new data needs \d+ MiB beside the old; its disk has \d+ MiB free/,
  );
  expect(since()).toBe(running);
  engine.unfill();
  expect(seen()).toEqual(before);
});

test("a restore of the bucket: the disk fills while it writes", async () => {
  put("third");
  const before = seen();
  const staging = join(volumes, `${stack.name}-protea_minio_data`, "_data");
  const beside = () => readdirSync(staging).some((name) => name.endsWith("-restoring"));
  const outcome = await meanwhile(BUCKET, beside, () => engine.fill(90));
  said(
    "restore, bucket",
    "in the middle",
    outcome,
    /bucket, restore: .*; the server's disk has \d+ MiB free\. The bucket is as it was/,
  );
  await asBefore(before, BUCKET);
});

afterAll(() => {
  console.log(table(["", "the disk is full", "what is said", "exit code"], rows));
});
