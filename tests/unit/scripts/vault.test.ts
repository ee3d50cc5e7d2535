/** The script that keeps a folder of backups in order: what is kept, what is found to differ, what is listed. */
import { spawnSync } from "node:child_process";
import {
  appendFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "vault-"));
  mkdirSync(join(folder, "programs"));
  // Of PostgreSQL's image: removes segments before one.
  const cleanup = '#!/bin/sh\nfor f in "$1"/0*; do [ "${f##*/}" \\< "$2" ] && rm "$f"; done; true\n';
  writeFileSync(join(folder, "programs/pg_archivecleanup"), cleanup, { mode: 0o755 });
});
afterEach(() => rmSync(folder, { recursive: true }));

function vault(...args: string[]) {
  const env = {
    ...process.env,
    BACKUPS: folder,
    POSTGRES_USER: "protea",
    PATH: `${folder}/programs:${process.env.PATH}`,
  };
  const { status, stdout, stderr } = spawnSync("sh", ["hosts/scripts/vault.sh", ...args], { env, encoding: "utf8" });
  return { status, stdout, stderr };
}

/** A published backup. */
function backup(
  stamp: string,
  { verified = true, line = "20260101T000000Z", from = "000000010000000000000001", system = "71" } = {},
) {
  const partial = join(folder, `.${stamp}.partial/postgres`);
  mkdirSync(partial, { recursive: true });
  writeFileSync(join(partial, "rows"), `rows of ${stamp}`);
  writeFileSync(
    join(partial, "part.json"),
    `{"part" : "postgres", "system" : "${system}", "wal" : "${line}", "walFrom" : "${from}"}`,
  );
  expect(vault("seal", stamp, "7")).toEqual({ status: 0, stdout: "", stderr: "" });
  expect(vault("publish", stamp).status).toBe(0);
  mkdirSync(join(folder, "verified"), { recursive: true });
  if (verified) vault("verified", stamp, "quick");
}
const published = () =>
  readdirSync(folder)
    .filter((name) => name.startsWith("2"))
    .sort();

test("a backup is published whole, and the manifest is JSON with every file", () => {
  backup("20261125T030000Z");
  expect(readlinkSync(join(folder, "latest"))).toBe("20261125T030000Z");
  expect(JSON.parse(readFileSync(join(folder, "latest/manifest.json"), "utf8"))).toMatchObject({
    format: 1,
    stamp: "20261125T030000Z",
    seconds: 7,
    parts: [{ part: "postgres", wal: "20260101T000000Z" }],
    files: [
      { path: "postgres/part.json" },
      { path: "postgres/rows", size: 24, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string },
    ],
  });
  expect(vault("list").stdout).toMatch(/^20261125T030000Z \d+ 7 quick \d{4}-\S+Z 20260101T000000Z 71 - - postgres\n$/);
});

test("a large file that the backup before has too is the same file, unless it rotted there", () => {
  const large = (stamp: string, name: string, content: string) => {
    mkdirSync(join(folder, `.${stamp}.partial/postgres/base`), { recursive: true });
    writeFileSync(join(folder, `.${stamp}.partial/postgres/base`, name), content.repeat(2 ** 20 + 1));
  };
  const [one, two] = ["20261124T030000Z", "20261125T030000Z"];
  const inode = (stamp: string, name: string) => statSync(join(folder, stamp, "postgres/base", name)).ino;
  for (const name of ["same", "rotten", "other", "a b"]) large(one, name, "x");
  backup(one);
  writeFileSync(join(folder, one, "postgres/base/rotten"), "y".repeat(2 ** 20 + 1));
  for (const name of ["same", "rotten", "a b"]) large(two, name, "x");
  large(two, "other", "z");
  writeFileSync(join(folder, `.${two}.partial/postgres/part.json`), `{"part" : "postgres"}`);
  expect(vault("seal", two, "7")).toEqual({
    ...{ status: 0, stdout: "" },
    stderr: "vault: 2 files, 2 MB, are as in the backup before and take no room\n",
  });
  vault("publish", two);
  const shared = ["same", "rotten", "other", "a b"].filter((name) => inode(one, name) === inode(two, name));
  expect(shared).toEqual(["same", "a b"]);
  expect(vault("check", two)).toEqual({ status: 0, stdout: "", stderr: "" });
  expect(vault("check", one).stdout).toBe(`${one}/postgres/base/rotten: its bytes are not those of the manifest\n`);
});

