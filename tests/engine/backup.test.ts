/** Backups that are proven, and the row that comes back: on PROTEA's PostgreSQL, with writers, kills and lost volumes. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { until } from "../http.ts";
import { killed } from "./backup-kills.ts";
import { Backups } from "./backups.harness.ts";
import { certificates } from "./certificates.ts";
import { Chance } from "./chance.ts";
import { Changes } from "./changes.ts";
import { Corruptions, KINDS } from "./corruptions.ts";
import { damagedWal, writeWal } from "./damaged-wal.ts";
import { failed, here, succeeded } from "./host.ts";
import { applied } from "./previews.harness.ts";
import { LostServer } from "./lost-server.ts";
import { RestoreKills, whole } from "./restore-kills.ts";
import { TestStack } from "./stack.harness.ts";
import { leaks, Processes, valuesOf } from "./topics/secrets.ts";

let stack: TestStack;
let folder: string;
let backups: Backups;
/** What the first up, which makes a backup, said, and the command lines of what ran meanwhile. */
let first: { said: string; processes: string };

beforeAll(async () => {
  stack = await TestStack.create(["protea"], here, true);
  folder = join(stack.folder, ".local/backups/protea");
  const running = new Processes(stack);
  const said = succeeded(stack.makeUp());
  first = { said, processes: running.end() };
  backups = new Backups(stack, ["postgres", "bucket"]);
});

afterAll(() => {
  stack.remove();
});

const query = (sql: string) => stack.query("protea", sql);
const latest = () => readlinkSync(join(folder, "latest"));
const stamps = () => readdirSync(folder).filter((name) => /^2.*Z$/.test(name));
const server = () => stack.container("protea", "postgres");
const volume = () => `${stack.name}-protea_postgres_data`;
/** Contents of a table, whole. */
const HASH = (table: string) => `select md5(string_agg(t::text, ',' order by t::text)) from ${table} t`;
const hash = (table: string) => query(HASH(table));

test("the first up makes a verified backup, and from then on every moment can be restored", async () => {
  expect(stamps()).toHaveLength(1);
  expect(succeeded(stack.operation("backups"))).toMatch(
    /protea {2}2\d{7}T\d{6}Z +bucket postgres rabbitmq +\S+ +\S+ MB +\d+ s +quick, .*\n\nprotea: recoverable from \S+Z to now \(\d+\.\d\d s behind\)/,
  );
  expect(succeeded(stack.operation("status"))).toContain("protea: recoverable from ");
  const output = succeeded(stack.pulumi("stack", "output", "backupDirectory", "--json", "--stack", stack.name));
  expect(JSON.parse(output)).toEqual({ protea: folder });
  const told = (name: string) => readFileSync(join(folder, "metrics", name), "utf8");
  expect(told("backup.prom")).toContain('robotoff_protea_backup_duration_seconds{system="protea"} ');
  await until("the WAL is told of", 60, () => existsSync(join(folder, "metrics/wal.prom")));
  const moment = Number(/{system="protea"} (\d+)/.exec(told("wal.prom"))![1]);
  expect(Math.abs(Date.now() / 1_000 - moment)).toBeLessThan(60);
  // Another up makes none.
  succeeded(stack.makeUp());
  expect(stamps()).toHaveLength(1);
});

test("no secret is among the words of what ran meanwhile, nor in what was said", () => {
  const values = new Set(valuesOf(stack).values());
  expect(values.size).toBeGreaterThan(3);
  expect(first.processes).toContain("part-postgres");
  expect(leaks(values, first)).toEqual([]);
});

