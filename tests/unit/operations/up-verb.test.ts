// `make up` from its first look to its last: what it asks, what it brings back, and how it ends.
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { hostname, userInfo } from "node:os";
import { join } from "node:path";
import { applications } from "../../../backups/restore.ts";
import { script } from "../../../hosts/scripts.ts";
import { healthQuestion } from "../../../operations/containers/backends.ts";
import { declared } from "../../../operations/containers/rows.ts";
import type { Deployment } from "../../../operations/deployments/record.ts";
import { ASKED, GIB } from "../support/checked-host.ts";
import { Checkout } from "../support/checkout.ts";
import { committed } from "../support/stack.ts";

const [robotoff, protea] = committed("local").systems;
const wanted = declared(protea!);
const names = wanted.map(({ name }) => name);
const INSPECT = `container inspect ${names.join(" ")}`;
/** Of what was deployed, for the host to keep. */
const KEEP = "image inspect --format {{.Id}} {{json .RepoDigests}} sha256:1";
const UP = "pulumi up --yes --skip-preview --suppress-outputs --stack local";
const urn = (name: string) => `urn:pulumi:local::robotoff-protea::type::${name}`;
const ROOT = "urn:pulumi:local::robotoff-protea::pulumi:pulumi:Stack::robotoff-protea-local";
const object = (kind: string, name: string) => ({
  urn: urn(name),
  id: `id-${name}`,
  type: `docker:index/${kind.toLowerCase()}:${kind}`,
  inputs: { name },
});
const STATE = {
  resources: [
    { urn: ROOT, type: "pulumi:pulumi:Stack" },
    object("Network", "protea_default"),
    object("Volume", "protea_taxonomy"),
    ...names.map((name) => object("Container", name)),
  ],
};

interface Change {
  Id?: string;
  status?: string;
  health?: string;
  /** Not there. */
  missing?: true;
}
/** What the engine has of PROTEA: all as declared, but for these. */
function engine(changes: Record<string, Change> = {}): string {
  const containers = wanted
    .filter(({ name }) => !changes[name]?.missing)
    .map(({ service, name }) => {
      const { Id = `id-${name}`, status, health = "healthy" } = changes[name] ?? {};
      const job = service.kind === "job";
      return {
        Id,
        Name: `/${name}`,
        Image: "sha256:1",
        State: {
          Status: status ?? (job ? "exited" : "running"),
          ExitCode: 0,
          StartedAt: "2026-11-24T12:00:00Z",
          FinishedAt: "2026-11-24T12:00:00Z",
          ...(job ? {} : { Health: { Status: health, Log: [{ ExitCode: 1, Output: "no answer" }] } }),
        },
        Config: { Image: service.image, Labels: { "robotoff-protea.stack": "local" } },
        NetworkSettings: { Ports: {} },
      };
    });
  return JSON.stringify(containers);
}

const LISTED = ["network ls --format {{.Name}}", "volume ls --format {{.Name}}", "image ls --no-trunc --quiet"];
const CHECKS = Object.values(ASKED);
const ALL = committed("local").systems.flatMap((system) => system.services);
const PUBLISHED = ALL.flatMap(({ ports }) => ports)
  .map(({ address, host, container, protocol }) => `x local x ${address}:${host}->${container}/${protocol}\n`)
  .join("");

/** Whether an impostor outlives its stop. */
const KEPT = "container inspect --format {{.Name}} {{.HostConfig.AutoRemove}} protea-worker-jobs-1";

/** What restores have left, asked for when the server is stopped. */
const BESIDE = "volume ls --quiet --filter label=robotoff-protea.restore=protea-postgres-1";

