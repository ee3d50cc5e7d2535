/** The script that brings a dump into another server: it looks at versions first. No second version of PostgreSQL is here: programs answer as one. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "into-postgres-"));
  mkdirSync(join(folder, "postgres"));
  writeFileSync(
    join(folder, "postgres/part.json"),
    '{"part" : "postgres", "database" : "app", "server" : "17.2 (Debian)"}',
  );
  writeFileSync(join(folder, "postgres/roles.sql"), "");
});
afterEach(() => rmSync(folder, { recursive: true }));

const program = (name: string, script: string) =>
  writeFileSync(join(folder, name), `#!/bin/sh\necho "${name} $*" >> ${folder}/calls\n${script}\n`, { mode: 0o755 });

/** @param server the major version of the other server, and of this stack's pg_restore */
function into(server: number, tool: number) {
  program(
    "psql",
    `case "$*" in *server_version_num*) echo ${server} ;; *rolname*) echo postgres ;; *datname*) echo postgres ;; esac`,
  );
  program("pg_restore", `[ "$1" = --version ] && echo "pg_restore (PostgreSQL) ${tool}.4 (Debian)" && exit; exit 1`);
  const env = { ...process.env, PATH: `${folder}:${process.env.PATH}`, PGHOST: "db", PGPORT: "5432", PGUSER: "ada" };
  const script = ["hosts/scripts/into-postgres.sh", join(folder, "postgres")];
  const { status, stderr } = spawnSync("sh", script, { env, input: "p w\n", encoding: "utf8" });
  const calls = readFileSync(join(folder, "calls"), "utf8").trim().split("\n");
  return { status, stderr, changed: calls.filter((call) => /^pg_restore (?!--version)/.test(call)) };
}

test.each<[string, number, number, string]>([
  [
    "an older server",
    16,
    17,
    "postgres: db:5432 is PostgreSQL 16, and the dump is of 17, which an older server does not read; nothing was changed",
  ],
  ["an older pg_restore", 17, 16, "the dump is of PostgreSQL 17, and this stack's image, 16, does not read it"],
])("%s than the dump: refused, and nothing is restored", (_what, server, tool, message) => {
  const { status, stderr, changed } = into(server, tool);
  expect([status, changed]).toEqual([1, []]);
  expect(stderr).toContain(message);
});

test.each([17, 18])("of the same version or a newer, %d, it is restored", (server) => {
  const { stderr, changed } = into(server, 17);
  expect(changed).toEqual([expect.stringMatching(/^pg_restore --create .*\/dump$/)]);
  expect(stderr).toContain("what was begun is its database app");
});