test("what a dump forgets is in it, and the deep check finds whatever differs", () => {
  query(`create table kept as select g as id, md5(g::text) as word, array_fill(g::real, array[3])::vector(3) as place from generate_series(1, 20000) g;
    create index on kept using hnsw (place vector_l2_ops);
    create function tell() returns trigger language plpgsql as 'begin return old; end';
    create trigger told before delete on kept for each row execute function tell();
    create table "odd\nname ""x""" (id serial primary key, doubled int generated always as (id * 2) stored);
    insert into "odd\nname ""x""" select from generate_series(1, 10);
    create role reader; grant select on kept to reader; alter database protea set statement_timeout = '77s';
    create sequence counter start 7; select nextval('counter'); select lo_from_bytea(0, 'large')`);
  succeeded(stack.operation("backup"));
  const text = succeeded(stack.operation("verify", "--deep", "1"));
  expect(text).toContain(`protea: ${latest()} is what was backed up (deep)`);
  // The same check, of this server when it differs.
  const part = readFileSync("hosts/scripts/part-postgres.sh", "utf8").replace('"$verb"\n', 'compare "$PGDATABASE"\n');
  const compare = (before = "") => {
    const at = `/backups/protea/${latest()}/postgres`;
    return backups.piped(backups.agent, "postgres", before + part, "deep", at);
  };
  expect(compare()).toEqual({ code: 0, text: "" });
  query("alter database protea reset statement_timeout");
  expect(compare().text).toContain("schema differs");
  query("alter database protea set statement_timeout = '77s'; update kept set word = md5('x') where id = 77");
  const rows = 'postgres: deep: the rows of "public.kept" are not the 20000 that were backed up\n';
  expect(compare().text).toBe(rows);
  // Of a server that is newer than its own pg_dump: rows, and nothing that pg_dump would have to read.
  const older = 'pg_dump() { [ "$1" = --version ] && echo "pg_dump (PostgreSQL) 9.6"; }\n';
  expect(compare(older)).toEqual({
    code: 1,
    text: expect.stringMatching(/^postgres: deep: a newer server: [^\n]*\n/) as string,
  });
  expect(compare(older).text.endsWith(rows)).toBe(true);
  succeeded(stack.operation("backup"));
});

// A sample of each campaign of tests/faults.
const chance = new Chance();

test("changes that no count of rows tells are found by the deep check", () => {
  const changes = new Changes(backups);
  const tried = [
    ...["a value", "two rows swapped between tables", "a dropped index", "a moved sequence", "a lost grant"],
    ...["a disabled trigger", "a large object's byte"],
  ].map((kind) => changes.try(kind, chance));
  const found = tried.map(({ kind, said, counts }) => ({ kind, found: said !== "", counts }));
  expect({ seed: chance.seed, found }).toEqual({
    seed: chance.seed,
    found: tried.map(({ kind }) => ({ kind, found: true, counts: false })),
  });
});

test("every kind of corruption is found, and named", () => {
  const at = join(folder, latest());
  const corruptions = new Corruptions(backups, latest(), backups.stamps().at(-2)!);
  const tried = [...KINDS, ...KINDS].map((kind) => corruptions.try(kind, chance, false));
  const unseen = tried.filter(({ by, named }) => by.length === 0 || !named);
  expect({ seed: chance.seed, unseen }).toEqual({ seed: chance.seed, unseen: [] });
  writeWal(backups, 3);
  const damaged = ["a bit flipped", "missing"].map((kind) => damagedWal(backups, latest(), kind, chance));
  expect({ seed: chance.seed, unseen: damaged.filter(({ found }) => !found) }).toMatchObject({ unseen: [] });
  writeFileSync(join(at, "postgres/more"), "x");
  expect(failed(stack.operation("verify"))).toContain(`${latest()}/postgres/more: not in the manifest`);
  spawnSync("rm", [join(at, "postgres/more")]);
  succeeded(stack.operation("verify"));
});

test("the server killed and its volume deleted while it is written to: one command, and what was committed is back", async () => {
  query("create table written (id bigserial primary key, at timestamptz default clock_timestamp())");
  const loop = "while psql -qAtX -U protea -d protea -c 'insert into written default values returning id'; do :; done";
  const writer = spawn("docker", ["exec", server(), "sh", "-c", loop], { stdio: ["ignore", "pipe", "ignore"] });
  let committed = 0;
  writer.stdout.on("data", (text: Buffer) => (committed = Number(text.toString().trim().split("\n").at(-1))));
  await until("there are rows", 30, () => committed > 50);
  stack.docker("kill", server());
  await once(writer, "exit");
  stack.docker("rm", "-f", server());
  stack.docker("volume", "rm", volume());
  stack.config["host:backups"] = { directory: ".local/backups", restoreWhenEmpty: "latest" };
  expect(succeeded(stack.makeUp())).toContain(`  volume gone, its data with it: made again, empty: ${volume()}`);
  const back = Number(query("select max(id) from written"));
  console.log(`killed after ${committed} commits; ${committed - back} lost`);
  // What the receiver had not yet when the server was killed: less than a second of commits.
  expect(committed - back).toBeLessThanOrEqual(20);
  expect(query("select count(*) from kept")).toBe("20000");
  succeeded(stack.operation("status"));
  succeeded(stack.preview("--expect-no-changes"));
});