let checkout: Checkout;
beforeEach(() => {
  checkout = new Checkout().state(STATE).answer(INSPECT, engine()).answer(KEEP, "sha256:1 []\n");
  checkout
    .answer(LISTED[0]!, "bridge\nprotea_default\n")
    .answer(LISTED[1]!, "protea_taxonomy\n")
    .answer(LISTED[2]!, "")
    .answer(ASKED.engine, "26.1.5 1.45 1.24\n")
    .answer(ASKED.info, `${64 * GIB} / runc\n`)
    .answer(BESIDE, "")
    .answer(ASKED.containers, PUBLISHED)
    .answer(ASKED.networks, "")
    .answer(ASKED.volumes, "")
    .answer(ASKED.images, ALL.map(({ image }) => `${image} 0123456789ab\n`).join(""))
    // Whatever room this machine has.
    .program("stat", "echo f00 1 100 50");
});
afterEach(() => checkout.remove());
const up = (...args: string[]) => checkout.operation("up", "--system", "protea", ...args);
/** What the engine has from now on, once a program has run `cp after BEFORE`. */
function afterwards(text: string): string {
  const file = join(checkout.folder, "after");
  writeFileSync(file, `0\n${text}`);
  return `cp ${file} ${checkout.answerFile(INSPECT)}`;
}
/** What the engine has from the n-th look on. */
function sinceLook(n: number, text: string): void {
  const docker = join(checkout.folder, "docker");
  const count = join(checkout.folder, "looks");
  const counting = `case "$*" in "container inspect"*) echo >>${count}; [ $(wc -l <${count}) -lt ${n} ] || ${afterwards(text)} ;; esac`;
  writeFileSync(docker, readFileSync(docker, "utf8").replace("#!/bin/sh", `#!/bin/sh\n${counting}`));
}

test("all is well: one look before, one after, and Pulumi between them", async () => {
  expect(await up()).toEqual({
    status: 0,
    stdout: "",
    stderr: "bin/pulumi up --yes --skip-preview --suppress-outputs --stack local\n",
  });
  expect(checkout.calls).toEqual([INSPECT, UP, INSPECT, KEEP]);
});

test.each([
  [[], "--stack staging -- "],
  [["YES=1", "SYSTEM=protea"], "--stack staging --system protea --yes 1 -- "],
])("make up %j passes on what answers its question", (variables, words) => {
  const made = spawnSync("make", ["--dry-run", "up", "STACK=staging", ...variables], { encoding: "utf8" });
  expect(made.stdout).toContain(`node operations/up.ts ${words}`);
});

describe("images of a registry", () => {
  const IMAGES = ["rabbitmq:4", "minio/mc:1"];
  const ASKED = `image inspect --format {{.Id}} ${IMAGES.join(" ")}`;
  const EACH = ["version", ...IMAGES.map((image) => `image inspect --format {{.Id}} ${image}`)];
  beforeEach(() => {
    const text = checkout.text("local").replace("{ build: images/rabbitmq }", IMAGES[0]!);
    checkout.write("local", text.replace("{ build: images/mc }", IMAGES[1]!));
  });

  test("that are there: one question", async () => {
    checkout.answer(ASKED, "sha256:1\nsha256:2\n");
    expect((await up()).status).toBe(0);
    expect(checkout.calls).toEqual([ASKED, INSPECT, UP, INSPECT, KEEP]);
  });

  test("that the host lacks are pulled after its checks and before anything else", async () => {
    checkout.answer(ASKED, "No such image", 1).answer(EACH[0]!, "");
    checkout
      .answer(EACH[1]!, "sha256:1\n")
      .answer(EACH[2]!, "No such image", 1)
      .answer("pull minio/mc:1", "Pull complete\n");
    const { status, stdout, stderr } = await up();
    expect([status, stdout]).toEqual([0, "Pull complete\n"]);
    expect(stderr).toMatch(/^docker pull minio\/mc:1\n/);
    expect(checkout.calls).toEqual([ASKED, ...EACH, ...CHECKS, "pull minio/mc:1", INSPECT, UP, INSPECT, KEEP]);
  });

  test("one that cannot be had, or an engine that does not answer: nothing else is done", async () => {
    checkout.answer(ASKED, "No such image", 1).answer(EACH[0]!, "");
    checkout
      .answer(EACH[1]!, "sha256:1\n")
      .answer(EACH[2]!, "No such image", 1)
      .answer("pull minio/mc:1", "no route\n", 1);
    const missing = await up();
    expect([missing.status, missing.stderr]).toEqual([
      1,
      "docker pull minio/mc:1\nno route\nminio/mc:1 could not be pulled; see above. Nothing was changed. Where it says denied, " +
        "unauthorized or no basic auth credentials, the registry wants a log-in: docker login docker.io\n",
    ]);
    checkout.answer(EACH[0]!, "no engine", 1);
    expect(await up()).toEqual({ status: 1, stdout: "", stderr: "no engine\n" });
    expect(checkout.calls).not.toContain(UP);
  });

  test("what is in the way on the host is found before they are pulled", async () => {
    checkout.answer(ASKED, "No such image", 1).answer(EACH[0]!, "");
    checkout.answer(EACH[1]!, "sha256:1\n").answer(EACH[2]!, "No such image", 1).answer(CHECKS[4]!, "");
    checkout.answer(CHECKS[1]!, "protea-api-1 somebody -\n");
    const { status, stderr } = await up();
    expect([status, stderr]).toEqual([1, expect.stringContaining("protea-api-1")]);
    expect(checkout.calls.filter((call) => /^(pull|pulumi) /.test(call))).toEqual([]);
  });
});

