// What runs on a host: docker, scripts by standard input, Docker's API. Real processes, found by an ssh of ours.
import type * as childProcess from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { dockerApi } from "../../../hosts/api.ts";
import { checkHost, clockProblem, preparations } from "../../../hosts/checks.ts";
import { docker, dockerOutput, show } from "../../../hosts/docker.ts";
import { inContainer, runInstalled } from "../../../hosts/installed.ts";
import { runScript, showScript } from "../../../hosts/run.ts";
import { inlineCommand, installCommand, runCommand, script } from "../../../hosts/scripts.ts";
import { serviceSpec } from "../../../systems/service-spec.ts";
import type { ServiceSpec, SystemSpec } from "../../../systems/spec.ts";
import { FakeDocker } from "../support/fake-docker.ts";
import { committed } from "../support/stack.ts";

const OWN = { protectVolumes: false, generateSecrets: false };
const host = (endpoint: string) => ({ ...OWN, docker: endpoint });
const NOTHING = { folders: [], volumes: [], networks: [], sysctl: {} };
const FAR = { ...OWN, ssh: { address: "x", user: "off", port: 22, hostKeys: [], connections: 8 } };

jest.mock("node:child_process", () => {
  const real = jest.requireActual<typeof childProcess>("node:child_process");
  // This process's PATH, which a test changes, is not what a child would be found by.
  const own = (options: object) => ({ env: process.env, ...options });
  return {
    ...real,
    spawn: (command: string, args: string[], options: object) => real.spawn(command, args, own(options)),
    spawnSync: (command: string, args: string[], options: object) => real.spawnSync(command, args, own(options)),
  };
});

let fake: FakeDocker;
const { PATH } = process.env;
let errors: string[] = [];
beforeEach(() => {
  fake = new FakeDocker();
  process.env.PATH = `${fake.folder}:${PATH}`;
  errors = [];
  jest.spyOn(console, "error").mockImplementation((text: string) => void errors.push(text));
});
afterEach(() => {
  process.env.PATH = PATH;
  fake.remove();
  jest.restoreAllMocks();
});

describe("docker", () => {
  test("what it prints, what it complains of, and its exit code; nothing is thrown", () => {
    fake.answer("ps", "one\n").answer("inspect x", "no such object\n", 3);
    expect(docker(OWN, ["ps"])).toEqual({ code: 0, stdout: "one\n", stderr: "" });
    expect(docker(OWN, ["inspect", "x"])).toEqual({ code: 3, stdout: "", stderr: "no such object\n" });
  });

  test("another socket, or another host by ssh", () => {
    fake.answer("-H unix:///x.sock ps", "by the socket").program("ssh", 'echo "$@"');
    expect(docker(host("unix:///x.sock"), ["ps"]).stdout).toBe("by the socket");
    expect(docker(FAR, ["ps", "a b"]).stdout).toBe("-F .local/ssh/x/config x -- docker ps 'a b'\n");
  });

  test("its standard input", () => {
    fake.program("docker", "cat");
    expect(docker(OWN, ["exec"], "some words").stdout).toBe("some words");
  });

  test("a docker that is not installed, or that was killed, failed", () => {
    process.env.PATH = "/nowhere";
    const way =
      "there is no docker on this machine: install Docker Engine 25 or newer, https://docs.docker.com/engine/install/";
    const said = `docker: spawnSync docker ENOENT\n${way}`;
    expect(docker(OWN, ["ps"])).toEqual({ code: 1, stdout: "", stderr: `${said}\n` });
    expect(() => dockerOutput(OWN, ["ps"])).toThrow(new Error(said));
    process.env.PATH = `${fake.folder}:${PATH}`;
    fake.program("docker", "kill -9 $$");
    expect(docker(OWN, ["ps"])).toEqual({ code: 1, stdout: "", stderr: "" });
  });

  test("what must succeed: its output, or what docker said", () => {
    fake.answer("ps", "one\n").answer("ps --all", "\n daemon is away \n", 1).answer("info -f x", "", 4);
    expect(dockerOutput(OWN, ["ps"])).toBe("one\n");
    expect(() => dockerOutput(OWN, ["ps", "--all"])).toThrow(new Error("daemon is away"));
    expect(() => dockerOutput(OWN, ["info", "-f", "x"])).toThrow(new Error("docker info -f x: exit code 4"));
  });

  test.each([
    ["container 4f0976ca69ad is not running", "exec", true],
    ["No such container: protea-api-1", "exec", true],
    ["No such container: protea-api-1", "inspect", false],
    ["OCI runtime exec failed: python is not running anywhere", "exec", false],
  ])("%s, of %s: what to do about it is added %s", (said, verb, added) => {
    fake.answer(`${verb} x`, said, 1);
    expect(() => dockerOutput(OWN, [verb, "x"])).toThrow(
      new RegExp(`^${said}${added ? "\nmake status shows .*" : ""}$`),
    );
  });
});