test("to the instant before a bad DELETE, and to a checkpoint", () => {
  succeeded(stack.operation("checkpoint", "--name", "before"));
  const before = hash("kept");
  query("update kept set word = 'changed' where id < 100");
  const changed = hash("kept");
  spawnSync("sleep", ["1.1"]);
  const at = query("select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')");
  query("delete from kept where id > 10");
  const lost = hash("kept");
  const dry = succeeded(stack.operation("restore", "--at", at, "--dry", "1"));
  expect(dry).toContain(`replaced: the data in the volume ${volume()}; it is kept, in a volume beside it`);
  expect(query("select count(*) from kept")).toBe("10");
  // Beside the live data, first.
  expect(succeeded(stack.operation("restore", "--at", at, "--look", "1"))).toContain(
    `docker exec -it ${server()}-look psql -U protea -d protea\n`,
  );
  const looked = (sql: string) =>
    here.tryDocker("exec", `${server()}-look`, "psql", "-U", "protea", "-d", "protea", "-qAtc", sql);
  expect(succeeded(looked(HASH("kept"))).trim()).toBe(changed);
  expect(failed(looked("delete from kept"))).toContain("cannot execute DELETE in a read-only transaction");
  expect(query("select count(*) from kept")).toBe("10");
  expect(failed(stack.operation("restore", "--at", at))).toContain("add YES=1 to go on");
  succeeded(stack.operation("restore", "--at", at, "--yes", "1"));
  expect(hash("kept")).toBe(changed);
  expect(stack.containers().has(`${server()}-look`)).toBe(false);
  succeeded(stack.operation("restore", "--at", "before", "--yes", "1"));
  expect(hash("kept")).toBe(before);
  // And back from the restore itself.
  const [again] = /before-restore-\w+/.exec(succeeded(stack.operation("backups")))!;
  succeeded(stack.operation("restore", "--at", again, "--yes", "1"));
  expect(hash("kept")).toBe(lost);
});

test("WAL that is damaged is no end: what was committed after it is not lost without a word", () => {
  const line = join(folder, "wal", readlinkSync(join(folder, "wal/current")));
  succeeded(stack.operation("backup"));
  query("create table before_damage (id int)");
  writeWal(backups, 5);
  query("create table after_damage (id int)");
  const whole = readdirSync(line).filter((name) => /^[0-9A-F]{24}$/.test(name));
  const damaged = join(line, whole.sort().at(-2)!);
  renameSync(damaged, `${damaged}.aside`);
  try {
    const said = failed(stack.operation("restore", "--at", "latest", "--yes", "1"));
    expect(said).toMatch(/can be read up to \S+Z, in segment \w+; it goes on to \w+: a piece is damaged or missing/);
    expect(query("select count(*) from after_damage")).toBe("0");
    // Up to there it can be had.
    const [, moment] = /can be read up to (\S+Z),/.exec(said)!;
    succeeded(stack.operation("restore", "--at", moment!, "--look", "1"));
    const looked = here.tryDocker(
      "exec",
      `${server()}-look`,
      "psql",
      "-U",
      "protea",
      "-d",
      "protea",
      "-c",
      "table before_damage",
    );
    expect(succeeded(looked)).toContain("(0 rows)");
  } finally {
    renameSync(`${damaged}.aside`, damaged);
  }
  // In the last whole one, after which there is only what is being received.
  const last = join(line, whole.sort().at(-1)!);
  const content = readFileSync(last);
  try {
    writeFileSync(last, Buffer.from(content).fill(0, 500_000, 510_000));
    expect(failed(stack.operation("restore", "--at", "latest", "--yes", "1"))).toContain(
      "a piece is damaged or missing",
    );
    expect(query("select count(*) from after_damage")).toBe("0");
  } finally {
    writeFileSync(last, content);
  }
  // Whole, it is the end.
  succeeded(stack.operation("restore", "--at", "latest", "--yes", "1"));
  expect(query("select count(*) from after_damage")).toBe("0");
});

