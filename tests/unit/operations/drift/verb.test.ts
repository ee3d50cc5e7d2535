// `make drift` from its questions to its exit code, and `make heal` until it goes on: a docker that answers from files, and a pulumi that
// has the state.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Checkout } from "../../support/checkout.ts";
import { engine, NAME, PASSWORD, state } from "../../support/drift.ts";

const EXPORT = "pulumi stack export --show-secrets --stack local";
const CONTENT = "#!/bin/sh\n";
const HASH = createHash("sha256").update(CONTENT).digest("hex");

let checkout: Checkout;
/** What docker prints for `docker WORDS…`; a script's text. */
let answers: Record<string, string>;

beforeEach(() => {
  checkout = new Checkout();
  const { container, image, network, volume } = engine();
  answers = {
    "container ls": container.Id,
    "container inspect --format": image.Id,
    "container inspect": JSON.stringify([container]),
    "network inspect": JSON.stringify([network]),
    "volume ls": volume.Name,
    "volume inspect": JSON.stringify([volume]),
    "image inspect": JSON.stringify([image]),
  };
  checkout.pulumi(`cat ${join(checkout.folder, "export")}`);
});
afterEach(() => checkout.remove());

/** @param after a shell's words that end the docker */
const drift = (args: string[] = [], after = "", resources: object[] = state()) => verb("drift", args, after, resources);

async function verb(
  name: "drift" | "heal",
  args: string[],
  after: string,
  resources: object[],
  of = ["--system", "protea"],
) {
  writeFileSync(join(checkout.folder, "export"), JSON.stringify({ deployment: { resources } }));
  const cases = Object.entries(answers).map(([words, answer], index) => {
    writeFileSync(join(checkout.folder, `answer-${index}`), answer);
    return `"${words} "*) cat ${join(checkout.folder, `answer-${index}`)} ;;`;
  });
  const copied = `"container cp "*) echo "Error response from daemon: No such container: x" >&2; exit 1 ;;`;
  checkout.program(
    "docker",
    `${after}\necho "$*" >> ${checkout.folder}/calls\ncase "$* " in\n${cases.join("\n")}\n${copied}\n*) echo "asked: $*" >&2; exit 9 ;; esac`,
  );
  return checkout.operation(name, ...of, ...args);
}

test("a table, and how many; the exit code is 2, and no secret is among it", async () => {
  const { status, stdout, stderr } = await drift();
  expect(status).toBe(2);
  expect(stdout).toMatch(/^WHERE +WHAT +DECLARED +FOUND +MEND\n/);
  expect(stdout).toMatch(/^protea-minio-1 +container +there +missing +make up$/m);
  expect(stdout).not.toMatch(new RegExp(`^${NAME} +(state|env|memory)`, "m"));
  expect(stderr).toMatch(/^\d+ differences in \d+ places\n$/);
  expect(stdout + stderr).not.toContain(PASSWORD);
  // Nothing but questions.
  const asked = checkout.calls.map((call) => call.split(" ").slice(0, 2).join(" "));
  const QUESTIONS = ["container cp", "container inspect", "container ls", "image inspect", "network inspect"];
  expect([...new Set(asked)].sort()).toEqual([...QUESTIONS, "pulumi stack", "volume inspect", "volume ls"]);
  expect(checkout.calls).toContain(EXPORT);
});

test("JSON=1: all of it, for programs", async () => {
  const { status, stdout } = await drift(["--json", "1"]);
  expect(status).toBe(2);
  expect(JSON.parse(stdout)).toContainEqual({
    ...{ where: "protea-minio-1", what: "container", declared: "there", found: "missing", mend: "make up" },
  });
});

