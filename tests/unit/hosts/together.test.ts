// Several command lines in one round trip: real shells, found by an ssh of ours.
import type * as childProcess from "node:child_process";
import { together } from "../../../hosts/together.ts";
import { FakeDocker } from "../support/fake-docker.ts";

jest.mock("node:child_process", () => {
  const real = jest.requireActual<typeof childProcess>("node:child_process");
  // This process's PATH, which a test changes, is not what a child would be found by.
  const spawnSync = (command: string, args: string[], options: object) =>
    real.spawnSync(command, args, { env: process.env, ...options });
  return { ...real, spawnSync };
});

const HERE = { protectVolumes: false, generateSecrets: false };
const FAR = { ...HERE, ssh: { address: "x", user: "off", port: 22, hostKeys: [], connections: 8 } };

let fake: FakeDocker;
const { PATH } = process.env;
beforeEach(() => {
  fake = new FakeDocker();
  process.env.PATH = `${fake.folder}:${PATH}`;
});
afterEach(() => {
  process.env.PATH = PATH;
  fake.remove();
});

test("each has its own output, complaint and exit code, and the whole input, whatever the bytes", () => {
  const input = "ä 1\nno newline at the end";
  const lines = ["cat", "printf 'é\\n3 1 1\\n'; echo 'it is' >&2; exit 3", "true", 'head -n 1; echo "it\'s $0"'];
  expect(together(HERE, lines, input)).toEqual([
    { code: 0, stdout: input, stderr: "" },
    { code: 3, stdout: "é\n3 1 1\n", stderr: "it is\n" },
    { code: 0, stdout: "", stderr: "" },
    { code: 0, stdout: "ä 1\nit's sh\n", stderr: "" },
  ]);
});

test("over SSH it is one command, whose words are the shell's there", () => {
  fake.program("ssh", `echo ssh "$1 $2 $3 $4" >>${fake.folder}/calls; shift 4; exec sh -c "$*"`);
  expect(together(FAR, ["echo 'a  b'", "cat"], "c").map(({ stdout }) => stdout)).toEqual(["a  b\n", "c"]);
  expect(fake.calls).toEqual(["ssh -F .local/ssh/x/config x --"]);
});

test("a host without room for its answers says that, and no answer is taken for an empty one", () => {
  fake.program("mktemp", "echo /dev/full/x");
  for (const { code, stderr } of together(HERE, ["true", "true"])) {
    expect(code).not.toBe(0);
    expect(stderr).toContain("/dev/full/x");
  }
});

test("nothing to ask, nothing asked", () => {
  fake.program("ssh", `echo ssh >>${fake.folder}/calls`).answer("ps");
  expect(together(FAR, [])).toEqual([]);
  expect(together(HERE, ["docker ps"])).toHaveLength(1);
  expect(fake.calls).toEqual(["ps"]);
});

test("where the host does not answer, each says so, with what to do; so does each that docker refuses", () => {
  fake.program("ssh", "echo 'Host key verification failed.' >&2; exit 255");
  const answers = together(FAR, ["true", "true"]);
  expect(answers).toHaveLength(2);
  for (const { code, stdout, stderr } of answers) {
    expect([code, stdout]).toEqual([255, ""]);
    expect(stderr).toMatch(/^Host key verification failed\.\nmake trust/);
  }
  fake.answer("ps", "Cannot connect to the Docker daemon at unix:///x\n", 1);
  expect(together(HERE, ["true", "docker ps"])[1]!.stderr).toMatch(/the engine of this machine does not run/);
});

test("one that an engine does not answer is not waited for for ever; the others have answered", () => {
  process.env.DOCKER_CLIENT_TIMEOUT = "0.5";
  fake.program("docker", "exec sleep 60");
  const [first, second] = together(HERE, ["docker exec -i x", "echo there"]);
  delete process.env.DOCKER_CLIENT_TIMEOUT;
  expect(first!.stderr).toMatch(/^docker exec -i: the engine does not answer within 0.5 s: /);
  expect(second!.stdout).toBe("there\n");
});