test("what was committed before a chosen moment is there exactly, after the server and its data were lost", async () => {
  const { exact, before, commits } = await new LostServer(backups).once(chance);
  expect({ seed: chance.seed, exact, some: before > 0 && commits > before }).toMatchObject({ exact: true, some: true });
});

test("a backup that is killed leaves the last one as it was, and nothing half after the next; two at once are refused", async () => {
  for (const containers of [false, true]) {
    const { latest, next, left } = await killed(backups, chance, 5_000, containers);
    expect({ seed: chance.seed, latest, next, left }).toEqual({ seed: chance.seed, latest: [], next: "", left: [] });
  }
  const script = join(stack.folder, "operations/backup.ts");
  const env = { ...process.env, ...stack.environment };
  const left = readdirSync(folder);
  const first = spawn("node", [script, "--stack", stack.name], { cwd: stack.folder, env, stdio: "ignore" });
  await until("it writes", 30, () =>
    readdirSync(folder).some((name) => name.endsWith(".partial") && !left.includes(name)),
  );
  expect(failed(stack.operation("backup"))).toContain("another backup or restore runs on this host");
  expect(await once(first, "exit")).toEqual([0, null]);
  expect(readdirSync(folder).filter((name) => name.endsWith(".partial"))).toEqual([]);
});

test("a restore that is killed leaves the old data or the new, and is finished by the same command, by make restore, by make up", async () => {
  const kills = new RestoreKills(backups, ["worker-ping", "worker-reaper"]);
  kills.prepare();
  const at = kills.moment.replace(" ", "T").replace("+00", "Z");
  const tried = [
    // There is a volume, and nothing in it.
    await kills.once("moment", { call: 10 }, false),
    // It recovers, the applications and the server stopped.
    await kills.once("latest", { call: 16 }, true),
    // The volumes' data is between two names.
    await kills.once("moment", { line: 9 }, true, () => stack.makeUp()),
    // What was there has no place yet, where what was lost is filled.
    await kills.once("empty server", { line: 13 }, true),
    // The places are changed, and nothing is started yet.
    await kills.once("moment", { call: 22 }, false, () => stack.operation("restore", "--at", at, "--yes", "1")),
  ];
  expect(tried.filter((one) => !whole(one))).toEqual([]);
  expect(tried.map(({ phase, live }) => `${phase}: ${live}`)).toEqual([
    "copies: old",
    "recovers: old",
    "changes places: does not start",
    "changes places: new",
    "stops: new",
  ]);
}, 900_000);

