/** What may go wrong around a backup: each is said and has an exit code, and the backup before is as it was. */
import { EXEC } from "../../engines/docker/secrets.ts";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../http.ts";
import { halves } from "./backup-kills.ts";
import { Backups } from "./backups.harness.ts";
import { fill, filledStack } from "./filled-stack.ts";
import { failed, must, succeeded } from "./host.ts";
import type { TestStack } from "./stack.harness.ts";

/** The whole disk of backups. */
const MEGABYTES = 1_500;
let stack: TestStack;
let backups: Backups;
let disk: string;

beforeAll(async () => {
  stack = await filledStack((unfilled) => {
    disk = join(unfilled.folder, ".local/backups");
    // No tmpfs: its pages would be of the container's memory.
    const image = join(unfilled.folder, "disk");
    must("truncate", "-s", `${MEGABYTES}M`, image);
    must("mkfs.ext4", "-q", image);
    must("mount", "-o", "loop", image, disk);
    unfilled.change("protea", "postgres", { command: ["postgres", "-c", "max_slot_wal_keep_size=64MB"] });
  });
  backups = new Backups(stack, ["postgres", "rabbitmq", "bucket", "lab", "git"]);
  fill(stack, 1);
  succeeded(backups.backup());
});

afterAll(() => {
  // Its containers hold the disk.
  const containers = [...stack.containers().keys()];
  if (containers.length > 0) stack.docker("rm", "--force", "--volumes", ...containers);
  spawnSync("umount", ["--lazy", disk]);
  stack.remove();
});

const query = (sql: string) => stack.query("protea", sql);
const receives = () => backups.vault("window").text.startsWith("receiving");

/** While something is wrong a backup fails and says so, and the newest one is whole; afterwards the next one succeeds. */
async function whileWrong(wrong: () => void | Promise<void>, said: string | RegExp, mended: () => void): Promise<void> {
  const known = backups.latest();
  try {
    await wrong();
    expect(failed(stack.operation("backup"))).toMatch(said);
  } finally {
    mended();
  }
  expect(backups.latest()).toBe(known);
  await until("WAL is received", 60, receives);
  expect(backups.wrong(known)).toEqual([]);
  succeeded(backups.backup());
  expect(backups.latest()).not.toBe(known);
  expect(halves(backups)).toEqual([]);
}

test("the disk of backups is full: the database goes on", async () => {
  const filler = join(disk, "filler");
  const free = Number(must("df", "--output=avail", "-k", disk).split("\n").at(-1));
  await whileWrong(
    () => void must("fallocate", "-l", String((free - 20_000) * 1024), filler),
    /No space left on device[^]*no backup was made: the part postgres failed/,
    () => {
      query("create table meanwhile as select g from generate_series(1, 1000) g");
      rmSync(filler);
    },
  );
  expect(query("select count(*) from meanwhile")).toBe("1000");
});

test("the disk of backups is full: a restore that would put something aside there is refused before anything is stopped", () => {
  const filler = join(disk, "filler");
  const free = Number(must("df", "--output=avail", "-k", disk).split("\n").at(-1));
  // But for the receiver of WAL: it writes to that disk too, ends when that is full, and its policy starts it again.
  const receiver = stack.container("protea", "postgres-backup");
  const others = [...stack.containers().keys()].filter((name) => name !== receiver);
  const since = () => stack.docker("inspect", "--format", "{{.Name}} {{.State.StartedAt}}", ...others);
  const before = since();
  must("fallocate", "-l", String(free * 1024), filler);
  try {
    expect(failed(stack.operation("restore", "--at", "latest", "--only", "rabbitmq", "--yes", "1"))).toMatch(
      /rabbitmq, restore, the backups' disk: .* has 0 MiB free\nprotea: rabbitmq was not restored, and nothing changed/,
    );
  } finally {
    rmSync(filler);
  }
  expect(since()).toBe(before);
  succeeded(stack.operation("restore", "--at", "latest", "--only", "rabbitmq", "--yes", "1"));
});