describe("what was deployed is kept by the host", () => {
  const folder = () => join(checkout.folder, ".local/share/robotoff-protea/deployments/local");
  const kept = () =>
    readdirSync(folder()).map((name) => ({
      name,
      ...(JSON.parse(readFileSync(join(folder(), name), "utf8")) as Deployment),
    }));
  beforeEach(() => {
    checkout.answer(KEEP, 'sha256:1 ["robotoff-protea/none@sha256:9"]\n');
    checkout.program("git", 'case "$1" in rev-parse) echo 0123456789abcdef ;; status) echo " M index.ts" ;; esac');
  });

  test("when, by whom, of which commit, and each container; for its owner alone", async () => {
    expect((await up()).status).toBe(0);
    const [one, ...others] = kept();
    expect(others).toEqual([]);
    expect(one).toMatchObject({
      commit: "0123456789abcdef",
      changed: true,
      by: `${userInfo().username}@${hostname()}`,
    });
    expect(one!.name).toBe(`${one!.stamp}.json`);
    expect(one!.stamp).toMatch(/^\d{8}T\d{6}Z$/);
    expect(one!.file).toBe(checkout.text("local"));
    const { image } = wanted.find(({ name }) => name === "protea-api-1")!.service;
    expect(one!.containers["protea-api-1"]).toEqual({ id: "id-protea-api-1", image, imageId: "sha256:1", config: "" });
    expect(Object.keys(one!.containers)).toEqual(names);
    expect(statSync(join(folder(), one!.name)).mode & 0o77).toBe(0);
  });

  test("once: not by an up that changed nothing, nor by one that failed", async () => {
    await up();
    const before = kept();
    expect((await up()).status).toBe(0);
    checkout.state({}).pulumi("exit 255");
    checkout.answer(INSPECT, engine({ "protea-api-1": { Id: "another" } }));
    expect((await up()).status).toBe(255);
    expect(kept()).toEqual(before);
  });

  test("what it cannot keep is told, and the up has succeeded", async () => {
    mkdirSync(join(folder(), ".."), { recursive: true });
    writeFileSync(folder(), "");
    const { status, stderr } = await up();
    expect([status, stderr]).toEqual([
      0,
      expect.stringContaining("warning: this deployment is not among those of make deployments: "),
    ]);
  });
});

test("a first up looks at nothing before", async () => {
  checkout.state({});
  expect((await up()).status).toBe(0);
  expect(checkout.calls).toEqual([UP, INSPECT, KEEP]);
});

test("what is stopped, paused, unhealthy or an impostor is brought back in that order, and waited for", async () => {
  checkout.answer(
    INSPECT,
    engine({
      "protea-api-1": { status: "exited" },
      "protea-postgres-1": { status: "exited" },
      "protea-worker-ping-1": { status: "paused" },
      "protea-frontend-1": { health: "unhealthy" },
      "protea-worker-jobs-1": { Id: "another" },
    }),
  );
  jest.spyOn(Date, "now").mockReturnValue(1_700_000_000_999);
  checkout.program("date", "echo 1700000000");
  const aside = "rename protea-worker-jobs-1 protea-worker-jobs-1-set-aside-1700000000";
  const first = [KEPT, "update --restart no protea-worker-jobs-1", "stop protea-worker-jobs-1", aside];
  for (const words of [...first, "unpause protea-worker-ping-1"]) checkout.answer(words);
  for (const name of ["start protea-postgres-1", "start protea-api-1", "restart protea-frontend-1"])
    checkout.answer(name);
  checkout.pulumi(`if [ "$1" = refresh ]; then ${afterwards(engine())}; fi`);
  const { status, stdout } = await up();
  jest.restoreAllMocks();
  expect(status).toBe(0);
  expect(stdout).toBe(
    [
      "on the host of local, not as the last up left it:",
      "  not the container that this stack made: stopped, renamed and kept: protea-worker-jobs-1",
      "  gone: made again: protea-worker-jobs-1",
      "  stopped: started: protea-postgres-1, protea-api-1",
      "  paused: resumed: protea-worker-ping-1",
      "  unhealthy: restarted: protea-frontend-1",
      "",
    ].join("\n"),
  );
  expect(checkout.calls).toEqual([
    INSPECT,
    ...LISTED,
    ...CHECKS,
    BESIDE,
    ...first,
    "unpause protea-worker-ping-1",
    "start protea-postgres-1",
    "start protea-api-1",
    "restart protea-frontend-1",
    "pulumi refresh --stack local --yes --skip-preview --run-program=false --suppress-outputs " +
      `--target ${ROOT} --target ${urn("protea-worker-jobs-1")}`,
    INSPECT,
    UP,
    INSPECT,
    KEEP,
  ]);
});

