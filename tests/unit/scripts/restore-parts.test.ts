/** The script that brings parts of a backup back: nothing is touched before all are verified, and what runs when it ends. */
import { spawnSync } from "node:child_process";
import { copyFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FakeDocker } from "../support/fake-docker.ts";

let docker: FakeDocker;
const STAMP = "20261125T030000Z";
const PARTS = ["lab=files=root=lab.sh", "rabbitmq=files=root=rabbitmq.sh"];
const exec = (verb: string, part: string) => `exec -i -u root files sh -s -- ${verb} /backups/protea/${STAMP}/${part}`;
const VERIFIES = [exec("verify", "lab"), exec("room", "lab"), exec("verify", "rabbitmq"), exec("room", "rabbitmq")];

beforeEach(() => {
  docker = new FakeDocker();
  copyFileSync("hosts/scripts/restore-parts.sh", join(docker.folder, "parts.sh"));
  for (const name of ["lab", "rabbitmq"]) writeFileSync(join(docker.folder, `${name}.sh`), "");
  writeFileSync(join(docker.folder, "restore.sh"), 'echo "$1 in a copy of $2: ${3##*/} $4${5:+, from $5}"\n');
  for (const command of [...VERIFIES, exec("restore", "rabbitmq"), "stop worker api", "start api", "start worker"])
    docker.answer(command);
});
afterEach(() => docker.remove());

function restore(then: string, stamp = STAMP) {
  const args = ["protea", "agent", "restore.sh", stamp, then, ...PARTS, "--", "worker", "api"];
  const { status, stdout, stderr } = spawnSync("sh", [join(docker.folder, "parts.sh"), ...args], {
    env: { ...docker.environment, TMPDIR: docker.folder },
    encoding: "utf8",
  });
  docker.refuseUnanswered();
  const calls = readFileSync(join(docker.folder, "calls"), "utf8").trim().split("\n");
  rmSync(join(docker.folder, "calls"));
  return { status, stdout, stderr, calls };
}

test("all are verified, then the applications are stopped, each part is restored in the given order, and they start", () => {
  expect(restore("start")).toEqual({
    status: 0,
    stdout: [
      "protea: stops the applications",
      "protea: restores lab",
      // Its container only reads.
      `restore in a copy of files: lab.sh /backups/protea/${STAMP}/lab`,
      "protea: restores rabbitmq",
      "",
    ].join("\n"),
    stderr: "",
    calls: [...VERIFIES, "stop worker api", exec("restore", "rabbitmq"), "start api", "start worker"],
  });
});

test("of another folder of backups: no part's own container sees it, so copies do all", () => {
  const copied = (verb: string, part: string) =>
    `${verb} in a copy of files: ${part}.sh /from/protea/${STAMP}/${part}, from /mnt/a b`;
  const { status, stdout, calls } = restore("wait", `/mnt/a b/protea/${STAMP}`);
  expect([status, calls]).toEqual([0, ["stop worker api"]]);
  const verifies = [
    copied("verify", "lab"),
    copied("room", "lab"),
    copied("verify", "rabbitmq"),
    copied("room", "rabbitmq"),
  ];
  expect(stdout.split("\n").filter((line) => line.includes(" in a copy of "))).toEqual([
    ...verifies,
    ...[copied("restore", "lab"), copied("restore", "rabbitmq")],
  ]);
});

test("they wait where the database goes back next: messages must not meet another one", () => {
  const { status, calls } = restore("wait");
  expect([status, calls]).toEqual([0, [...VERIFIES, "stop worker api", exec("restore", "rabbitmq")]]);
});

test("a part that cannot be verified changes nothing; one that cannot be restored leaves them stopped", () => {
  for (const [at, one] of VERIFIES.entries()) {
    docker.answer(one, "rotten, or without room", 1);
    const { status, calls } = restore("start");
    expect([status, calls]).toEqual([1, VERIFIES.slice(0, at + 1)]);
    docker.answer(one);
  }
  docker.answer(VERIFIES[2]!, "rotten", 1);
  const refused = restore("start");
  expect(refused.stderr).toContain("protea: rabbitmq was not restored, and nothing changed");
  docker.answer(VERIFIES[2]!);
  docker.answer(exec("restore", "rabbitmq"), "no memory", 1);
  const failed = restore("start");
  expect([failed.status, failed.calls.at(-1)]).toEqual([1, exec("restore", "rabbitmq")]);
  expect(failed.stderr).toContain("the applications stay stopped, and the same command again finishes");
});