describe("TELL=1: the alerts are told how many, and when", () => {
  const told = () => readFileSync(join(checkout.folder, "told"), "utf8");
  const EXEC = `case "$*" in exec*) { echo "$*"; cat; } > told; exit "$code" ;; esac`;
  const tell = (code: 0 | 1 = 0) => verb("drift", ["--tell", "1"], `code=${code}; ${EXEC}`, state(), []);
  const watched = (text: string) => text.replace(/^config:$/m, "config:\n  monitoring:enabled: true");
  const change = (how: (text: string) => string) => writeFileSync(checkout.stackFile("local"), how(checkout.text("local")));

  test("by a container that may write where backups write", async () => {
    change(watched);
    const before = Math.floor(Date.now() / 1_000);
    const { status, stderr } = await tell();
    const [, differences] = /^(\d+) differences in \d+ places\n$/.exec(stderr)!;
    expect(status).toBe(2);
    const [command, ...lines] = told().trim().split("\n");
    expect(command).toBe('exec -i robotoff_postgres-backup_1 sh -c cat > "$BACKUPS/metrics/drift.prom".new && chmod 644 "$BACKUPS/metrics/drift.prom".new && mv "$BACKUPS/metrics/drift.prom".new "$BACKUPS/metrics/drift.prom"');
    expect(lines.slice(0, 3)).toEqual(["# TYPE robotoff_protea_drift_differences gauge", `robotoff_protea_drift_differences ${differences}`, "# TYPE robotoff_protea_drift_timestamp_seconds gauge"]);
    expect(Number(lines[3]!.split(" ")[1])).toBeGreaterThanOrEqual(before);
  });

  test("where that fails, it could not be told, and what was seen is shown all the same", async () => {
    change(watched);
    const { status, stdout } = await tell(1);
    expect(status).toBe(1);
    expect(stdout).toMatch(/^WHERE/);
  });

  test.each([
    ["the stack is not watched", (text: string) => text],
    ["without host:backups there is no folder for it", (text: string) => watched(text).replace(/^ {2}host:backups:\n(?: {4}.*\n)+/m, "")],
  ])("%s: that is said, and nothing else is otherwise", async (why, how) => {
    change(how);
    const { status, stderr } = await tell();
    expect(status).toBe(2);
    expect(stderr).toMatch(new RegExp(`^\\d+ differences in \\d+ places\nthe alerts are not told: ${why}\n$`));
    expect(existsSync(join(checkout.folder, "told"))).toBe(false);
  });

  test("of one system alone it would be half of it", async () => {
    const { status, stderr } = await drift(["--tell", "1"]);
    expect([status, stderr]).toEqual([1, "found TELL= and SYSTEM=, expected TELL= alone: the alerts are told of the whole stack\n"]);
  });
}); // prettier-ignore

test("a script that is no longer what was installed", async () => {
  const name = `job-${HASH.slice(0, 12)}.sh`;
  const urn = "urn:pulumi:local::robotoff-protea::x$command:local:Command::host-script-job";
  const script = { urn, type: "command:local:Command", id: "1", inputs: { create: `mv x "$HOME"/scripts/${name}` } };
  const folder = join(checkout.folder, ".local/share/robotoff-protea/scripts");
  spawnSync("mkdir", ["-p", folder]);
  const told = async () => (await drift([], "", [...state(), script])).stdout;
  expect(await told()).toMatch(new RegExp(`^${name} +script of the host +${HASH.slice(0, 12)} +missing +make heal: replaced$`, "m")); // prettier-ignore
  writeFileSync(join(folder, name), CONTENT, { mode: 0o755 });
  expect(await told()).not.toContain(name);
  writeFileSync(join(folder, name), "#!/bin/sh\nexit 0\n");
  expect(await told()).toMatch(new RegExp(`^${name} `, "m"));
});

test("without the passphrase the values of secrets are left out, and that is said", async () => {
  const environment = process.env.WITHOUT_SECRETS;
  process.env.WITHOUT_SECRETS = "1";
  try {
    const { status, stderr } = await drift();
    expect([status, stderr.split("\n")[1]]).toEqual([2, "the values of secrets were not compared"]);
    expect(checkout.calls).toContain("pulumi stack export --stack local");
  } finally {
    if (environment === undefined) delete process.env.WITHOUT_SECRETS;
  }
});

describe("what cannot be told is exit code 1, and says why", () => {
  const failure = async (after = "", resources?: object[]) => {
    const { status, stdout, stderr } = await drift([], after, resources);
    expect([status, stdout]).toEqual([1, ""]);
    return stderr;
  };

  test("an engine that does not answer, once", async () => {
    const DOWN = "Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?";
    expect(await failure(`echo "${DOWN}" >&2; exit 1`)).toBe(
      `${DOWN}\nthe engine of this machine does not run: sudo systemctl start docker, or make setup where it was started by that\n`,
    );
  });

  test("a state that Pulumi cannot read", async () => {
    checkout.pulumi("echo 'error: incorrect passphrase' >&2; exit 255");
    expect(await failure()).toBe(
      "Pulumi cannot tell what the last up of local made: error: incorrect passphrase\n" +
        "WITHOUT_SECRETS=1 asks for no passphrase; the values of secrets are not compared then\n",
    );
  });

  test("a stack that was never deployed", async () => {
    const never = "no up has made anything of local yet: make up STACK=local\n";
    expect(await failure("", [])).toBe(never);
    checkout.pulumi("echo \"error: no stack named 'local' found\" >&2; exit 255");
    expect(await failure()).toBe(never);
  });
});

