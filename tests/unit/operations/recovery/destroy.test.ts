// What make destroy and make up do about an interrupted command, step by step, before they go on.
import { spawn, spawnSync } from "node:child_process";
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { Checkout } from "../../support/checkout.ts";

let checkout: Checkout;
beforeEach(() => (checkout = new Checkout()));
afterEach(() => checkout.remove());

const DESTROY = "pulumi destroy --stack local --yes";
const destroy = (...args: string[]) => checkout.operation("destroy", ...args, "--", "--yes");
const gone = () => ({ pid: spawnSync("true").pid, hostname: hostname() });

const ROOT = "urn:pulumi:local::robotoff-protea::pulumi:pulumi:Stack::robotoff-protea-local";
const urn = (name: string) => `urn:pulumi:local::robotoff-protea::type::${name}`;
const pending = (type: string, kind: string, name: string, as = name) => ({
  type,
  resource: { urn: urn(as), type: `docker:index/${kind}`, inputs: { name } },
});
const refresh = (...urns: string[]) =>
  [
    "pulumi refresh --stack local --yes --skip-preview --run-program=false --suppress-outputs --clear-pending-creates",
    ...[ROOT, ...urns].map((one) => `--target ${one}`),
  ].join(" ");
const container = (id: string, stack = "local") =>
  JSON.stringify([{ Id: id, Name: "/x", Config: { Labels: { "robotoff-protea.stack": stack } } }]);
const labelled = (more: object) => JSON.stringify([{ Labels: { "robotoff-protea.stack": "local" }, ...more }]);

test("nothing was interrupted: Pulumi's destroy, and nothing else", async () => {
  checkout.state({ resources: [{ urn: "a" }], pending_operations: [] });
  expect(await destroy()).toEqual({ status: 0, stdout: "", stderr: "bin/pulumi destroy --stack local --yes\n" });
  expect(checkout.calls).toEqual([DESTROY]);
});

test("it ends as Pulumi's ends", async () => {
  checkout.pulumi("exit 7");
  expect((await destroy()).status).toBe(7);
});

describe("one system of a stack that is watched", () => {
  const LOOK = "ps --all --quiet --filter label=com.docker.compose.project=monitoring";
  beforeEach(() => {
    const text = checkout.text("local").replace(/^config:$/m, "config:\n  monitoring:enabled: true");
    writeFileSync(checkout.stackFile("local"), text);
  });

  test("is not removed from under what watches it: nothing is begun, and it says in which order", async () => {
    checkout.answer(LOOK, "0123456789ab\n");
    expect(await destroy("--system", "protea")).toEqual({
      ...{ status: 1, stdout: "" },
      stderr:
        "monitoring is in protea_servers, the network of the servers of protea, which cannot be removed before it: nothing was done.\n" +
        "make destroy STACK=local SYSTEM=monitoring, then this again; or, to be without protea for good: " +
        "protea:enabled: false in Pulumi.local.yaml, and make up\n",
    });
    expect(checkout.calls).toEqual([LOOK]);
  });

  test("goes where that is not there, and that goes by itself", async () => {
    checkout.answer(LOOK, "");
    expect((await destroy("--system", "robotoff")).status).toBe(0);
    expect((await destroy("--system", "monitoring")).status).toBe(0);
    expect((await destroy()).status).toBe(0);
    expect(checkout.calls).toEqual([LOOK, DESTROY, DESTROY, DESTROY]);
  });
});

test("a command that was killed: its lock is ended first", async () => {
  const file = checkout.lock(gone());
  checkout.pulumi(`if [ "$1" = cancel ]; then rm ${file}; fi`);
  expect(await destroy()).toMatchObject({ status: 0, stdout: "an earlier command on local was killed\n" });
  expect(checkout.calls).toEqual(["pulumi cancel --yes --stack local", DESTROY]);
});