test("a network and a volume that are gone are looked up with what was in them; applications stop, jobs run again", async () => {
  const others = applications(protea!).filter((name) => name !== "protea-api-1");
  for (const verb of ["stop", "start"]) for (const name of others) checkout.answer(`${verb} ${name}`);
  // A job that is gone as well is made again, and runs: Pulumi would not know it any more.
  checkout.answer(INSPECT, engine({ "protea-api-1": { missing: true }, "protea-queues-1": { missing: true } }));
  checkout.answer(LISTED[0]!, "bridge\n").answer(LISTED[1]!, "other\n");
  checkout.pulumi(`if [ "$1" = up ]; then ${afterwards(engine())}; fi`);
  const { status, stdout } = await up();
  expect(status).toBe(0);
  expect(stdout).toContain("  volume gone, its data with it: made again, empty: protea_taxonomy\n");
  const targets = ["protea-queues-1", "protea-api-1", "protea_default", "protea_taxonomy"].map(
    (name) => ` --target ${urn(name)}`,
  );
  expect(checkout.calls.find((call) => call.startsWith("pulumi refresh"))).toMatch(
    new RegExp(`--target ${ROOT}${targets.join("")}$`.replaceAll(".", "\\.")),
  );
  const there = wanted.filter(({ service, name }) => service.kind === "job" && name !== "protea-queues-1");
  const jobs = there.map(({ name }) => ` --replace ${urn(name)}`);
  const after = checkout.calls.slice(checkout.calls.findIndex((call) => call.startsWith("stop")));
  expect(after.filter((call) => /^(stop|start|pulumi up)/.test(call))).toEqual([
    ...others.map((name) => `stop ${name}`),
    `${UP}${jobs.join("")}`,
    ...[...others].reverse().map((name) => `start ${name}`),
  ]);
});

test("a server that a restore left stopped: what was interrupted is finished before it is started, or nothing is", async () => {
  const { HOME } = process.env;
  process.env.HOME = checkout.folder;
  const path = `.local/share/robotoff-protea/scripts/restore-postgres-${script("restore-postgres").hash}.sh`;
  mkdirSync(join(checkout.folder, path, ".."), { recursive: true });
  checkout.program(path, `echo "restore $*" >>${checkout.folder}/calls\n[ ! -e ${checkout.folder}/busy ] || exit 75`);
  checkout.answer(BESIDE, "protea_postgres_data.beside-20261125T031200Z\n").answer("start protea-postgres-1");
  checkout.answer(INSPECT, engine({ "protea-postgres-1": { status: "exited" } }));
  sinceLook(2, engine());
  expect((await up()).status).toBe(0);
  const calls = checkout.calls.slice(checkout.calls.indexOf(BESIDE) + 1);
  expect(calls[0]).toMatch(
    /^restore protea \S+ protea-postgres-1 protea-postgres-backup-1 \S+ - - finish robotoff-protea\/pgvector:\S+$/,
  );
  expect(calls[1]).toBe("start protea-postgres-1");
  writeFileSync(join(checkout.folder, "busy"), "");
  writeFileSync(join(checkout.folder, "looks"), "");
  checkout.answer(INSPECT, engine({ "protea-postgres-1": { status: "exited" } }));
  expect(await up()).toMatchObject({
    status: 1,
    stderr: expect.stringContaining(
      "protea: a restore that was interrupted could not be finished; see above\n",
    ) as string,
  });
  process.env.HOME = HOME;
});