test("an empty server is filled from the newest verified backup, or the newest that ended before a moment", () => {
  backup("20261124T030000Z", { line: "20261101T000000Z" });
  backup("20261125T030000Z");
  backup("20261125T040000Z", { verified: false });
  const chosen = (when: string) => vault("chosen", when);
  const is = (stdout: string) => ({ status: 0, stdout, stderr: "" });
  const at = (text: string) => String(Date.parse(text) / 1_000);
  expect(chosen("latest")).toEqual(is("20261125T030000Z 20260101T000000Z\n"));
  expect(chosen(at("2026-11-25T03:00:08Z"))).toEqual(is("20261125T030000Z 20260101T000000Z\n"));
  expect(chosen(at("2026-11-25T03:00:07Z"))).toEqual(is("20261124T030000Z 20261101T000000Z\n"));
  expect(chosen(at("2026-11-24T03:00:07Z"))).toEqual(is(""));
});

test("the newest verified one is told to node_exporter, where its folder is", () => {
  backup("20261124T030000Z");
  const file = join(folder, "metrics/backup.prom");
  expect(existsSync(file)).toBe(false);
  mkdirSync(join(folder, "metrics"));
  backup("20261125T030000Z");
  backup("20261125T040000Z", { verified: false });
  vault("verified", "20261124T030000Z", "deep");
  const labels = `{system="${folder.split("/").at(-1)}"`;
  expect(
    readFileSync(file, "utf8")
      .split("\n")
      .filter((line) => !line.startsWith("#")),
  ).toEqual([
    `robotoff_protea_backup_timestamp_seconds${labels}} ${Date.parse("2026-11-25T03:00:00Z") / 1_000}`,
    `robotoff_protea_backup_oldest_timestamp_seconds${labels}} ${Date.parse("2026-11-24T03:00:00Z") / 1_000}`,
    expect.stringMatching(/^robotoff_protea_backup_size_bytes\S+ \d+$/),
    `robotoff_protea_backup_duration_seconds${labels}} 7`,
    expect.stringMatching(/^robotoff_protea_backup_verified_timestamp_seconds\S+,how="quick"} \d{10}$/),
    "",
  ]);
  expect(statSync(file).mode & 0o777).toBe(0o644);
  expect(readFileSync(file, "utf8")).not.toContain("copied");
  vault("copied", "1a2b3c4d");
  const copied = `robotoff_protea_backup_copied_timestamp_seconds${labels}} ${Date.parse("2026-11-25T04:00:00Z") / 1_000}`;
  expect(readFileSync(file, "utf8")).toContain(copied);
});

test("what a restore has to read: each part, of the database the physical copy, and the WAL after it", () => {
  const [line, stamp] = ["20260101T000000Z", "20261125T030000Z"];
  for (const [path, bytes] of [
    ["postgres/base/1/2", 70],
    ["postgres/dump/3.dat", 1000],
    ["bucket/objects/ab/abcd", 30],
    ["bucket/part.json", 12],
  ] as const) {
    mkdirSync(join(folder, `.${stamp}.partial`, path, ".."), { recursive: true });
    writeFileSync(join(folder, `.${stamp}.partial`, path), "x".repeat(bytes));
  }
  backup(stamp, { from: "000000010000000000000002" });
  mkdirSync(join(folder, "wal", line), { recursive: true });
  for (const name of [
    "system-identifier",
    ...["1", "2", "3", "4.partial"].map((end) => `00000001000000000000000${end}`),
  ])
    writeFileSync(join(folder, "wal", line, name), "");
  const lines = vault("sizes", stamp).stdout.split("\n").filter(Boolean).sort();
  expect(lines).toEqual(["bucket 42", "postgres 70", `wal ${3 * 2 ** 24}`]);
});