describe("a command that is shown", () => {
  const quiet = { stdio: "ignore" } as const;

  test.each<[string, number]>([
    ["exit 0", 0],
    ["exit 17", 17],
    ["kill -INT $$", 0],
    ["kill -KILL $$", 1],
  ])("%s: %d", async (words, code) => {
    expect(await show(["sh", "-c", words], quiet)).toBe(code);
    expect(errors).toEqual([`sh -c '${words}'`]);
  });

  test("one that is not there", async () => {
    await expect(show(["no-such-program"], quiet)).rejects.toThrow("spawn no-such-program ENOENT");
  });
});

describe("scripts", () => {
  const content = readFileSync("hosts/scripts/disk.sh", "utf8");
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 12);
  const path = `"$HOME"/.local/share/robotoff-protea/scripts/disk-${hash}.sh`;

  test("a script's content, the beginning of its hash, and where a host has it", () => {
    expect(script("disk")).toEqual({ content, hash, path });
  });

  test("how it is installed and run: whole or not at all, its arguments as they are", () => {
    const folder = '"$HOME"/.local/share/robotoff-protea/scripts';
    expect(installCommand(script("disk"))).toBe(
      `mkdir -p ${folder} && cat > ${path}.$$ && chmod 755 ${path}.$$ && mv ${path}.$$ ${path}`,
    );
    expect(runCommand(script("disk"), ["a", "b c"])).toBe(`${path} a 'b c'`);
    expect(inlineCommand(["a", "b c"])).toBe("sh -s -- a 'b c'");
    expect(inlineCommand([])).toBe("sh -s --");
  });

  test("it runs by standard input, with its arguments, on the stack's engine", () => {
    fake.program("sh", 'echo "$DOCKER_HOST $PATH $*"; wc -l >&2; exit 3');
    fake.program("ssh", "echo $@; exec cat >&2");
    const lines = `${content.trimEnd().split("\n").length}\n`;
    process.env.DOCKER_HOST = "unchanged";
    const ssh = runScript(FAR, "disk", ["/var/lib/docker"]);
    expect(ssh).toEqual({ code: 0, stdout: "-F .local/ssh/x/config x -- sh -s -- /var/lib/docker\n", stderr: content });
    const own = runScript(OWN, "disk");
    expect(own).toEqual({ code: 3, stdout: `unchanged ${process.env.PATH} -s --\n`, stderr: lines });
    delete process.env.DOCKER_HOST;
    expect(runScript(host("unix:///x.sock"), "disk").stdout).toBe(`unix:///x.sock ${process.env.PATH} -s --\n`);
  });

  test("a host without ssh, and one whose shell was killed", () => {
    process.env.PATH = "/nowhere";
    expect(runScript(FAR, "disk")).toEqual({ code: 1, stdout: "", stderr: "ssh: spawnSync ssh ENOENT" });
    process.env.PATH = `${fake.folder}:${PATH}`;
    fake.program("ssh", "cat >/dev/null; kill -9 $$");
    expect(runScript(FAR, "disk")).toEqual({ code: 1, stdout: "", stderr: "" });
  });

  test("how it can be run by hand", () => {
    showScript(FAR, "disk", ["a b"]);
    showScript(OWN, "gpu");
    expect(errors).toEqual([
      "ssh -F .local/ssh/x/config x -- 'sh -s -- '\\''a b'\\''' < hosts/scripts/disk.sh",
      "/bin/sh -c 'sh -s --' < hosts/scripts/gpu.sh",
    ]);
  });
});