test("a lock that cannot be ended ends it", async () => {
  checkout.lock(gone());
  checkout.pulumi("exit 3");
  const { status, stderr } = await destroy();
  expect(status).toBe(1);
  expect(stderr).toMatch(/\nrecovery stopped: the command above ended with exit code 3\n$/);
  expect(checkout.calls).toEqual(["pulumi cancel --yes --stack local"]);
});

test.each(["destroy", "up"])(
  "%s: of another host it is not known whether it runs; nothing is touched",
  async (verb) => {
    checkout.lock({ pid: 4711, hostname: "there" });
    checkout.state({ pending_operations: [pending("creating", "container:Container", "x")] });
    expect(await checkout.operation(verb)).toEqual({
      status: 1,
      stdout: "",
      stderr:
        "stack local is in use: off@there, process 4711, since 2026-11-24T22:00:00Z. Wait for it to end; " +
        "if it cannot (it was killed, its host is gone): bin/pulumi cancel --yes --stack local\n",
    });
    expect(checkout.all).toEqual([]);
  },
);

test.each(["destroy", "up"])(
  "%s: a lock in a bucket is nobody's to end, of whichever machine; nothing is touched",
  async (verb) => {
    const { pid } = gone();
    const line = `  s3://b/x.json: created by off@${hostname()} (pid ${pid}) at 2026-11-24T22:00:00Z`;
    checkout.pulumi(`echo '${line}' >&2; exit 255`);
    process.env.PULUMI_BACKEND_URL = "s3://b";
    const { status, stderr } = await checkout
      .operation(verb, "--stack", "staging")
      .finally(() => delete process.env.PULUMI_BACKEND_URL);
    expect([status, stderr]).toEqual([
      1,
      `stack staging is in use: off@${hostname()}, process ${pid}, since 2026-11-24T22:00:00Z (this machine is called ` +
        `${hostname()}, and has no such process). Wait for it to end; if it cannot (it was killed, its host is gone): ` +
        "bin/pulumi cancel --yes --stack staging\n",
    ]);
    expect(new Set(checkout.calls)).toEqual(new Set(["pulumi stack rename staging --stack staging"]));
  },
);

test("a command that runs keeps its lock, and the state it is writing", async () => {
  const file = join(checkout.folder, "pulumi");
  copyFileSync("/bin/sleep", file);
  const running = spawn(file, ["60"], { stdio: "ignore" });
  checkout.lock({ pid: running.pid!, hostname: hostname() });
  writeFileSync(checkout.stateFile(), "{");
  const { status, stderr } = await destroy();
  running.kill("SIGKILL");
  expect(status).toBe(1);
  expect(stderr).toContain(`stack local is in use: off@${hostname()}, process ${running.pid}, since`);
  expect(readFileSync(checkout.stateFile(), "utf8")).toBe("{");
  expect(checkout.all).toEqual([]);
});

test("a state that the kill tore is mended before its lock is ended, which needs it", async () => {
  checkout.state({ resources: [] });
  copyFileSync(checkout.stateFile(), `${checkout.stateFile()}.bak`);
  writeFileSync(checkout.stateFile(), "{");
  const file = checkout.lock(gone());
  checkout.pulumi(`if [ "$1" = cancel ]; then grep -q resources ${checkout.stateFile()} && rm ${file}; fi`);
  const { status, stdout } = await destroy();
  expect(status).toBe(0);
  expect(stdout).toMatch(/^the state was torn by a kill: .*\nan earlier command on local was killed\n$/);
  expect(readdirSync(join(checkout.stateFile(), "..")).length).toBe(3);
});

test("a torn state without a lock is mended as well", async () => {
  checkout.state({ resources: [] });
  copyFileSync(checkout.stateFile(), `${checkout.stateFile()}.bak`);
  writeFileSync(checkout.stateFile(), "{");
  expect((await destroy()).stdout).toMatch(/^the state was torn by a kill: .*\n$/);
  expect(checkout.calls).toEqual([DESTROY]);
});