test("what takes long says every ten seconds how far it is", () => {
  const stamp = "20261125T030000Z";
  const program = (name: string, text: string) =>
    writeFileSync(join(folder, "programs", name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  mkdirSync(join(folder, `.${stamp}.partial/postgres`), { recursive: true });
  writeFileSync(join(folder, `.${stamp}.partial/postgres/part.json`), "{}");
  writeFileSync(join(folder, `.${stamp}.partial/postgres/rows`), "x".repeat(2e6));
  // The clock of this test: ten seconds have passed as soon as something is read, which then waits for what is said.
  program(
    "sleep",
    `[ ! -e ${folder}/said ] || exec /bin/sleep 60; while [ ! -e ${folder}/read ]; do /bin/sleep 0.01; done`,
  );
  program("awk", `/usr/bin/awk "$@"; code=$?; case "$*" in *" left"*) touch ${folder}/said ;; esac; exit $code`);
  program(
    "sha256sum",
    `[ "$1" != manifest.json ] || exec /usr/bin/sha256sum "$@"
/usr/bin/sha256sum "$@"; code=$?; touch ${folder}/read; while [ ! -e ${folder}/said ]; do /bin/sleep 0.01; done; exit $code`,
  );
  expect(vault("seal", stamp, "7").stderr).toMatch(/^vault: writes the manifest: 2 of 2 MB, \d+ MB\/s, 0 s left\n/);
  rmSync(join(folder, "said"));
  rmSync(join(folder, "read"));
  vault("publish", stamp);
  expect(vault("check", stamp)).toMatchObject({
    status: 0,
    stderr: expect.stringMatching(/^vault: reads every byte: 2 of 2 MB, /) as string,
  });
});

test("what differs from the manifest is named", () => {
  const stamp = "20261125T030000Z";
  backup(stamp);
  const at = (name: string) => join(folder, stamp, name);
  const check = () => vault("check", stamp);
  expect(check()).toEqual({ status: 0, stdout: "", stderr: "" });
  writeFileSync(at("postgres/rows"), "Rows of 20261125T030000Z");
  expect(check()).toEqual({
    status: 1,
    stdout: `${stamp}/postgres/rows: its bytes are not those of the manifest\n`,
    stderr: "",
  });
  rmSync(at("postgres/rows"));
  writeFileSync(at("more"), "");
  expect(check()).toEqual({
    status: 1,
    stdout: `${stamp}/postgres/rows: missing\n${stamp}/more: not in the manifest\n`,
    stderr: "",
  });
  appendFileSync(at("manifest.json"), " ");
  expect(check()).toEqual({
    status: 1,
    stdout: `${stamp}/manifest.json: does not have its own checksum\n`,
    stderr: "",
  });
  // Of an older version of this script, which knew of files alone.
  const manifest = readFileSync(at("manifest.json"), "utf8").replace('],\n"folders": [\n]}', "]}").trim();
  writeFileSync(at("manifest.json"), `${manifest}\n`);
  rmSync(at("more"));
  writeFileSync(at("postgres/rows"), `rows of ${stamp}`);
  spawnSync("sh", ["-c", "sha256sum manifest.json > manifest.sha256"], { cwd: join(folder, stamp) });
  expect(check()).toEqual({ status: 0, stdout: "", stderr: "" });
  const other = "20261126T030000Z";
  mkdirSync(join(folder, `.${other}.partial/postgres/base/pg_notify`), { recursive: true });
  mkdirSync(join(folder, `.${other}.partial/postgres/base/pg_twophase`), { recursive: true });
  backup(other);
  expect(vault("check", other)).toEqual({ status: 0, stdout: "", stderr: "" });
  rmSync(join(folder, other, "postgres/base/pg_notify"), { recursive: true });
  expect(vault("check", other)).toEqual({
    status: 1,
    stdout: `${other}/postgres/base/pg_notify: this folder is missing, or no longer empty\n`,
    stderr: "",
  });
  mkdirSync(join(folder, other, "postgres/base/pg_notify"));
  mkdirSync(join(folder, other, "postgres/base/pg_more"));
  expect(vault("check", other).stdout).toBe(`${other}/manifest.json: does not say what its files and parts are\n`);
  expect(vault("check", "20200101T000000Z")).toEqual({
    status: 1,
    stdout: "",
    stderr: "vault: there is no backup 20200101T000000Z\n",
  });
});

test.each<[string, [number, number, number, number], string[]]>([
  ["the last ones", [2, 0, 0, 0], ["20261125T120000Z", "20261125T180000Z"]],
  ["the newest of each day", [1, 3, 0, 0], ["20261123T030000Z", "20261124T180000Z", "20261125T180000Z"]],
  [
    "the newest of each week, from Monday on",
    [1, 0, 3, 0],
    ["20261101T030000Z", "20261122T030000Z", "20261125T180000Z"],
  ],
  ["the newest of each month", [1, 0, 0, 3], ["20260930T030000Z", "20261031T030000Z", "20261125T180000Z"]],
])("%s are kept", (_what, keep, kept) => {
  for (const stamp of [
    "20260901T030000Z", "20260930T030000Z", "20261031T030000Z", "20261101T030000Z", "20261122T030000Z", "20261123T030000Z",
    "20261124T030000Z", "20261124T180000Z", "20261125T120000Z", "20261125T180000Z",
  ]) backup(stamp); // prettier-ignore
  expect(vault("prune", ...keep.map(String)).status).toBe(0);
  expect(published()).toEqual(kept);
  expect(readdirSync(join(folder, "verified")).sort()).toEqual(kept);
});

test("the newest verified one of each database system stays whatever the counts say; without a verified one nothing goes", () => {
  backup("20261120T030000Z", { verified: false });
  backup("20261121T030000Z", { verified: false });
  expect(vault("prune", "1", "0", "0", "0").stderr).toBe("vault: nothing is verified, so nothing is removed\n");
  expect(published()).toHaveLength(2);
  backup("20261122T030000Z", { system: "70" });
  backup("20261123T030000Z", { system: "70" });
  backup("20261124T030000Z");
  backup("20261125T030000Z");
  backup("20261125T040000Z", { verified: false });
  vault("prune", "1", "0", "0", "0");
  expect(published()).toEqual(["20261123T030000Z", "20261125T030000Z", "20261125T040000Z"]);
});

test("WAL goes back to the oldest backup of its line; a line without one goes, unless it is written", () => {
  const lines = { old: "20260101T000000Z", used: "20260201T000000Z", current: "20260301T000000Z" };
  for (const line of Object.values(lines)) {
    mkdirSync(join(folder, "wal", line), { recursive: true });
    for (const n of [1, 2, 3]) writeFileSync(join(folder, "wal", line, `00000001000000000000000${n}`), "");
  }
  symlinkSync(lines.current, join(folder, "wal/current"));
  backup("20261124T030000Z", { line: lines.used, from: "000000010000000000000003" });
  backup("20261125T030000Z", { line: lines.used, from: "000000010000000000000002" });
  vault("prune", "3", "0", "0", "0");
  expect(existsSync(join(folder, "wal", lines.old))).toBe(false);
  expect(readdirSync(join(folder, "wal", lines.used)).sort()).toEqual([
    "000000010000000000000002",
    "000000010000000000000003",
  ]);
  expect(readdirSync(join(folder, "wal", lines.current))).toHaveLength(3);
});

test("of the dumps for others those go that no backup has any more, but never the one that the link points to", () => {
  mkdirSync(join(folder, "public"));
  const dump = (day: string) => join(folder, "public", `robotoff_postgres_${day}.dump`);
  for (const day of ["2026-11-23", "2026-11-24", "2026-11-25"]) writeFileSync(dump(day), day);
  mkdirSync(join(folder, ".20261124T030000Z.partial/public"), { recursive: true });
  linkSync(dump("2026-11-24"), join(folder, ".20261124T030000Z.partial/public/robotoff_postgres_2026-11-24.dump"));
  backup("20261124T030000Z");
  symlinkSync("robotoff_postgres_2026-11-25.dump", join(folder, "public/robotoff_postgres_latest.dump"));
  vault("prune", "1", "0", "0", "0");
  const names = ["2026-11-24", "2026-11-25", "latest"].map((name) => `robotoff_postgres_${name}.dump`);
  expect(readdirSync(join(folder, "public")).sort()).toEqual(names);
});

test("a moment is named where there is a backup to go back from, and forgotten with the last one before it", () => {
  writeFileSync(join(folder, "programs/psql"), "#!/bin/sh\ncat > /dev/null; echo 2026-11-25T03:10:00.5Z\n", {
    mode: 0o755,
  });
  mkdirSync(join(folder, "wal"), { recursive: true });
  symlinkSync("20260101T000000Z", join(folder, "wal/current"));
  expect(vault("before", "migration")).toEqual({ status: 0, stdout: "", stderr: "" });
  backup("20261125T030000Z");
  expect(vault("before", "migration").stdout).toMatch(/^before-migration-2\d{7}T\d{6}Z 2026-11-25T03:10:00.5Z\n$/);
  writeFileSync(
    join(folder, "checkpoints"),
    "old 2026-11-25T02:59:59.9Z 20260101T000000Z\nnew 2026-11-25T03:00:00.1Z 20260101T000000Z\n",
  );
  vault("prune", "1", "0", "0", "0");
  expect(readFileSync(join(folder, "checkpoints"), "utf8")).toBe("new 2026-11-25T03:00:00.1Z 20260101T000000Z\n");
});

test("which snapshot off the host a backup is in is listed, and forgotten with it; a copy that failed is told until one succeeds", () => {
  writeFileSync(join(folder, "programs/psql"), "#!/bin/sh\n", { mode: 0o755 });
  mkdirSync(join(folder, "wal"));
  backup("20261124T030000Z");
  expect(vault("copy-failed").status).toBe(0);
  expect(vault("window").stdout).toMatch(/^copy-failed \d{4}-\S+Z$/m);
  expect(vault("copied", "1a2b3c4d")).toEqual({ status: 0, stdout: "", stderr: "" });
  expect(vault("window").stdout).not.toContain("copy-failed");
  backup("20261125T030000Z");
  const copies = vault("list").stdout.split("\n").map((line) => line.split(" ").slice(7, 9).join(" ")); // prettier-ignore
  expect(copies).toEqual([expect.stringMatching(/^1a2b3c4d \d{4}-\S+Z$/), "- -", ""]);
  vault("prune", "1", "0", "0", "0");
  expect(readdirSync(join(folder, "copied"))).toEqual([]);
});