describe("installed scripts", () => {
  const far = FAR;
  const [first, second] = [script("job"), script("healthy")];
  /** An ssh that notes the command lines, and what goes in by standard input: not a script's own, which is the terminal. */
  const noting = (answer: string) =>
    fake.program(
      "ssh",
      `shift 4; echo "$*" >>${fake.folder}/lines
      case "$*" in '"'*) ;; *) cat >>${fake.folder}/inputs ;; esac
      ${answer}`,
    );
  const lines = () => readFileSync(`${fake.folder}/lines`, "utf8").trim().split("\n");
  const inputs = () => readFileSync(`${fake.folder}/inputs`, "utf8");
  const LOOK = [first, second].map(({ path, hash }) => `[ -x ${path} ] || echo ${hash}`).join("; ");

  test("what the host has is run as it is, with its arguments and its exit code", async () => {
    noting(`case "$*" in *' a '*) exit 3 ;; esac`);
    expect(await runInstalled(far, "job", ["a", "b c"], ["healthy"])).toBe(3);
    expect(lines()).toEqual([LOOK, `${first.path} a 'b c'`]);
    expect(inputs()).toBe("");
    expect(errors).toHaveLength(1);
  });

  test("what it has not is installed first, and nothing else", async () => {
    noting(`case "$*" in *'|| echo'*) echo ${second.hash} ;; esac`);
    expect(await runInstalled(far, "job", [], ["healthy"])).toBe(0);
    expect(lines()).toEqual([LOOK, installCommand(second), first.path]);
    expect(inputs()).toBe(second.content);
  });

  test("a script alone", async () => {
    noting("");
    await runInstalled(far, "job", []);
    expect(lines()).toEqual([LOOK.split("; ")[0], first.path]);
  });

  test.each<[string, string]>([
    ["echo ' no route to host ' >&2; exit 255", "no route to host"],
    ["exit 7", `exit code 7: ${LOOK.split("; ")[0]}`],
  ])("a host that does not answer (%s): nothing is run", async (answer, message) => {
    noting(answer);
    await expect(async () => runInstalled(far, "job", [])).rejects.toThrow(new Error(message));
    expect(lines()).toHaveLength(1);
  });

  test("no ssh", async () => {
    process.env.PATH = "/nowhere";
    await expect(async () => runInstalled(far, "job", [])).rejects.toThrow(new Error("ssh: spawnSync ssh ENOENT"));
  });

  test("another socket: docker finds it by its environment", async () => {
    const home = fake.folder;
    const { HOME } = process.env;
    process.env.HOME = home;
    fake.program("docker", `echo "$DOCKER_HOST $*" >>${home}/calls; echo 0`);
    const code = await runInstalled(host("unix:///x.sock"), "job", ["one"]);
    const ran = inContainer(host("unix:///x.sock"), "box", "postgres", "job", ["a", "b c"]);
    process.env.HOME = HOME;
    expect(code).toBe(0);
    expect(fake.calls.every((call) => call.startsWith("unix:///x.sock "))).toBe(true);
    expect(ran).toEqual({ code: 0, stdout: "0\n", stderr: "" });
    expect(fake.calls.at(-1)).toBe("unix:///x.sock exec -i -u postgres box sh -s -- a b c");
  });

  test("in a container, from standard input: what it prints, complains of, and its exit code", () => {
    noting("echo printed; echo complained >&2; exit 4");
    expect(inContainer(far, "box", "postgres", "job", ["a", "b c"])).toEqual({
      code: 4,
      stdout: "printed\n",
      stderr: "complained\n",
    });
    expect(lines()).toEqual(["docker exec -i -u postgres box sh -s -- a 'b c'"]);
    expect(inputs()).toBe(first.content);
  });

  test("in a container of a host without ssh, or whose ssh was killed", () => {
    fake.program("ssh", "cat >/dev/null; kill -9 $$");
    expect(inContainer(far, "box", "u", "job", [])).toEqual({ code: 1, stdout: "", stderr: "" });
    process.env.PATH = "/nowhere";
    expect(inContainer(far, "box", "u", "job", [])).toEqual({
      code: 1,
      stdout: "",
      stderr: "ssh: spawnSync ssh ENOENT",
    });
  });
});