test("what cannot be started is replaced", async () => {
  checkout.answer(
    INSPECT,
    engine({ "protea-api-1": { status: "exited" }, "protea-postgres-1": { status: "created" } }),
  );
  checkout.answer("start protea-postgres-1", "its mount is gone\n", 1).answer("start protea-api-1");
  checkout.pulumi(`if [ "$1" = up ]; then ${afterwards(engine())}; fi`);
  expect((await up()).status).toBe(0);
  expect(checkout.calls).toContain(`${UP} --replace ${urn("protea-postgres-1")}`);
});

test("an unhealthy server with data is left alone, and the networks are not asked for", async () => {
  checkout.answer(INSPECT, engine({ "protea-postgres-1": { health: "unhealthy" } }));
  // It becomes healthy by itself.
  sinceLook(3, engine());
  const { status, stdout } = await up();
  expect(status).toBe(0);
  expect(stdout).toContain("  unhealthy, with data: left alone: protea-postgres-1\n");
  expect(checkout.calls).toEqual([INSPECT, ...CHECKS, INSPECT, INSPECT, UP, INSPECT, KEEP]);
});

test("what may become healthy is waited for, and said once", async () => {
  checkout.state({});
  checkout.answer(INSPECT, engine({ "protea-api-1": { health: "starting" } }));
  sinceLook(3, engine());
  expect(await up()).toMatchObject({ status: 0, stdout: "waiting for protea-api-1 (starting)\n" });
  expect(checkout.calls).toEqual([UP, INSPECT, INSPECT, INSPECT, KEEP]);
});

test.each<[string, string, number, string]>([
  [
    "an impostor that does not stop",
    "stop protea-worker-jobs-1",
    1,
    "protea-worker-jobs-1 could not be set aside; see above",
  ],
  [
    "an impostor that goes when it is stopped",
    KEPT,
    0,
    "protea-worker-jobs-1: made by docker run --rm, and gone with what is in it once it is stopped: nothing was set aside. " +
      "When it is not needed: docker stop, and again",
  ],
  ["Pulumi that cannot look", "", 5, "Pulumi could not look at what is gone; see above"],
])("%s: nothing is deployed", async (_what, refused, code, message) => {
  checkout.answer(INSPECT, engine({ "protea-worker-jobs-1": { Id: "another" } }));
  jest.spyOn(Date, "now").mockReturnValue(1_700_000_000_999);
  checkout.program("date", "echo 1700000000");
  checkout.answer("rename protea-worker-jobs-1 protea-worker-jobs-1-set-aside-1700000000");
  checkout.answer("update --restart no protea-worker-jobs-1").answer("stop protea-worker-jobs-1");
  checkout.answer(KEPT, "/protea-worker-jobs-1 false\n");
  if (refused) checkout.answer(refused, "/protea-worker-jobs-1 true\n", code);
  checkout.pulumi(`exit ${code}`);
  const { status, stderr } = await up();
  jest.restoreAllMocks();
  expect(status).toBe(1);
  expect(stderr.endsWith(`${message}\n`)).toBe(true);
  expect(checkout.calls.filter((call) => call.startsWith("pulumi up"))).toEqual([]);
  if (refused === KEPT) expect(checkout.calls.at(-1)).toBe(KEPT);
});

test("what the checks find comes before anything is brought back", async () => {
  checkout.answer(INSPECT, engine({ "protea-api-1": { status: "exited" } })).answer(ASKED.engine, "24.0 1.40 1.12\n");
  const { status, stderr } = await up();
  expect(status).toBe(1);
  expect(stderr).toBe("checks, before any change, found:\n  Docker API 1.40; expected 1.44 or later (Engine 25)\n");
  expect(checkout.calls).toEqual([INSPECT, ...LISTED, ...CHECKS]);
});

