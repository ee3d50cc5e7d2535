/** What is made on a new host: looked at first, and only what differs. Real folders; the kernel's settings in a folder of the test. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync, chmodSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { FakeDocker } from "../support/fake-docker.ts";

const ROOT = process.getuid?.() === 0;
const asUser = ROOT ? { user: 65_534 } : {};

let docker: FakeDocker;
let folder: string;
beforeEach(() => {
  docker = new FakeDocker()
    .answer("volume ls --format {{.Name}}", "other\n")
    .answer("network ls --format {{.Name}}", "bridge\n");
  folder = mkdtempSync(join(tmpdir(), "prepare-"));
  chmodSync(folder, 0o755);
});
afterEach(() => {
  docker.remove();
  rmSync(folder, { recursive: true });
});

const prepare = (things: string[], options: Parameters<FakeDocker["inline"]>[3] = {}) => {
  const { status, stdout, stderr } = docker.inline("prepare", ["machine"], things, options);
  return { status, text: stdout + stderr };
};
const DONE = { status: 0, text: "" };

test("a folder, with those above it, of the user that logs in; a second time nothing is done", () => {
  const path = join(folder, "a/b");
  expect(prepare([`folder ${path} -`])).toEqual({
    status: 0,
    text: `prepare: mkdir -p ${path} && chown ${userInfo().username} ${path}\n`,
  });
  const { ino, uid } = statSync(path);
  expect(uid).toBe(process.getuid!());
  expect(prepare([`folder ${path} -`, `folder ${path} ${uid}`])).toEqual(DONE);
  expect(statSync(path).ino).toBe(ino);
});

test("a folder of somebody else's, where this user may not: refused, with the command, and nothing is made", () => {
  const path = join(folder, "new");
  expect(prepare([`folder ${path} 1234:5678`], asUser)).toEqual({
    status: 1,
    text:
      `prepare: folder ${path} 1234:5678: not as declared (host:prepare), and not this user's to make; ` +
      `an administrator types: sudo sh -c 'mkdir -p ${path} && chown 1234:5678 ${path}'\n`,
  });
  expect(existsSync(path)).toBe(false);
});

(ROOT ? test : test.failing)("an empty folder of somebody else's is given its owner by root", () => {
  const path = join(folder, "empty");
  mkdirSync(path);
  expect(prepare([`folder ${path} 1234:5678`])).toEqual({ status: 0, text: `prepare: chown 1234:5678 ${path}\n` });
  expect(statSync(path)).toMatchObject({ uid: 1234, gid: 5678 });
});

test("a folder that has contents keeps its owner, also from root", () => {
  const path = join(folder, "full");
  mkdirSync(path);
  writeFileSync(join(path, "data"), "42");
  expect(prepare([`folder ${path} 1234`]).status).toBe(1);
  expect(statSync(path).uid).toBe(process.getuid!());
});

test("volumes and networks are made where they are missing, and asked for by their whole name", () => {
  docker.answer("volume ls --format {{.Name}}", "data2\nmydata\nda.a\n");
  docker.answer("volume create data", "data\n").answer("network create web", "1a2b\n");
  expect(prepare(["volume data", "network web", "network bridge", "volume data2"])).toEqual({
    status: 0,
    text: "prepare: docker volume create data\nprepare: docker network create web\ndata\n1a2b\n",
  });
  expect(docker.calls.filter((call) => call.includes("create"))).toEqual(["volume create data", "network create web"]);
});

test("a volume that a backup fills is made only where there is one", () => {
  docker.answer("volume ls --format {{.Name}}", "").answer("volume create data", "data\n");
  expect(prepare([`volume data ${folder}/robotoff`])).toEqual({
    status: 1,
    text:
      `prepare: the volume data does not exist, and no verified backup in ${folder}/robotoff could fill it; ` +
      "create it (docker volume create data)\n",
  });
  mkdirSync(join(folder, "robotoff/latest"), { recursive: true });
  expect(prepare([`volume data ${folder}/robotoff`])).toEqual({
    status: 0,
    text: "prepare: docker volume create data\ndata\n",
  });
});

test("a list that docker does not give is not an empty one: nothing is made", () => {
  docker.answer("volume ls --format {{.Name}}", "no answer\n", 1);
  expect(prepare(["volume data"])).toEqual({
    status: 1,
    text: "no answer\nprepare: docker volume ls failed; see above\n",
  });
});

test("what fails stops it, and says what", () => {
  docker.answer("volume create data", "no space left\n", 1);
  expect(prepare(["volume data", "network web"])).toEqual({
    status: 1,
    text: "prepare: docker volume create data\nno space left\nprepare: docker volume create data failed; see above\n",
  });
});

describe("the kernel's settings", () => {
  const file = () => join(folder, "vm/max_map_count");
  const persistent = () => join(folder, "90-robotoff-protea.conf");
  const set = (value: number, options = {}) => {
    mkdirSync(join(folder, "vm"), { recursive: true });
    writeFileSync(file(), `${value}\n`);
    docker.program("sysctl", `[ "$*" = "-q -w vm.max_map_count=262144" ] && echo 262144 > ${file()}`);
    return prepare(["sysctl vm.max_map_count 262144"], {
      ...options,
      variables: { SYSCTLS: folder, SYSCTL_FILES: folder },
    });
  };

  test("enough is left as it is", () => {
    expect(set(300_000)).toEqual(DONE);
    expect(readFileSync(file(), "utf8")).toBe("300000\n");
    expect(existsSync(persistent())).toBe(false);
  });

  test("nobody but root", () => {
    expect(set(65_530, asUser)).toMatchObject({
      status: 1,
      text: expect.stringContaining("sudo sh -c 'sysctl -q -w vm") as string,
    });
    expect(readFileSync(file(), "utf8")).toBe("65530\n");
  });

  (ROOT ? test : test.failing)("root sets it, now and for the next boot", () => {
    expect(set(65_530).status).toBe(0);
    expect(readFileSync(file(), "utf8")).toBe("262144\n");
    expect(readFileSync(persistent(), "utf8")).toBe("vm.max_map_count=262144\n");
  });
});

test("a thing that nobody knows", () => {
  expect(prepare(["rm -rf"])).toEqual({ status: 1, text: "prepare: unknown: rm -rf\n" });
});