test("into another server: only what is not there yet, and compared", async () => {
  succeeded(stack.operation("backup"));
  const [port] = await here.freePorts(1);
  const other = `${stack.name}-other`;
  const image = stack.docker("inspect", "--format", "{{.Image}}", server());
  const published = ["--publish", `127.0.0.1:${port}:5432`, "--env", "POSTGRES_PASSWORD=of the other"];
  stack.docker("run", "--detach", "--name", other, ...stack.marked, ...published, image);
  const ask = (sql: string, database = "postgres") =>
    here.tryDocker("exec", other, "psql", "-U", "postgres", "-d", database, "-qAtc", sql);
  await until("it answers", 60, () => here.tryDocker("exec", other, "pg_isready", "-q", "-h", "127.0.0.1").code === 0);
  const into = (password: string, ...args: string[]) => {
    Object.assign(stack.environment, { PGPASSWORD: password });
    try {
      const where = ["--into", `postgresql://postgres@127.0.0.1:${port}`, "--system", "protea"];
      return stack.operation("restore", "--at", "latest", ...where, "--yes", "1", ...args);
    } finally {
      Object.assign(stack.environment, { PGPASSWORD: "" });
    }
  };
  expect(succeeded(into("", "--dry", "1"))).toContain("nothing of this stack is touched");
  const wrong = failed(into("no such"));
  expect(wrong).toContain("does not let postgres in; nothing was changed");
  expect(wrong).not.toContain("no such");
  const missing = failed(into("of the other"));
  expect(missing).toMatch(/lacks the roles [^;]*protea[^;]*; nothing was changed/);
  expect(succeeded(ask("select count(*) from pg_database where datname = 'protea'")).trim()).toBe("0");
  const roles = readFileSync(join(folder, latest(), "postgres/roles.sql"), "utf8");
  const names = [...roles.matchAll(/^CREATE ROLE (.*);$/gm)]
    .map(([, name]) => name!)
    .filter((name) => name !== "postgres");
  for (const name of names) succeeded(ask(`create role ${name}`));
  expect(succeeded(into("of the other"))).toContain("has what was backed up, in its database protea\n");
  const tables =
    "select string_agg(relname || ':' || relkind::text, ',' order by relname) from pg_class where relnamespace = 'public'::regnamespace";
  expect(succeeded(ask(tables, "protea")).trim()).toBe(query(tables));
  expect(failed(into("of the other"))).toContain("has a database protea already; nothing was changed");
  // And from another folder, as fetched or copied: what has rotted there is not restored.
  const copy = join(stack.folder, "copied");
  spawnSync("cp", ["-a", "--", resolve(folder, ".."), copy]);
  succeeded(ask("alter database protea rename to aside"));
  // That server has a certificate by now, of a private authority, for one name.
  const at = join(stack.folder, "certificates");
  certificates(at, "localhost");
  const data = "/var/lib/postgresql/data";
  here.docker("cp", join(at, "public.crt"), `${other}:${data}/server.crt`);
  here.docker("cp", join(at, "private.key"), `${other}:${data}/server.key`);
  here.docker("exec", "-u", "root", other, "sh", "-c", `chown postgres ${data}/server.* && chmod 600 ${data}/server.*`);
  succeeded(ask("alter system set ssl = on"));
  succeeded(ask("select pg_reload_conf()"));
  const named = (name: string) => [
    "--into",
    `postgresql://postgres@${name}:${port}`,
    "--ca",
    join(at, "authority.pem"),
  ];
  expect(failed(into("of the other", ...named("127.0.0.1")))).toContain('does not match host name "127.0.0.1"');
  succeeded(into("of the other", "--from", copy, ...named("localhost")));
  expect(succeeded(ask(tables, "protea")).trim()).toBe(query(tables));
  succeeded(ask("drop database protea"));
  truncateSync(join(copy, "protea", latest(), "postgres/schema.sql"), 10);
  expect(failed(into("of the other", "--from", copy))).toContain(
    "postgres/schema.sql: its bytes are not those of the manifest",
  );
  expect(succeeded(ask("select count(*) from pg_database where datname = 'protea'")).trim()).toBe("0");
});