describe("what host:prepare had made", () => {
  const PREPARE = { urn: urn("host-prepare"), type: "command:local:Command" };
  const declare = () => {
    const text = checkout
      .text("local")
      .replace("config:\n", "config:\n  host:prepare: { folders: [{ path: /nowhere/x }] }\n");
    writeFileSync(checkout.stackFile("local"), text);
  };

  test("is asked for although all runs; what is gone is made again, after a word", async () => {
    declare();
    checkout.state({ resources: [...STATE.resources, PREPARE] });
    checkout.pulumi("exit 0");
    const { status, stdout } = await up();
    expect(status).toBe(0);
    expect(stdout).toContain("not as the last up left it:\n  not there (host:prepare): made: folder /nowhere/x\n");
    const deployed = checkout.calls.find((call) => call.startsWith("pulumi up"))!;
    expect(deployed).toContain(` --replace ${PREPARE.urn}`);
    expect(checkout.calls.slice(0, CHECKS.length + 1)).toEqual([INSPECT, ...CHECKS]);
  });

  test("and was never made is Pulumi's: nothing is asked for it here", async () => {
    declare();
    checkout.pulumi("exit 0");
    expect((await up()).status).toBe(0);
    expect(checkout.calls.find((call) => call.startsWith("pulumi up"))).not.toContain("--replace");
    expect(checkout.calls).not.toContain(CHECKS[0]);
  });

  test("and is all there: it is left alone", async () => {
    checkout.state({ resources: [...STATE.resources, PREPARE] });
    checkout.pulumi("exit 0");
    expect((await up()).stdout).not.toContain("not as the last up left it");
    expect(checkout.calls.find((call) => call.startsWith("pulumi up"))).not.toContain("--replace");
  });
});

describe("where volumes are protected", () => {
  beforeEach(() => {
    const text = checkout.text("local").replace("protectVolumes: false", "protectVolumes: true");
    writeFileSync(checkout.stackFile("local"), text.replace("generateSecrets: true", "generateSecrets: false"));
    checkout.answer(INSPECT, engine({ "protea-api-1": { status: "exited" } })).answer("start protea-api-1");
    checkout.program("bin/pulumi", afterwards(engine()));
  });

  test("a person decides whether it is brought back", async () => {
    const { status, stderr } = await up();
    expect(status).toBe(1);
    expect(stderr).toBe("nothing was changed: there is no terminal to ask at; add YES=1 to go on\n");
    expect(checkout.calls).not.toContain("start protea-api-1");
  });

  test("or has decided", async () => {
    checkout.pulumi(`case $1 in preview) echo '{}' ;; esac\n${afterwards(engine())}`);
    expect((await up("--yes", "1")).status).toBe(0);
    expect(checkout.calls).toContain("start protea-api-1");
  });

  describe("what Pulumi's part will do is shown as by make preview, and asked for once", () => {
    const PREVIEW = "pulumi preview --json --stack local";
    const inputs = { name: "protea-extra", labels: [] };
    const step = { op: "create", urn: urn("protea-extra"), newState: { type: "docker:index/volume:Volume", inputs } };
    const NEW = "# local: what `make up STACK=local` will do\n\nNo container changes. The host was not asked: ";
    const DATA = "- **volume made, empty:** `protea-extra`";
    const predict = (digest: object, code = 0) =>
      checkout.pulumi(`case $1 in preview) echo '${JSON.stringify(digest)}'; exit ${code} ;; esac`);
    beforeEach(() => {
      checkout.answer(INSPECT, engine());
      predict({ steps: [step] });
    });
    const pulumi = () => checkout.calls.filter((call) => call.startsWith("pulumi"));

    test.each([
      ["nobody is there", false, "", "nothing was changed: there is no terminal to ask at; add YES=1 to go on\n"],
      ["somebody says no", true, "n\n", "nothing was changed\n"],
      ["somebody says nothing", true, "", "nothing was changed\n"],
    ])("%s: nothing is done", async (_who, terminal, typed, said) => {
      Object.assign(checkout, { terminal, typed });
      const { status, stdout, stderr } = await up("--", "--exclude", "x");
      expect([status, stderr]).toEqual([1, `bin/pulumi preview --json --stack local --exclude x\n${said}`]);
      expect(stdout).toContain(NEW);
      expect(stdout).toContain(DATA);
      expect(pulumi()).toEqual([`${PREVIEW} --exclude x`]);
    });

    test.each([
      ["somebody says yes", true, "y\n", []],
      ["YES=1", false, "", ["--yes", "1"]],
      ["ARGS=--yes", false, "", ["--", "--yes"]],
    ])("%s: it is done as it was shown, without another preview", async (_who, terminal, typed, words) => {
      Object.assign(checkout, { terminal, typed });
      const { status, stdout } = await up(...words);
      expect(status).toBe(0);
      expect(stdout).toContain(DATA);
      expect(pulumi()).toEqual([PREVIEW, UP]);
    });

    test("nothing to change: nobody is asked", async () => {
      predict({});
      const { status, stdout } = await up();
      expect(status).toBe(0);
      expect(stdout).toContain("\n\nNothing to change. The host was not asked: ");
      expect(pulumi()).toEqual([PREVIEW, UP]);
    });

    test("what does not work as it is is said, and not tried, whatever was answered before", async () => {
      predict({ diagnostics: [{ severity: "error", message: "refused" }] }, 255);
      const { status, stdout } = await up("--yes", "1");
      expect(status).toBe(255);
      expect(stdout).toContain("**It does not work as it is; nothing was changed:**\n\n````\nrefused\n````");
      expect(pulumi()).toEqual([PREVIEW]);
    });

    test("in Pulumi's own words, and not at all", async () => {
      checkout.pulumi('[ "$1" != preview ] || echo its words');
      expect((await up("--", "--diff")).stdout).toBe("its words\n\n");
      expect(pulumi()).toEqual(["pulumi preview --stack local --diff"]);
      expect((await up("--", "--skip-preview")).stdout).toBe("");
      expect(pulumi().slice(1)).toEqual([UP]);
    });
  });
});

