/**
 * Too little room on Docker's disk: a deep verification and a restore are refused before anything is made or stopped. A small disk is
 * no unit test's to have, so a docker answers as one would; with a real one: tests/faults/full-disk.test.ts.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "without-room-"));
  writeFileSync(join(folder, "part.sh"), "");
  writeFileSync(join(folder, "vault.sh"), "");
});
afterEach(() => rmSync(folder, { recursive: true }));

const BASE = 1_000_000;

/**
 * Runs a script of a copy of hosts/scripts/; what it said, and what it asked docker for.
 * @param free KiB of Docker's disk; the base backup has BASE
 */
function run(name: string, free: number, ...args: string[]) {
  const docker = `#!/bin/sh
printf '%s\\n' "$*" | head -n 1 >> ${folder}/calls
case "$*" in
  *PG_VERSION*"df -Pk "*) echo "17 17 ${BASE} ${free} 000000010000000000000002 000000010000000000000003" ;;
  *" du -sk "*) printf '${BASE}\\t/backups\\n' ;;
  *" df -Pk "*) printf 'Filesystem 1024-blocks Used Available\\n/dev/x 1 1 ${free} 1%% /\\n' ;;
  "inspect --type container --format {{.Image}} {{"*) printf 'sha256:1 0 0 stack\\nPOSTGRES_USER=protea\\n' ;;
  "volume inspect"*) echo "local 0 /docker/volumes/data/_data" ;;
  # A server that ends: what comes after the look fails here.
  "run -d "*-verify*) exit 1 ;;
esac
`;
  writeFileSync(join(folder, "docker"), docker, { mode: 0o755 });
  writeFileSync(join(folder, `${name}.sh`), readFileSync(`hosts/scripts/${name}.sh`));
  const env = { ...process.env, PATH: `${folder}:${process.env.PATH}`, TMPDIR: folder };
  const { status, stderr } = spawnSync("sh", [join(folder, `${name}.sh`), ...args], { env, encoding: "utf8" });
  const calls = readFileSync(join(folder, "calls"), "utf8").trim().split("\n");
  rmSync(join(folder, "calls"));
  const changes = calls.filter((call) => /^(stop|start|volume create|run -d (?!--name postgres-helper))/.test(call));
  return { status, stderr, changes };
}

const verify = (free: number) =>
  run(
    "verify",
    free,
    ...["protea", "/srv", "agent", "vault.sh", "restore.sh", "20261125T030000Z", "deep"],
    ...["postgres=agent=postgres=part.sh"],
  );
const restore = (free: number) =>
  run(
    "restore-postgres",
    free,
    ...["protea", "/srv", "postgres", "agent", "data", "20261125T030000Z", "LINE"],
    "time",
    "2026-11-25 03:12:00+00",
    "api",
  );

test("a deep verification", () => {
  expect(verify(1.1 * BASE)).toEqual({
    status: 1,
    stderr: "protea: a deep verification needs 976 MiB on Docker's disk, which has 1074 MiB free\n",
    changes: [],
  });
  expect(verify(1.3 * BASE).changes).toEqual([expect.stringMatching(/^run -d --name agent-verify /)]);
});

test("a restore of the database", () => {
  expect(restore(1.1 * BASE)).toEqual({
    status: 1,
    stderr: "protea: the new data needs 976 MiB beside the old; Docker's disk has 1074 MiB free\n",
    changes: [],
  });
  expect(restore(1.3 * BASE).changes[0]).toMatch(/^volume create --label robotoff-protea.restore=postgres /);
});