test("from another folder of backups, into this stack's server, which is another one by now: checked first, and only read there", async () => {
  const moved = join(stack.folder, "moved");
  // Another host's password is not this one's.
  query("create table moved as select 1 as one; alter role protea password 'of another host'");
  succeeded(stack.operation("backup"));
  const name = latest();
  query("insert into moved values (2)");
  const received =
    "select flush_lsn >= pg_current_wal_flush_lsn() from pg_stat_replication where application_name = 'backup'";
  await until("it is received", 30, () => query(received) === "t");
  spawnSync("cp", ["-a", "--", resolve(folder, ".."), moved]);
  const untouched = () => {
    const { stdout } = spawnSync("find", [".", "-printf", "%p %i %s %T@ %C@\\n"], { cwd: moved, encoding: "utf8" });
    return stdout.split("\n").sort();
  };
  stack.docker("rm", "-f", server());
  stack.docker("volume", "rm", volume());
  stack.config["host:backups"] = { directory: ".local/backups", restoreWhenEmpty: "never" };
  succeeded(stack.makeUp());
  const there = () => query("select count(*) from pg_class where relname = 'moved'");
  expect(there()).toBe("0");

  const restore = (...args: string[]) => stack.operation("restore", "--at", "latest", "--from", moved, ...args);
  expect(succeeded(restore("--dry", "1"))).toContain(`from the backup ${name} of ${moved} (verified `);
  const file = join(moved, "protea", name, "postgres/sequences.sql");
  const content = readFileSync(file);
  writeFileSync(file, "rotten");
  expect(failed(restore("--yes", "1"))).toContain("postgres/sequences.sql: its bytes are not those of the manifest");
  writeFileSync(file, content);
  // What the server that recovers cannot read would be taken for the end.
  const line = join(moved, "protea/wal", readlinkSync(join(moved, "protea/wal/current")));
  spawnSync("chmod", ["0700", line]);
  spawnSync("chown", ["root:root", line]);
  expect(failed(restore("--yes", "1"))).toMatch(
    /the user postgres \(\d+ in the image\) cannot read all of .*moved\/protea\/wal\//,
  );
  expect(there()).toBe("0");
  spawnSync("chown", ["--reference", join(moved, "protea"), line]);
  const files = untouched();
  succeeded(restore("--look", "1"));
  const looked = ["psql", "-U", "protea", "-d", "protea", "-qAtc", "select one from moved order by 1"];
  expect(succeeded(here.tryDocker("exec", `${server()}-look`, ...looked))).toBe("1\n2\n");
  expect(there()).toBe("0");
  expect(succeeded(restore("--yes", "1"))).toContain("protea: all of it is healthy");
  expect(query("select one from moved order by 1")).toBe("1\n2");
  expect(untouched()).toEqual(files);
  // Its own backups go on with it, on a line of their own.
  const system = (at: string) => /"system" : "(\d+)"/.exec(readFileSync(join(at, "postgres/part.json"), "utf8"))![1];
  expect(system(join(folder, latest()))).toBe(system(join(moved, "protea", name)));
  expect(existsSync(join(moved, "protea", latest()))).toBe(false);
  succeeded(stack.operation("status"));
});

test("after a verified backup the dead man's switch is asked for, after one that failed it is not", async () => {
  const heard = join(stack.folder, "heard");
  const text = `require("http").createServer((request, answer) => { console.log(request.url); answer.end(); })
    .listen(0, "127.0.0.1", function () { console.log(this.address().port); })`;
  const listener = spawn("node", ["-e", text], { stdio: ["ignore", openSync(heard, "w"), "inherit"] });
  const lines = () => readFileSync(heard, "utf8").split("\n").slice(0, -1);
  try {
    await until("it listens", 10, () => lines().length === 1);
    const config = { directory: ".local/backups", ping: `http://127.0.0.1:${lines()[0]}/key/` };
    stack.config["host:backups"] = config;
    succeeded(stack.operation("backup"));
    expect(lines().slice(1)).toEqual(["/key/protea"]);
    stack.config["host:backups"] = { ...config, directory: ".local/nowhere" };
    failed(stack.operation("backup"));
    expect(lines()).toHaveLength(2);
    listener.kill();
    await once(listener, "exit");
    stack.config["host:backups"] = config;
    expect(succeeded(stack.operation("backup"))).toMatch(/warning: http:.*\/key\/protea does not answer/);
  } finally {
    listener.kill();
    stack.config["host:backups"] = { directory: ".local/backups" };
  }
});