test("a container that goes while it is looked for is none", async () => {
  const { status } = await drift([], 'case "$*" in "container inspect"*) echo "Error response from daemon: No such container: f00" >&2 ;; esac'); // prettier-ignore
  expect(status).toBe(2);
});

describe("make heal", () => {
  const UPDATE = `update --memory 512m --memory-swap 512m ${NAME}`;
  /** The memory of one was changed by hand; docker refuses to change it back, and there it ends. */
  const heal = (...args: string[]) => {
    const { container } = engine();
    answers["container inspect"] = JSON.stringify([{ ...container, HostConfig: { ...container.HostConfig, Memory: 99 } }]); // prettier-ignore
    return verb("heal", args, `case "$*" in update*) echo "$*" >> ${checkout.folder}/changes; exit 1 ;; esac`, state());
  };
  const changes = () => {
    const file = join(checkout.folder, "changes");
    return existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
  };
  const protect = () => {
    const text = checkout.text("local").replace("protectVolumes: false", "protectVolumes: true");
    checkout.write("local", text.replace("generateSecrets: true", "generateSecrets: false"));
  };

  test.each([
    ["there is nobody", false, "", [], "nothing was changed: there is no terminal to ask at; add YES=1 to go on\n"],
    ["somebody says no", true, "n\n", [], "nothing was changed\n"],
    ["somebody says nothing", true, "", [], "nothing was changed\n"],
  ])("outside local it says what it will do, and asks: %s, and nothing is changed", async (_who, terminal, typed, args, said) => {
    protect();
    Object.assign(checkout, { terminal, typed });
    const { status, stdout, stderr } = await heal(...args);
    expect([status, stderr]).toEqual([1, said]);
    expect(stdout).toContain(`changed in place:\n  docker ${UPDATE}\n`);
    expect(stdout).toContain("started, made again or applied by make up:\n  protea-postgres-1\n");
    expect(changes()).toEqual([]);
    const verbs = new Set(checkout.calls.map((call) => call.split(" ").slice(0, 2).join(" ")));
    const QUESTIONS = ["container cp", "container inspect", "container ls", "image inspect", "network inspect"];
    expect([...verbs].sort()).toEqual([...QUESTIONS, "pulumi stack", "volume inspect", "volume ls"]);
  }); // prettier-ignore

  test.each([
    ["somebody says yes", true, true, "y\n", []],
    ["YES=1", true, false, "", ["--yes", "1"]],
    ["on local", false, false, "", []],
  ])("it goes on: %s", async (_who, protectedVolumes, terminal, typed, args) => {
    if (protectedVolumes) protect();
    Object.assign(checkout, { terminal, typed });
    const { status, stderr } = await heal(...args);
    expect(changes()).toEqual([UPDATE]);
    expect([status, stderr.split("\n").at(-2)]).toEqual([1, `docker ${UPDATE} failed, see above; what was done before it stays: make drift`]); // prettier-ignore
  });

  test("what is left to make up, that shows and asks for", async () => {
    protect();
    checkout.pulumi(`[ "$1" != preview ] && cat ${join(checkout.folder, "export")}`);
    const { status, stdout, stderr } = await verb("heal", [], "", state());
    expect([status, stderr.split("\n").slice(-3)]).toEqual([
      1,
      // The files of its secrets are missing as well.
      [
        "bin/pulumi preview --json --stack local --replace urn:pulumi:local::robotoff-protea::type::protea-secrets-files",
        "Pulumi gave no preview; see above",
        "",
      ],
    ]);
    expect(stdout).toMatch(/^started, made again or applied by make up:\n {2}protea-/m);
    expect(stderr).toMatch(/ operations\/up.ts --stack local --system protea -- --replace \S+::protea-secrets-files\n/);
  });
});