/** Does this beside a plug-in of the checkout whose Pulumi is gone. The signal that ended the plug-in: SIGXCPU is ours. */
async function besidePlugin(what: () => Promise<unknown>): Promise<NodeJS.Signals | null> {
  const file = join(checkout.folder, "pulumi-resource-docker");
  copyFileSync("/bin/sleep", file);
  const plugin = spawn(file, ["60"], { cwd: checkout.folder, stdio: "ignore" });
  const ended = new Promise<NodeJS.Signals | null>((done) => plugin.on("exit", (_code, signal) => done(signal)));
  await what();
  plugin.kill("SIGXCPU");
  return ended;
}

test("plug-ins of a killed command are ended before the state is believed", async () => {
  const file = checkout.lock(gone());
  checkout.pulumi(`if [ "$1" = cancel ]; then rm ${file}; fi`);
  let said = "";
  expect(await besidePlugin(async () => (said = (await destroy()).stdout))).toBe("SIGTERM");
  expect(said).toMatch(/^an earlier command on local was killed\nkill \d+ \(a plug-in of the killed command\)\n$/);
});

test("without a lock, a plug-in is somebody's who works", async () => {
  checkout.state({ pending_operations: [pending("updating", "container:Container", "x")] });
  expect(await besidePlugin(destroy)).toBe("SIGXCPU");
});

test("in a bucket, the lock of a killed command was ended by a person: its plug-ins are ended then", async () => {
  const state = JSON.stringify({
    deployment: { pending_operations: [pending("updating", "container:Container", "x")] },
  });
  checkout.pulumi(
    `case "$1 $2" in "stack export") echo '${state}' ;; "stack rename") echo "already exists" >&2; exit 255 ;; esac`,
  );
  process.env.PULUMI_BACKEND_URL = "s3://b";
  const ended = besidePlugin(() => destroy("--stack", "staging")).finally(() => delete process.env.PULUMI_BACKEND_URL);
  expect(await ended).toBe("SIGTERM");
});

