/** The script that gives an empty server its data back, and leaves any other alone. */
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FakeDocker } from "../support/fake-docker.ts";

let docker: FakeDocker;
let backups: string;
const COUNT = `exec postgres sh -c psql -qAtX -U "$POSTGRES_USER" -d "$POSTGRES_DB" -c "
  select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where n.nspname !~ '^(pg_|information_schema)'"`;
const BESIDE = "volume ls -q --filter label=robotoff-protea.restore=postgres";
const CHOSEN = "20261125T030000Z 20261125T010000Z\n";

beforeEach(() => {
  docker = new FakeDocker();
  backups = join(docker.folder, "backups");
  mkdirSync(join(backups, "protea"), { recursive: true });
  copyFileSync("hosts/scripts/fill-postgres.sh", join(docker.folder, "fill.sh"));
  writeFileSync(join(docker.folder, "restore.sh"), 'echo "$FILLING restore $*"\n');
  writeFileSync(join(docker.folder, "vault.sh"), "");
  docker.answer(COUNT, "0\n").answer("inspect --type container --format {{.Image}} postgres", "sha256:1\n");
  choose("latest", CHOSEN);
});
afterEach(() => docker.remove());

function choose(when: string, text: string) {
  const run = "run -i --rm --network none --user root --entrypoint sh -e BACKUPS=/backups/protea -v";
  docker.answer(`${run} ${backups}:/backups sha256:1 -s -- chosen ${when}`, text);
}
function fill(when: string, directory = backups) {
  const args = [when, "vault.sh", "restore.sh", "protea", directory, "postgres", "agent", "data", "api", "worker"];
  const { status, stderr } = spawnSync("sh", [join(docker.folder, "fill.sh"), ...args], {
    env: docker.environment,
    encoding: "utf8",
  });
  docker.refuseUnanswered();
  return { status, stderr };
}
const filled = (stamp: string, line: string, target: string) => ({
  status: 0,
  stderr:
    `protea: PostgreSQL is empty; it is filled from the backup ${stamp}\n` +
    `1 restore protea ${backups} postgres agent data ${stamp} ${line} ${target} api worker\n`,
});
const at = (text: string) => String(Date.parse(text) / 1_000);

test("an empty server gets the newest verified backup, or the newest that ended before a moment", () => {
  expect(fill("latest")).toEqual(filled("20261125T030000Z", "20261125T010000Z", "latest -"));
  const moment = at("2026-11-25T03:00:10Z");
  choose(moment, CHOSEN);
  expect(fill(moment)).toEqual(filled("20261125T030000Z", "20261125T010000Z", "time 2026-11-25 03:00:10+00"));
});

test("nothing before a moment is a failure; no backup at all is a first deployment", () => {
  const before = at("2026-11-24T03:00:59Z");
  choose(before, "");
  expect(fill(before)).toEqual({
    status: 1,
    stderr: "protea: no verified backup ended before 2026-11-24T03:00:59Z: the database stays as it is\n",
  });
  choose("latest", "");
  expect(fill("latest")).toEqual({ status: 0, stderr: "" });
  expect(fill("latest", join(docker.folder, "nowhere"))).toEqual({ status: 0, stderr: "" });
});

test("of a fill that was killed while the volumes changed places, the rest is done", () => {
  docker.answer(COUNT, "1\n").answer(BESIDE, "data.beside-20261125T031200Z\n");
  expect(fill("latest")).toEqual({
    status: 0,
    stderr: ` restore protea ${backups} postgres agent data - - finish - api worker\n`,
  });
});

test("a server with anything in it is not touched, and never is asked for nothing", () => {
  docker.answer(COUNT, "1\n").answer(BESIDE, "");
  expect(fill("latest")).toEqual({ status: 0, stderr: "" });
  docker.answer(COUNT, "no answer\n", 2);
  expect(fill("latest").status).not.toBe(0);
  expect(fill("never")).toEqual({ status: 0, stderr: "" });
});