test("the host makes and verifies backups by itself, until that is no longer declared; a migration's checkpoint is predicted", async () => {
  // Cron's table is this test's own, whatever this machine has.
  const table = join(stack.folder, "crontab");
  const crontab = `#!/bin/sh\ncase $1 in -l) cat ${table} ;; -) cat > ${table}.new && mv ${table}.new ${table} ;; esac\n`;
  mkdirSync(join(stack.folder, "cron"));
  writeFileSync(join(stack.folder, "cron/crontab"), crontab, { mode: 0o755 });
  writeFileSync(table, "0 1 * * * somebody else's\n");
  const { PATH } = process.env;
  Object.assign(stack.environment, { PATH: `${stack.folder}/cron:${PATH}`, SYSTEMD_RUNS: "/none" });
  try {
    const schedule = { backup: "03:15", verify: "Sun 05:00" };
    stack.config["host:backups"] = { directory: ".local/backups", schedule };
    stack.change("protea", "migrate", { environment: { CHANGED: "1" } });
    const { predicted, did, text } = await applied(stack, stack.config);
    expect({ text, ...did }).toEqual({ text, ...predicted });
    expect([did.run, did.checkpoints]).toEqual([[stack.container("protea", "migrate")], ["protea"]]);
    expect(text).toContain("`make restore SYSTEM=protea AT=before-migration-TIME`");
    expect(succeeded(stack.operation("backups"))).toMatch(/ {2}checkpoint before-migration-/);
    const lines = readFileSync(table, "utf8").trim().split("\n");
    expect(lines).toHaveLength(3);
    const runByCron = (word: string) => {
      const line = lines.find((text) => text.includes(`-${word}.sh`))!;
      const [minute, hour, , , day] = line.split(" ");
      const command = line.split(" ").slice(5).join(" ");
      const { HOME, DOCKER_HOST } = process.env;
      const env = { HOME, PATH: "/usr/bin:/bin", ...(DOCKER_HOST ? { DOCKER_HOST } : {}) };
      const { status } = spawnSync("/bin/sh", ["-c", command], { env, encoding: "utf8" });
      const log = readFileSync(/sh '(.*)\.sh'/.exec(command)![1]! + ".log", "utf8");
      return { at: [minute, hour, day], status, log };
    };
    const known = latest();
    expect(runByCron("backup")).toMatchObject({
      ...{ at: ["15", "03", "*"], status: 0 },
      log: expect.stringMatching(/protea: \S+ is verified, \d+ s\nexit code 0\n$/) as string,
    });
    expect(latest()).not.toBe(known);
    expect(runByCron("verify")).toMatchObject({
      ...{ at: ["00", "05", "Sun"], status: 0 },
      log: expect.stringContaining(`protea: ${latest()} is what was backed up (deep)\nexit code 0\n`) as string,
    });
  } finally {
    stack.config["host:backups"] = { directory: ".local/backups" };
    succeeded(stack.makeUp());
  }
  expect(readFileSync(table, "utf8")).toBe("0 1 * * * somebody else's\n");
});

test("what is in the way is said before anything is written", () => {
  const known = latest();
  const wrong = (text: string) => {
    expect(failed(stack.operation("backup"))).toContain(text);
    expect(latest()).toBe(known);
  };
  stack.config["host:backups"] = { directory: ".local/backups", mounted: true };
  wrong("nothing is mounted at ");
  stack.config["host:backups"] = { directory: ".local/nowhere" };
  wrong("is no folder on this host (host:backups.directory)");
  stack.config["host:backups"] = { directory: ".local/backups" };
  // Somebody has put a link to elsewhere in its place: its containers still see what was there.
  const [at, aside, elsewhere] = ["backups", "backups-aside", "elsewhere"].map((one) =>
    join(stack.folder, ".local", one),
  );
  mkdirSync(elsewhere!);
  renameSync(at!, aside!);
  symlinkSync(elsewhere!, at!);
  try {
    expect(failed(stack.operation("backup"))).toMatch(/sees another folder than .*backups is now/);
  } finally {
    rmSync(at!);
    renameSync(aside!, at!);
  }
  expect([latest(), readdirSync(elsewhere!)]).toEqual([known, []]);
  stack.docker("stop", stack.container("protea", "postgres-backup"));
  wrong("is not running; make up");
  stack.docker("start", stack.container("protea", "postgres-backup"));
  const manifest = join(folder, known, "manifest.json");
  const text = readFileSync(manifest);
  truncateSync(manifest, text.length - 2);
  expect(failed(stack.operation("verify", "--at", known))).toContain("manifest.json: does not have its own checksum");
  writeFileSync(manifest, text);
  delete stack.config["host:backups"];
  expect(failed(stack.operation("backup"))).toContain(
    "declares no backups of protea: say host:backups.directory there",
  );
});