test("a segment's file that a full disk left short does not stop the receiver for ever", async () => {
  const receiver = stack.container("protea", "postgres-backup");
  stack.docker("stop", receiver);
  query("create table switched as select 1; select pg_switch_wal()");
  query("insert into switched values (2)");
  const next = query("select pg_walfile_name(pg_current_wal_lsn())");
  query("select pg_switch_wal()");
  const inside = `/backups/protea/wal/current/${next}.partial`;
  const short = 'rm -f "$0" && head -c 5000000 /dev/zero > "$0" && chown postgres "$0"';
  const image = stack.docker("inspect", "--format", "{{.Config.Image}}", receiver);
  stack.docker(
    "run",
    "--rm",
    ...stack.marked,
    "--user",
    "root",
    "--volumes-from",
    receiver,
    "--entrypoint",
    "sh",
    image,
    "-c",
    short,
    inside,
  );
  stack.docker("start", receiver);
  await until("WAL is received", 60, receives);
  succeeded(backups.backup());
});

test("the folder of backups cannot be written to", () =>
  whileWrong(
    // Of root, too; to mount it read-only the receiver would have to end.
    () => void must("chattr", "+i", backups.folder),
    "no backup was made: " + disk + " cannot be written to",
    () => must("chattr", "-i", backups.folder),
  ));

test("another disk was mounted over it, which the containers do not see: nothing is written under it", () =>
  whileWrong(
    () => void must("mount", "-t", "tmpfs", "-o", "size=1m", "other", disk),
    /sees another folder than .*backups is now .*; docker restart /,
    () => must("umount", disk),
  ));

test("the clock went back", () => {
  const known = backups.latest();
  mkdirSync(join(stack.folder, "clock"));
  writeFileSync(join(stack.folder, "clock/date"), '#!/bin/sh\nexec /bin/date -d "1 hour ago" "$@"\n', { mode: 0o755 });
  const { PATH } = process.env;
  Object.assign(stack.environment, { PATH: `${stack.folder}/clock:${PATH}` });
  try {
    expect(failed(stack.operation("backup"))).toContain(`there is a backup of ${known}, and this host's clock says 2`);
  } finally {
    Object.assign(stack.environment, { PATH });
  }
  expect(backups.latest()).toBe(known);
  expect(backups.wrong(known)).toEqual([]);
  expect(halves(backups)).toEqual([]);
});

test("the server is killed in the middle", async () => {
  const known = backups.latest();
  const server = stack.container("protea", "postgres");
  // A dump waits for a table that somebody has locked.
  query("create table locked (id int)");
  const holder = spawn(
    "docker",
    ["exec", server, "psql", "-U", "protea", "-d", "protea", "-c", "begin; lock table locked; select pg_sleep(300)"],
    {
      stdio: "ignore",
    },
  );
  await until(
    "it is locked",
    30,
    () => query("select count(*) from pg_locks where relation = 'locked'::regclass") === "1",
  );
  const child = backups.start();
  let said = "";
  child.stderr!.on("data", (text: Buffer) => (said += text.toString()));
  const ended = once(child, "exit");
  const NICE =
    'for one in /proc/[0-9]*; do if grep -q pg_dump "$one/comm" 2>/dev/null; then cut -d " " -f 19 "$one/stat"; fi; done';
  const niceness = () => new Set(stack.docker("exec", backups.agent, "sh", "-c", NICE).split("\n"));
  await until("it dumps", 60, () => said.includes("dump of protea") && niceness().size > 0 && !niceness().has(""));
  // The applications come first.
  expect(niceness()).toEqual(new Set(["10"]));
  stack.docker("kill", server);
  const [code] = (await ended) as [number];
  await until("its session is gone", 30, () => holder.exitCode !== null);
  expect({ code, said }).toEqual({ code: 1, said: expect.stringContaining("the part postgres failed") as string });
  expect(readlinkSync(join(backups.folder, "latest"))).toBe(known);
  stack.docker("start", server);
  await until("WAL is received", 120, receives);
  expect(backups.wrong(known)).toEqual([]);
  succeeded(backups.backup());
  expect(halves(backups)).toEqual([]);
});