describe("the checks of a host", () => {
  const { systems, host: production } = committed("production");
  test.each<[string, string, unknown]>([
    ["nothing wrong", "cat >/dev/null", undefined],
    ["what they found", "cat >/dev/null; echo ' a problem ' >&2; exit 1", "a problem"],
    ["nothing at all", "cat >/dev/null; exit 255", "the checks of the host ended with exit code 255"],
    [
      "that the clock is wrong, alone",
      "cat >/dev/null; echo clock 1",
      expect.stringMatching(
        /^checks, before any change, found:\n {2}the host's clock is \d+ s behind this machine's; /,
      ),
    ],
    [
      "and with something else",
      "cat >/dev/null; echo clock 9999999999; echo a problem >&2; exit 1",
      expect.stringMatching(/^a problem\n {2}the host's clock is \d+ s ahead of this machine's; /),
    ],
  ])("they say %s", (_what, words, problems) => {
    fake.program("ssh", words);
    expect(checkHost(FAR, "production", systems)).toEqual({ problems, warnings: [], missing: [] });
  });

  test("what is in nobody's way, and what will be made", () => {
    const said = ["clock $(date +%s)", "warning little room", "missing folder /srv/x", "warnings", "warning and more"];
    fake.program("ssh", `cat >/dev/null; ${said.map((line) => `echo "${line}"`).join("; ")}`);
    expect(checkHost(FAR, "production", systems)).toEqual({
      warnings: ["little room", "and more"],
      missing: ["folder /srv/x"],
    });
  });

  test("the script is given the stack's name and every check of the host and of every system", () => {
    fake.program("ssh", 'cat >/dev/null; echo "$@" >&2; exit 1');
    const host = {
      ...FAR,
      backups: production.backups,
      prepare: { ...NOTHING, folders: [{ path: "/srv/x" }], volumes: ["robotoff_backup"] },
    };
    const said = checkHost(host, "production", systems).problems!;
    expect(said).toContain("-- sh -s -- production 'prepare folder /srv/x -' 'backups /srv/backups' schedule 'limits ");
    expect(said).toContain(" 'external volume robotoff_postgres-data /srv/backups/robotoff' ");
    expect(said).toContain(" 'external volume robotoff_backup made' ");
    expect(said).toContain(" 'limit 4294967296 robotoff:services.redis.memory' ");
    expect(said).toContain(" 'container protea-frontend-1' ");
    expect(said).not.toContain("folder /srv/backups");
  });

  test("the sum of the limits is of what runs for long, each as often as it runs", () => {
    fake.program("ssh", 'cat >/dev/null; echo "$@" >&2; exit 1');
    const service = (change: Partial<ServiceSpec>) => serviceSpec({ name: "x", image: "x:1", memory: 100, ...change });
    const services = [
      service({ replicas: 3 }),
      service({ kind: "job", memory: 1_000 }),
      service({ replicas: 0 }),
      service({ memory: 7 }),
    ];
    const one: SystemSpec = { name: "robotoff", project: "robotoff", separator: "_", services, volumes: [] };
    expect(checkHost(FAR, "x", [one]).problems).toContain("'limits 307'");
  });
});

test.each<[number, RegExp | undefined]>([
  [1_000, undefined],
  [1_030, undefined],
  [940, undefined],
  [1_090, undefined],
  [939, /^the host's clock is 61 s behind this machine's; expected 60 s at most: /],
  [1_091, /^the host's clock is 61 s ahead of this machine's; /],
])("a clock that shows %d between 1000 and 1030 here: the way there is no error of it", (shown, expected) => {
  const problem = clockProblem(shown, 1_000, 1_030);
  if (expected) expect(problem).toMatch(expected);
  else expect(problem).toBeUndefined();
});