describe("Pulumi fails", () => {
  const whenStarting = () =>
    checkout
      .answer(INSPECT, engine({ "protea-rabbitmq-1": { health: "starting" } }))
      .answer("logs --tail 10 protea-rabbitmq-1", "booting\n");

  test("before the program declared anything: its exit code, and nothing of the containers", async () => {
    whenStarting();
    // What it writes all the same: every secret of the state, encrypted anew.
    const next = join(checkout.folder, "next");
    const resources = STATE.resources.map((one) => ({ ...one, outputs: { envs: { ciphertext: "another" } } }));
    writeFileSync(next, JSON.stringify({ checkpoint: { latest: { resources } } }));
    checkout.pulumi(`cp ${next} ${checkout.stateFile()}; exit 255`);
    expect(await up()).toEqual({
      status: 255,
      stdout: "",
      stderr: "bin/pulumi up --yes --skip-preview --suppress-outputs --stack local\n",
    });
    expect(checkout.calls).toEqual([INSPECT, UP]);
  });

  test("after that: why, although the state is as it was (a wait that failed is not in it)", async () => {
    whenStarting();
    checkout.pulumi(': >"$UP_BEGUN"; exit 255');
    const why =
      "protea-rabbitmq-1: starting\n  its health check failed with exit code 1:\n    no answer\n" +
      "  its last log lines:\n    booting\n";
    expect(await up()).toMatchObject({ status: 255, stdout: why });
  });
});

test("Pulumi is content, and a container is not: exit code 1, and why", async () => {
  checkout.state({});
  checkout.answer(INSPECT, engine({ "protea-api-1": { status: "exited" }, "protea-minio-1": { missing: true } }));
  checkout.answer("logs --tail 10 protea-api-1", "");
  expect(await up()).toEqual({
    status: 1,
    stdout: "protea-api-1: exited\n  it ended with exit code 0\n  it has logged nothing\nmissing: protea-minio-1\n",
    stderr:
      "bin/pulumi up --yes --skip-preview --suppress-outputs --stack local\n" +
      `2 of ${wanted.length} containers not as declared; missing: protea-minio-1; exited: protea-api-1\n`,
  });
});

test.each([
  [true, ""],
  [false, "warning: Robotoff misses redis; again: make status HEALTH=1\n"],
])("Robotoff's backends are asked at the end; one passed: %s", async (passed, warning) => {
  const containers = declared(robotoff!);
  checkout.state({});
  checkout.answer(
    `container inspect ${containers.map(({ name }) => name).join(" ")}`,
    JSON.stringify(
      containers.map(({ service, name }) => ({
        Id: name,
        Name: `/${name}`,
        Image: "sha256:1",
        State: { Status: service.kind === "job" ? "exited" : "running", ExitCode: 0, Health: { Status: "healthy" } },
        Config: { Image: "x", Labels: { "robotoff-protea.stack": "local" } },
        NetworkSettings: { Ports: null },
      })),
    ),
  );
  const results = [
    { checker: "test_connect_redis", passed, output: "x" },
    { checker: "test_connect_postgres", passed: true, output: "y" },
  ];
  checkout.answer(healthQuestion(robotoff!).join(" "), JSON.stringify({ message: { results } }));
  const { status, stdout, stderr } = await checkout.operation("up", "--system", "robotoff");
  expect(status).toBe(0);
  expect(stdout).toContain(`redis     ${passed ? "passed" : "failed"}  x\n`);
  expect(stderr).toBe(`bin/pulumi up --yes --skip-preview --suppress-outputs --stack local\n${warning}`);
});
