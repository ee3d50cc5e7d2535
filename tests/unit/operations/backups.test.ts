// The verbs of the backups: what they ask the containers beside the servers, which scripts they run with what, how they end.
import type * as childProcess from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { tellRecoverable } from "../../../operations/backups/systems.ts";
import { declared } from "../../../operations/containers/rows.ts";
import { script } from "../../../hosts/scripts.ts";
import { Checkout } from "../support/checkout.ts";
import { committed } from "../support/stack.ts";

jest.mock("node:child_process", () => {
  const real = jest.requireActual<typeof childProcess>("node:child_process");
  // This process's PATH, which a test changes, is not what a child would be found by.
  const spawnSync = (command: string, args: string[], options: object) =>
    real.spawnSync(command, args, { env: process.env, ...options });
  return { ...real, spawnSync };
});

const NOW = "2026-11-25T12:00:00Z";
const STAMPS = ["20261124T030000Z", "20261125T030000Z"];
/** As vault.sh prints them. */
const LIST = `${STAMPS[0]} 1000000 59 deep 2026-11-24T03:05:00Z L1 71 - - postgres,bucket
${STAMPS[1]} 2500000 9 quick 2026-11-25T03:00:10Z L1 71 - - postgres,bucket
`;
const SIZES = "postgres 2000000\nbucket 500000\nwal 33554432\n";
const WINDOW = "receiving 0.25\nline L1\ncheckpoint before-cleaning 2026-11-25T11:00:00Z\n";

let checkout: Checkout;
const { HOME } = process.env;
const FOLDER = ".local/share/robotoff-protea/scripts";
beforeEach(() => {
  const others = ["nextTick", "setImmediate", "setInterval", "setTimeout", "clearTimeout", "queueMicrotask"] as const;
  jest.useFakeTimers({ now: new Date(NOW), doNotFake: [...others, "performance", "hrtime"] });
  checkout = new Checkout();
  process.env.HOME = checkout.folder;
  mkdirSync(join(checkout.folder, FOLDER), { recursive: true });
  for (const name of ["backup", "verify", "copy", "restore-postgres", "restore-parts", "healthy"]) installed(name);
  for (const agent of ["robotoff_postgres-backup_1", "protea-postgres-backup-1"]) vault(agent, LIST);
});
afterEach(() => {
  jest.useRealTimers();
  process.env.HOME = HOME;
  checkout.remove();
});

/** A script as the host has it already, which notes its arguments. */
const installed = (name: string, then = "") =>
  checkout.program(
    `${FOLDER}/${name}-${script(name).hash}.sh`,
    `echo "${name} $*" >>${checkout.folder}/calls\n${then}`,
  );
function vault(agent: string, list: string, window = WINDOW): void {
  const ask = `exec -i -u root ${agent} sh -s --`;
  checkout.answer(`${ask} list`, list).answer(`${ask} window`, window);
  checkout.answer(`${ask} sizes ${STAMPS[1]}`, SIZES);
  checkout.answer(`${ask} checkpoint this`, "this 2026-11-25T12:00:00Z\n");
  checkout.answer(`${ask} before restore`, "before-restore 2026-11-25T12:00:00Z\n");
  checkout.answer(`start ${agent}`, `${agent}\n`);
}
const ran = () =>
  checkout.all.filter((call) => !/^(exec|start|run) /.test(call)).map((call) => call.split(" ").slice(0, 2).join(" "));
const PROTEA = ["--system", "protea"];

test("make backup: each system, also after one that failed; the worst exit code", async () => {
  installed("backup", '[ "$1" = protea ] || exit 3');
  expect((await checkout.operation("backup")).status).toBe(3);
  expect(ran()).toEqual(["backup robotoff", "backup protea"]);
});

test("where a stack declares none, nothing is asked", async () => {
  const text = checkout.text("local").replace(/ {2}host:backups:\n( {4}.*\n)+/, "");
  checkout.write("local", text);
  for (const verb of [["backup"], ["backups"], ["verify"], ["copy"], ["checkpoint", "--name", "this"]])
    expect((await checkout.operation(...(verb as [string, ...string[]]))).stderr).toBe(
      "Pulumi.local.yaml declares no backups of robotoff and protea: say host:backups.directory there, then make up\n",
    );
  expect(checkout.all).toEqual([]);
});