describe("interrupted creations", () => {
  const STATE = {
    resources: [{ urn: urn("robotoff-redis-1"), id: "id-redis" }],
    pending_operations: [
      pending("creating", "container:Container", "robotoff_api_1"),
      pending("creating", "network:Network", "robotoff_default"),
      pending("creating", "volume:Volume", "robotoff_tmp", "robotoff-tmp"),
      pending("creating", "volume:Volume", "protea_taxonomy", "protea-taxonomy"),
      pending("updating", "container:Container", "robotoff_triton_1"),
    ],
  };
  const INTERRUPTED = [
    "interrupted in local:",
    "  creating robotoff_api_1",
    "  creating robotoff_default",
    "  creating robotoff-tmp",
    "  creating protea-taxonomy",
    "  updating robotoff_triton_1",
    "",
  ].join("\n");
  beforeEach(() => {
    checkout.state(STATE);
    checkout
      .answer("container inspect robotoff_api_1", container("id-api"))
      .answer("network inspect robotoff_default", labelled({ Id: "id-network", Containers: {} }))
      .answer("volume inspect robotoff_tmp", labelled({ Name: "robotoff_tmp" }))
      .answer("volume inspect protea_taxonomy", "Error: No such volume: protea_taxonomy", 1);
    for (const words of ["container stop robotoff_api_1", "container rm robotoff_api_1"]) checkout.answer(words);
    for (const words of ["network rm robotoff_default", "volume rm robotoff_tmp"]) checkout.answer(words);
  });
  const LOOKED = ["container inspect robotoff_api_1", "network inspect robotoff_default"];
  const REMOVED = ["container stop robotoff_api_1", "container rm robotoff_api_1", "network rm robotoff_default"];
  const VOLUMES = ["volume inspect robotoff_tmp", "volume inspect protea_taxonomy"];

  test("before a destroy of volumes that may go, they go as well; then Pulumi looks at the rest", async () => {
    expect(await destroy()).toMatchObject({ status: 0, stdout: INTERRUPTED });
    expect(checkout.calls).toEqual([
      ...LOOKED,
      ...VOLUMES,
      ...REMOVED,
      "volume rm robotoff_tmp",
      refresh(urn("robotoff_triton_1")),
      DESTROY,
    ]);
  });

  test("before a destroy of one system, only that system's volumes", async () => {
    expect((await destroy("--system", "protea")).status).toBe(0);
    expect(checkout.calls.filter((call) => call.startsWith("volume"))).toEqual(["volume inspect protea_taxonomy"]);
  });

  test("where volumes are protected, none is looked for", async () => {
    const text = checkout.text("local").replace("protectVolumes: false", "protectVolumes: true");
    writeFileSync(checkout.stackFile("local"), text.replace("generateSecrets: true", "generateSecrets: false"));
    expect((await destroy()).status).toBe(0);
    expect(checkout.calls).toEqual([...LOOKED, ...REMOVED, refresh(urn("robotoff_triton_1")), DESTROY]);
  });

  test("before an up, no volume is looked for: it may have data", async () => {
    checkout.pulumi("case $1 in up) exit 9 ;; esac");
    checkout.state({ ...STATE, resources: [] });
    expect((await checkout.operation("up")).status).toBe(9);
    expect(checkout.calls).toEqual([
      ...LOOKED,
      ...REMOVED,
      refresh(urn("robotoff_triton_1")),
      "pulumi up --yes --skip-preview --suppress-outputs --stack local",
    ]);
  });

  test.each<[string, string, string, number, boolean]>([
    ["was not made after all", "container inspect robotoff_api_1", "Error: No such object: robotoff_api_1", 1, true],
    ["another stack made", "container inspect robotoff_api_1", container("id-api", "other"), 0, true],
    ["the state knows", "container inspect robotoff_api_1", container("id-redis"), 0, true],
    ["somebody made", "container inspect robotoff_api_1", '[{"Id": "id-api", "Config": {}}]', 0, true],
  ])("a container that %s stays", async (_what, question, output, code, stays) => {
    checkout.answer(question, output, code);
    expect((await destroy()).status).toBe(0);
    expect(checkout.calls.includes("container rm robotoff_api_1")).toBe(!stays);
  });

  test("a network that is in use stays", async () => {
    const Containers = { one: {} };
    checkout.answer("network inspect robotoff_default", labelled({ Id: "id-network", Containers }));
    expect((await destroy()).status).toBe(0);
    expect(checkout.calls).not.toContain("network rm robotoff_default");
  });

  test("an engine that does not answer ends it: unknown is not gone", async () => {
    checkout.answer("network inspect robotoff_default", "Cannot connect to the Docker daemon\n", 1);
    const { status, stderr } = await destroy();
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: expect.stringMatching(/^Cannot connect to the Docker daemon\nthe engine of this machine .*\n$/) as string,
    });
    expect(checkout.calls).toEqual(LOOKED);
  });

  test("what cannot be removed ends it", async () => {
    checkout.answer("container stop robotoff_api_1", "it does not stop\n", 1);
    const { status, stderr } = await destroy();
    expect(status).toBe(1);
    expect(stderr).toMatch(/it does not stop\nrecovery stopped: the command above ended with exit code 1\n$/);
    expect(checkout.calls.at(-1)).toBe("container stop robotoff_api_1");
  });

  test("Pulumi that cannot look ends it", async () => {
    checkout.pulumi("case $1 in refresh) exit 4 ;; esac");
    const { status, stderr } = await destroy();
    expect(status).toBe(1);
    expect(stderr).toMatch(/\nrecovery stopped: Pulumi could not look at what was interrupted; see above\n$/);
    expect(checkout.calls).not.toContain(DESTROY);
  });
});
