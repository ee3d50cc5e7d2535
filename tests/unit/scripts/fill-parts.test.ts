/** The script that brings back what came up empty beside the database, and touches nothing else. */
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FakeDocker } from "../support/fake-docker.ts";

let docker: FakeDocker;
let backups: string;
const STAMP = "20261125T030000Z";
const PARTS = ["bucket=files=root=bucket.sh", "lab=files=root=lab.sh", "git=git=root=git.sh"];

beforeEach(() => {
  docker = new FakeDocker();
  backups = join(docker.folder, "backups");
  mkdirSync(join(backups, "protea"), { recursive: true });
  copyFileSync("hosts/scripts/fill-parts.sh", join(docker.folder, "fill.sh"));
  writeFileSync(join(docker.folder, "parts.sh"), 'echo "restores $*"\n');
  for (const name of ["vault", "bucket", "lab", "git"]) writeFileSync(join(docker.folder, `${name}.sh`), "");
  choose("latest", `${STAMP} 20261125T010000Z\n`);
});
afterEach(() => docker.remove());

const choose = (when: string, text: string) =>
  docker.answer(`exec -i -u root -e BACKUPS=/backups/protea files sh -s -- chosen ${when}`, text);
/** Whether the backup has it, as its container sees; the folder is not every user's. */
const has = (part: string, container: string, code = 0) =>
  docker.answer(`exec -u root ${container} test -d /backups/protea/${STAMP}/${part}`, "", code);
const found = (part: string, container: string, text: string, code = 0) => {
  has(part, container);
  docker.answer(`exec -i -u root ${container} sh -s -- empty /backups/protea/${STAMP}/${part}`, text, code);
};

function fill(when: string, parts = PARTS, directory = backups) {
  const args = [
    when,
    "vault.sh",
    "parts.sh",
    "restore.sh",
    "protea",
    directory,
    "agent",
    ...parts,
    "--",
    "api",
    "worker-1",
  ];
  const { status, stdout, stderr } = spawnSync("sh", [join(docker.folder, "fill.sh"), ...args], {
    env: docker.environment,
    encoding: "utf8",
  });
  docker.refuseUnanswered();
  return { status, stdout, stderr };
}
const untouched = { status: 0, stdout: "", stderr: "" };

test("of the parts those that are empty are filled, from the backup that the database is filled from", () => {
  found("bucket", "files", "empty\n");
  found("lab", "files", "\n");
  found("git", "git", "empty\n");
  // Of the applications only one runs: the others are not started afterwards.
  docker.answer("ps --format {{.Names}}", "worker-10\nworker-1\nminio\n");
  expect(fill("latest")).toEqual({
    ...untouched,
    stderr:
      `protea: filled from the backup ${STAMP}: bucket git\n` +
      `restores protea agent restore.sh ${STAMP} start ${PARTS[0]} ${PARTS[2]} -- worker-1\n`,
  });
});

test("what has anything, and what no backup has, is left alone; never asks nothing", () => {
  found("bucket", "files", "\n");
  has("other", "files", 1);
  expect(fill("latest", [PARTS[0]!, "other=files=root=lab.sh"])).toEqual(untouched);
  choose("1795576320", "");
  expect(fill("1795576320")).toEqual(untouched);
  expect(fill("never")).toEqual(untouched);
  expect(fill("latest", [])).toEqual(untouched);
  expect(fill("latest", PARTS, join(docker.folder, "nowhere"))).toEqual(untouched);
});

test("a part that cannot say, and a restore that fails, end it", () => {
  found("bucket", "files", "refused\n", 1);
  expect(fill("latest").status).toBe(1);
  found("bucket", "files", "empty\n");
  docker.answer("ps --format {{.Names}}", "refused", 1);
  expect(fill("latest", [PARTS[0]!]).status).toBe(1);
  docker.answer("ps --format {{.Names}}");
  writeFileSync(join(docker.folder, "parts.sh"), "exit 3\n");
  expect(fill("latest", [PARTS[0]!]).status).toBe(3);
});