test("make backups: all of them, the newest first, and what can be restored", async () => {
  expect(await checkout.operation("backups", ...PROTEA)).toEqual({
    status: 0,
    stdout: [
      "SYSTEM  BACKUP            WHAT             AGE      SIZE    TOOK  VERIFIED                         COPIES",
      "protea  20261125T030000Z  postgres bucket  9h0m0s   2.5 MB  9 s   quick, 2026-11-25T03:00:10.000Z  none",
      "protea  20261124T030000Z  postgres bucket  33h0m0s  1.0 MB  59 s  deep, 2026-11-24T03:05:00.000Z   none",
      "",
      "protea: recoverable from 2026-11-24T03:01:00.000Z to now (0.25 s behind)",
      "  checkpoint before-cleaning: 2026-11-25T11:00:00.000Z",
      "",
    ].join("\n"),
    stderr: "",
  });
  vault("robotoff_postgres-backup_1", "");
  const { status, stdout } = await checkout.operation("backups");
  expect(status).toBe(1);
  expect(stdout).toContain("\nrobotoff: not recoverable; no verified backup yet: make backup\n");
});

test("make checkpoint names the moment in each system", async () => {
  expect(await checkout.operation("checkpoint", "--name", "this")).toMatchObject({
    status: 0,
    stdout: "robotoff: checkpoint this 2026-11-25T12:00:00Z\nprotea: checkpoint this 2026-11-25T12:00:00Z\n",
  });
  for (const name of ["", "latest", "1a", "a b", "a/b", "a".repeat(64)])
    expect((await checkout.operation("checkpoint", `--name=${name}`)).stderr).toBe(
      `found NAME=${name}, expected a name of letters, digits and . _ - that begins with a letter, not latest\n`,
    );
});

test.each<[string[], string]>([
  [[], `${STAMPS[1]} quick`],
  [["--at", STAMPS[0]!], `${STAMPS[0]} quick`],
  [["--deep", "1"], `${STAMPS[1]} deep`],
])("make verify %j: %s", async (args, words) => {
  installed("verify", "exit 4");
  expect((await checkout.operation("verify", ...PROTEA, ...args)).status).toBe(4);
  expect(checkout.all.at(-1)).toContain(` ${words} `);
});

test("make verify of a backup that is not there", async () => {
  expect((await checkout.operation("verify", ...PROTEA, "--at", "x")).stderr).toBe(
    `protea has no backup x; there are ${STAMPS.join(", ")}\n`,
  );
  vault("protea-postgres-backup-1", "");
  expect((await checkout.operation("verify", ...PROTEA)).stderr).toBe(
    "protea has no backup yet; there are none: make backup\n",
  );
});

test("make copy: only where a copy is declared", async () => {
  expect((await checkout.operation("copy")).stderr).toContain("declares no copy off the host: say host:backups.copy");
  const repository = "rest:https://example.org/backups";
  checkout.write(
    "local",
    checkout.text("local").replace("    directory:", `    copy: { repository: "${repository}" }\n    directory:`),
  );
  installed("copy", '[ "$1" = protea ] || exit 3');
  expect((await checkout.operation("copy")).status).toBe(3);
  expect(ran()).toEqual(["copy robotoff", "copy protea"]);
});

test("make status ends with what can be restored, and fails when that is not as declared or not to be known", async () => {
  const names = declared(committed("local").systems[1]!).map(({ name }) => name);
  checkout.answer(`container inspect ${names.join(" ")}`, "[]");
  const last = async () => (await checkout.operation("status", ...PROTEA)).stdout.trimEnd().split("\n").at(-1);
  expect(await last()).toBe("protea: recoverable from 2026-11-24T03:01:00.000Z to now (0.25 s behind)");
  vault("protea-postgres-backup-1", "");
  expect(await last()).toBe("protea: not recoverable; no verified backup yet: make backup");
  checkout.answer("exec -i -u root protea-postgres-backup-1 sh -s -- list", "\n", 3);
  expect(await last()).toBe("protea: exit code 3 in protea-postgres-backup-1");
});

test("make status of a whole stack on another machine is one round trip", async () => {
  checkout.program("ssh", `echo ssh >>${checkout.folder}/trips; shift 4; exec sh -c "$*"`);
  const names = committed("staging").systems.flatMap((system) => declared(system).map(({ name }) => name));
  const container = (name: string) => ({
    ...{ Id: name, Name: `/${name}`, Image: "sha256:1", Config: { Image: "x", Labels: null } },
    State: { Status: "running", ExitCode: 0, StartedAt: NOW, FinishedAt: NOW },
    NetworkSettings: { Ports: null },
  });
  checkout.answer(`container inspect ${names.join(" ")}`, JSON.stringify(names.map(container)));
  const { stdout } = await checkout.operation("status", "--stack", "staging");
  expect(stdout).toMatch(/^robotoff: recoverable from .*\nprotea: recoverable from /m);
  expect(readFileSync(join(checkout.folder, "trips"), "utf8")).toBe("ssh\n");
});