test("what is made on a new host, in one order however it is declared", () => {
  const prepare = {
    folders: [{ path: "/srv/x" }, { path: "/srv/y", owner: "1000:1000" }],
    volumes: ["v"],
    networks: ["n"],
    sysctl: { "vm.max_map_count": 262_144, "fs.file-max": 1 },
  };
  expect(preparations({ ...OWN, prepare }, [])).toEqual([
    "folder /srv/x -",
    "folder /srv/y 1000:1000",
    "sysctl fs.file-max 1",
    "sysctl vm.max_map_count 262144",
    "volume v",
    "network n",
  ]);
  expect(preparations(OWN, [])).toEqual([]);
  // Staging fills what is empty from its backups, and made fillable what is external and not made anyway.
  const { host, systems } = committed("staging");
  expect(preparations({ ...host, prepare: { ...prepare, volumes: ["robotoff_backup"] } }, systems)).toEqual(
    expect.arrayContaining(["volume robotoff_backup", "volume robotoff_es-data /srv/backups/robotoff"]),
  );
  const never = { ...host.backups!, restoreWhenEmpty: "never" as const };
  expect(preparations({ ...host, backups: never, prepare: undefined }, systems)).toEqual([]);
});

describe("Docker's API", () => {
  const response = (status: string, body: string) =>
    `HTTP/1.1 ${status}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  const post = () => dockerApi(OWN, "/containers/create?name=x", { Image: "ü" });

  test("the whole request, and the answer's body", async () => {
    fake.answer("system dial-stdio", response("201 Created", '{"Id": "abc"}'));
    fake.program(
      "docker",
      readFileSync(`${fake.folder}/docker`, "utf8").replace(
        "IFS= read -r line",
        `IFS= read -r line && printf '%s\\n' "$line" >>"$dir/head"`,
      ),
    );
    expect(await post()).toEqual({ Id: "abc" });
    const head = readFileSync(`${fake.folder}/head`, "utf8").toLowerCase().split("\r\n");
    expect(head).toEqual([
      "post /containers/create?name=x http/1.1",
      "content-type: application/json",
      "content-length: 14",
      "host: docker:80",
      "connection: close",
      "",
      "",
    ]);
    expect(fake.requests.split("\n")[1]).toBe('{"Image":"ü"}');
  });

  test.each<[string, string, string]>([
    ["400 Bad Request", '{"message": "no such image"}', "no such image"],
    ["500 Internal Server Error", "", "docker: HTTP 500"],
  ])("%s: %j", async (status, body, message) => {
    fake.answer("system dial-stdio", response(status, body));
    await expect(post()).rejects.toThrow(new Error(message));
  });

  test("a docker that has ended before its answer is read", async () => {
    fake.answer("system dial-stdio", response("201 Created", '{"Id": "abc"}'));
    const docker = readFileSync(`${fake.folder}/docker`, "utf8");
    // The same in a process that goes on alone, and answers when this one has ended.
    fake.program("docker", docker.replace('tail -n +2 "$answer";', '(sleep 0.3; tail -n +2 "$answer") & exit 0;'));
    expect(await post()).toEqual({ Id: "abc" });
  });

  test("an answer without a body, and one that has a message and is no error", async () => {
    fake.answer("system dial-stdio", response("204 No Content", ""));
    expect(await post()).toEqual({});
    fake.answer("system dial-stdio", response("200 OK", '{"message": "fine"}'));
    expect(await post()).toEqual({ message: "fine" });
  });

  test("no engine: what docker said, or that the connection ended", async () => {
    fake.answer("system dial-stdio", "\nCannot connect to the Docker daemon\n", 1);
    await expect(post()).rejects.toThrow(new Error("Cannot connect to the Docker daemon"));
    fake.program("docker", "exit 1");
    await expect(post()).rejects.toThrow();
  });

  test("no docker", async () => {
    process.env.PATH = "/nowhere";
    await expect(post()).rejects.toThrow("spawn docker ENOENT");
  });
});