test("tables are made and dropped, objects written and deleted meanwhile: no false alarm, and nothing missing", async () => {
  const tables =
    "while :; do psql -qAtX -U protea -d protea -c 'drop table if exists t1; create table t1 as select 1' -c 'drop table t1'; sleep 0.2; done";
  const objects = [
    "import os, sys; sys.path.insert(0, '/opt/backup-parts'); from s3 import Client",
    "client, bucket = Client(os.environ['MC_HOST_server']), os.environ['BUCKET']",
    "while True:",
    "  for n in range(40): client.request('PUT', bucket, f'b {n}', body=b'x' * 1000)",
    "  for n in range(40): client.remove(bucket, f'b {n}')",
  ].join("\n");
  const words = [
    ["exec", stack.container("protea", "postgres"), "sh", "-c", tables],
    ["exec", stack.container("protea", "files-backup"), EXEC, "python3", "-B", "-c", objects],
  ];
  const writers = words.map((args) => spawn("docker", args, { stdio: "ignore" }));
  try {
    for (let n = 0; n < 2; n += 1) succeeded(backups.backup());
    succeeded(stack.operation("verify", "--deep", "1"));
    expect(writers.map(({ exitCode }) => exitCode)).toEqual([null, null]);
  } finally {
    // Killed with their containers: docker exec passes no signal on.
    stack.docker(
      "restart",
      "--time",
      "5",
      stack.container("protea", "postgres"),
      stack.container("protea", "files-backup"),
    );
    await until("they are gone", 30, () =>
      writers.every(({ exitCode, signalCode }) => exitCode !== null || signalCode !== null),
    );
  }
  await until("WAL is received", 120, receives);
  expect(backups.wrong(backups.latest())).toEqual([]);
});

test("a backup of another version of the server is not restored, and its dump not taken for one that can be read", () => {
  const at = join(backups.folder, backups.latest(), "postgres");
  const version = join(at, "base/PG_VERSION");
  const own = readFileSync(version, "utf8").trim();
  const running = [...stack.containers()].sort();
  try {
    writeFileSync(version, "99\n");
    expect(failed(stack.operation("restore", "--at", "latest", "--yes", "1"))).toMatch(
      new RegExp(`is of PostgreSQL 99, and \\S+ runs ${own}: such a copy is read by its own version only`),
    );
  } finally {
    writeFileSync(version, `${own}\n`);
  }
  expect([...stack.containers()].sort()).toEqual(running);
  const other = join(disk, "protea/other");
  must("cp", "-a", at, other);
  const part = readFileSync(join(other, "part.json"), "utf8");
  writeFileSync(join(other, "part.json"), part.replace(/"server" : "\d+/, '"server" : "99'));
  const script = readFileSync("hosts/scripts/part-postgres.sh", "utf8");
  expect(failed(backups.piped(backups.agent, "postgres", script, "deep", "/backups/protea/other"))).toContain(
    `the dump is of PostgreSQL 99, which this server, ${own}, cannot read`,
  );
  rmSync(other, { recursive: true });
});

test("nobody receives the WAL: the server goes on without filling its disk, and it is said", async () => {
  stack.docker("stop", backups.agent);
  query("create table more as select g, repeat(md5(g::text), 20) from generate_series(1, 300000) g; checkpoint");
  query("insert into more select g, repeat(md5(g::text), 20) from generate_series(1, 300000) g");
  query("checkpoint");
  expect(query("select wal_status from pg_replication_slots where slot_name = 'backup'")).toBe("lost");
  expect(Number(query("select sum(size) from pg_ls_waldir()"))).toBeLessThan(1.2e9);
  expect(failed(stack.operation("status"))).toMatch(/postgres-backup/);
  const line = readlinkSync(join(backups.folder, "wal/current"));
  stack.docker("start", backups.agent);
  await until("WAL is received", 120, receives);
  expect(readlinkSync(join(backups.folder, "wal/current"))).not.toBe(line);
  expect(stack.docker("logs", backups.agent)).toContain("it needs a base backup of its own: make backup");
  expect(failed(stack.operation("status"))).toContain("make backup");
  succeeded(backups.backup());
  expect(succeeded(stack.operation("backups"))).toMatch(/protea: recoverable from /);
});