test.each<[string, string, boolean]>([
  ["all is recoverable", LIST, true],
  ["nothing is", "", false],
])("whether all is as declared: %s", (_what, list, expected) => {
  vault("protea-postgres-backup-1", list);
  const told = jest.spyOn(console, "log").mockImplementation();
  const { PATH } = process.env;
  process.env.PATH = checkout.environment.PATH;
  const stack = committed("local");
  expect(tellRecoverable(stack, { stack: "local", system: "protea" })).toBe(expected);
  expect(tellRecoverable({ ...stack, host: { ...stack.host, backups: undefined } }, { stack: "local" })).toBe(true);
  expect(told).toHaveBeenCalledTimes(1);
  process.env.PATH = PATH;
  told.mockRestore();
});

describe("make restore", () => {
  const restore = (...args: string[]) => checkout.operation("restore", ...PROTEA, ...args);
  const HEALTHY = "healthy protea-postgres-1=420";
  const ALL = ["restore-postgres protea", HEALTHY, "backup protea"];

  test.each<[string, string[], RegExp]>([
    ["without a moment", [], /^say to when: AT=latest, /],
    ["without a terminal", ["--at", "latest"], /add YES=1/],
    ["to a moment before the first backup", ["--at", "2026-11-20T00:00:00Z"], /./],
  ])("%s: nothing is run", async (_what, args, message) => {
    const { status, stderr } = await restore(...args);
    expect(status).toBe(1);
    expect(stderr).toMatch(message);
    expect(ran()).toEqual([]);
  });

  test("DRY=1 says what it would do, and ends", async () => {
    const { status, stdout } = await restore("--at", "before-cleaning", "--dry", "1");
    expect(status).toBe(0);
    expect(stdout).toMatch(/^protea: PostgreSQL goes back to the checkpoint before-cleaning, 2026-11-25T11:00:00/);
    expect(stdout).toContain(": 2 MB to copy, and at most 34 MB of WAL\n");
    expect(ran()).toEqual([]);
  });

  test("the database, all healthy, and a backup to go on from", async () => {
    const { status, stdout } = await restore("--at", "latest", "--yes", "1");
    expect(status).toBe(0);
    expect(stdout).toContain("protea: checkpoint before-restore 2026-11-25T12:00:00Z\n");
    expect(stdout).toMatch(/\nprotea: all of it is healthy, 0 s after the start\n$/);
    expect(ran()).toEqual(ALL);
  });

  test.each<[string, string, number, number]>([
    ["the database", "restore-postgres", 6, 1],
    ["something is not well: a backup is made all the same", "healthy", 7, 3],
    ["the backup", "backup", 8, 3],
  ])("%s: the exit code of what failed, and what follows", async (_what, name, code, steps) => {
    installed(name, `exit ${code}`);
    const { status, stdout } = await restore("--at", "latest", "--yes", "1");
    expect(status).toBe(code);
    expect(ran()).toEqual(ALL.slice(0, steps));
    expect(stdout.includes("all of it is healthy")).toBe(name === "backup");
  });

  test("LOOK=1 opens that moment beside, and nothing else is run; a part has nothing to open", async () => {
    expect((await restore("--at", "latest", "--look", "1")).status).toBe(0);
    expect(ran()).toEqual(["restore-postgres protea"]);
    const { status, stderr } = await restore("--at", "latest", "--look", "1", "--only", "bucket");
    expect(status).toBe(1);
    expect(stderr).toContain("found ONLY= and LOOK=1; only a database can be looked at");
  });

  test("ONLY=bucket leaves the database alone", async () => {
    const { status, stdout } = await restore("--at", "latest", "--only", "bucket", "--yes", "1");
    expect(status).toBe(0);
    expect(stdout).toMatch(/^protea: bucket \(1 MB\) as in the backup 20261125T030000Z /);
    expect(stdout).not.toContain("PostgreSQL");
    expect(ran()).toEqual(["restore-parts protea", HEALTHY]);
    installed("restore-parts", "exit 5");
    expect((await restore("--at", "latest", "--only", "bucket", "--yes", "1")).status).toBe(5);
    expect(ran().slice(2)).toEqual(["restore-parts protea"]);
  });

  test("ONLY=postgres,bucket: first what the database's rows point to", async () => {
    const { stdout } = await restore("--at", "latest", "--only", "postgres,bucket", "--yes", "1");
    expect(stdout).toMatch(/^protea: bucket \(1 MB\) as in [^]*\nprotea: PostgreSQL goes back to /);
    expect(ran()).toEqual(["restore-parts protea", ...ALL]);
  });

  test("INTO= another server: one database, its password by standard input, and nothing of this stack", async () => {
    installed("restore-into", `cat >>${checkout.folder}/input; exit 4`);
    const into = (...args: string[]) => restore("--at", "latest", "--into", "postgresql://ada@db.example.org", ...args);
    expect(await into("--dry", "1")).toMatchObject({
      status: 0,
      stdout: expect.stringContaining("the backup 20261125T030000Z goes into the server db.example.org:5432") as string,
    });
    expect((await into("--only", "bucket")).stderr).toContain("found INTO=: a PostgreSQL takes one database");
    expect((await into("--look", "1")).stderr).toContain("found INTO= and LOOK=1");
    const both = await checkout.operation("restore", "--at", "latest", "--into", "postgresql://ada@db.example.org");
    expect(both.stderr).toContain("found INTO=: a PostgreSQL takes one database");
    expect((await into("--yes", "1")).stderr).toBe(
      "nothing was changed: PGPASSWORD is not in the environment, and there is no terminal to ask at\n",
    );
    expect(ran()).toEqual([]);
    process.env.PGPASSWORD = "p w";
    expect((await into("--yes", "1")).status).toBe(4);
    delete process.env.PGPASSWORD;
    expect(checkout.all.at(-1)).toMatch(/^restore-into protea .* 20261125T030000Z db.example.org 5432 ada prefer$/);
    expect(readFileSync(join(checkout.folder, "input"), "utf8")).toBe("p w\n");
    expect(ran()).toEqual(["restore-into protea"]);
  });

  test("INTO= another server's bucket: ONLY=bucket, and its secret key by standard input", async () => {
    installed("into-bucket", `cat >>${checkout.folder}/input; exit 4`);
    const into = (...args: string[]) =>
      restore("--at", "latest", "--into", "s3+http://KEY@10.0.0.1:9000/copies", "--yes", "1", ...args);
    for (const more of [[], ["--only", "bucket,rabbitmq"], ["--only", "bucket,postgres"]])
      expect((await into(...more)).stderr).toContain("an S3 server takes SYSTEM=protea ONLY=bucket");
    expect((await into("--only", "bucket")).stderr).toContain("AWS_SECRET_ACCESS_KEY is not in the environment");
    expect(ran()).toEqual([]);
    process.env.AWS_SECRET_ACCESS_KEY = "p w";
    expect((await into("--only", "bucket")).status).toBe(4);
    delete process.env.AWS_SECRET_ACCESS_KEY;
    expect(readFileSync(join(checkout.folder, "input"), "utf8")).toBe("p w\n");
    expect(ran()).toEqual(["into-bucket protea-files-backup-1"]);
  });

  test("CA= goes behind the secret key, where a server has a certificate of it; what is none is refused before anything", async () => {
    installed("into-bucket", `cat >>${checkout.folder}/input; exit 4`);
    const into = (ca: string, ...args: string[]) =>
      restore(...["--at", "latest", "--only", "bucket", "--yes", "1", "--ca", ca, ...args]);
    const server = ["--into", "s3://KEY@10.0.0.1:9000/copies"];
    const authority = resolve("tests/unit/backups/authority.pem");
    expect((await into(authority)).stderr).toBe(
      "found CA= without INTO=: it is the authority of another server's certificate\n",
    );
    expect((await into("/nowhere.pem", ...server)).stderr).toMatch(/^CA=\/nowhere.pem cannot be read: ENOENT/);
    expect((await into(resolve("package.json"), ...server)).stderr).toMatch(/^CA=.* has no certificate in it/);
    expect(ran()).toEqual([]);
    process.env.AWS_SECRET_ACCESS_KEY = "p w";
    expect((await into(authority, ...server)).status).toBe(4);
    delete process.env.AWS_SECRET_ACCESS_KEY;
    expect(readFileSync(join(checkout.folder, "input"), "utf8")).toBe(`p w\n${readFileSync(authority, "utf8")}`);
  });

  describe("FROM= another folder", () => {
    const { image } = committed("local").systems[1]!.services.find(({ name }) => name === "postgres")!;
    const reads = `run -i --rm --network none --user root --entrypoint sh --mount type=bind,source=/mnt,target=/backups,readonly --env BACKUPS=/backups/protea ${image} -s --`;
    const from = (...args: string[]) => restore("--at", "latest", "--from", "/mnt/", ...args);
    beforeEach(() => {
      checkout.answer(`${reads} list`, LIST.replaceAll(" 71 ", " 72 ")).answer(`${reads} window`, WINDOW);
      checkout.answer(`${reads} check ${STAMPS[1]}`).answer(`${reads} sizes ${STAMPS[1]}`, SIZES);
    });

    test.each(["mnt", "/", "", "/a:b", "/a,b"])("%j is none", async (folder) => {
      expect((await restore("--at", "latest", "--from", folder)).stderr).toMatch(
        /^found FROM=.*, expected a folder of backups on the host, by its whole path/,
      );
    });

    test("with INTO=: its bytes are read before, and this stack's are not asked for", async () => {
      installed("restore-into", "exit 4");
      process.env.PGPASSWORD = "";
      const into = ["--into", "postgresql://ada@db.example.org", "--yes", "1"];
      // What check finds it prints.
      writeFileSync(
        checkout.answerFile(`${reads} check ${STAMPS[1]}`),
        "1\n20261125T030000Z/postgres/roles.sql: missing\n",
      );
      expect((await from(...into)).stderr).toContain("protea, /mnt: 20261125T030000Z/postgres/roles.sql: missing");
      expect(checkout.all.at(-1)).toBe(`${reads} check ${STAMPS[1]}`);
      checkout.answer(`${reads} check ${STAMPS[1]}`);
      expect((await from(...into)).status).toBe(4);
      delete process.env.PGPASSWORD;
      expect(checkout.all.at(-1)).toMatch(/^restore-into protea \/mnt protea-postgres-1 /);
      expect(checkout.all).not.toContain("start protea-postgres-backup-1");
    });

    test("into this stack's own server: read through before anything is run, then as any other; a checkpoint of it, too", async () => {
      const dry = await from("--dry", "1");
      expect(dry.stdout).toContain("  from the backup 20261125T030000Z of /mnt (verified 2026-11-25T03:00:10.000Z");
      expect(dry.stdout).toContain("  lost from the live data: all that is not in that folder");
      checkout.answer(`${reads} check ${STAMPS[1]}`, "rotten", 1);
      for (const how of [
        ["--yes", "1"],
        ["--look", "1"],
        ["--only", "bucket", "--yes", "1"],
      ])
        expect((await from(...how)).stderr).toContain("protea, /mnt: rotten");
      expect(ran()).toEqual([]);
      checkout.answer(`${reads} check ${STAMPS[1]}`);
      const at = ["restore", ...PROTEA, "--at", "before-cleaning", "--from", "/mnt"] as const;
      const { status, stdout } = await checkout.operation(...at, "--only", "postgres,bucket", "--yes", "1");
      expect([status, ran()]).toEqual([0, ["restore-parts protea", ...ALL]]);
      expect(stdout).toContain("protea: reads every byte of /mnt/protea/20261125T030000Z\n");
      const told = checkout.all.filter((call) => /^restore-/.test(call)).map((call) => call.split(" "));
      expect([told[0]![4], told[1]![6]]).toEqual([`/mnt/protea/${STAMPS[1]}`, `/mnt/protea/${STAMPS[1]}`]);
    });
  });

  test("what a restore that was killed left stopped, and reads the folder of backups, is started", async () => {
    expect((await restore("--at", "latest", "--dry", "1")).status).toBe(0);
    expect(checkout.all[0]).toBe("start protea-postgres-backup-1");
    checkout.answer("start protea-postgres-backup-1", "No such container\n", 1);
    expect(await restore("--at", "latest", "--dry", "1")).toMatchObject({
      status: 1,
      stderr: "No such container\nmake up makes what is gone; then the same command again\n",
    });
  });

  test("a server that is down, where no checkpoint can be set, is a reason to restore", async () => {
    const ask = "exec -i -u root protea-postgres-backup-1 sh -s -- before restore";
    checkout.answer(ask, "it is down", 1);
    const { status, stdout } = await restore("--at", "latest", "--yes", "1");
    expect(status).toBe(0);
    expect(stdout).toContain("warning: no checkpoint is set before: protea: it is down\n");
    expect(ran()).toEqual(ALL);
  });
});
