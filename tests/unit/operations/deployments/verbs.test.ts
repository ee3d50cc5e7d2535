/** `make deployments`, `make rollback`, and jobs whose containers somebody removed, against a host that keeps deployments. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { agentOf } from "../../../../backups/parts.ts";
import { inContainerCommand } from "../../../../hosts/installed.ts";
import { declared } from "../../../../operations/containers/rows.ts";
import type { Deployment } from "../../../../operations/deployments/record.ts";
import { Checkout } from "../../support/checkout.ts";
import { settingsOf } from "../../support/settings.ts";
import { committed } from "../../support/stack.ts";
import { healthQuestion } from "../../../../operations/containers/backends.ts";

const { systems } = committed("local");
const wanted = systems.flatMap((system) => declared(system));
const INSPECT = `container inspect ${wanted.map(({ name }) => name).join(" ")}`;
const ROBOTOFF = wanted.find(({ name }) => name === "robotoff_migrate_1")!.service.image;
const KEEP = "image inspect --format {{.Id}} {{json .RepoDigests}} sha256:1";

let checkout: Checkout;
beforeEach(() => {
  checkout = new Checkout().answer("version", "").answer(KEEP, "sha256:1 []\n").state({});
  for (const { service } of wanted) checkout.answer(`image inspect --format {{.Id}} ${service.image}`, "sha256:1\n");
  checkout.answer(healthQuestion(systems[0]!).join(" "), '{"message": {"results": []}}').answer(INSPECT, engine());
});
afterEach(() => checkout.remove());

/** What the engine has: all as declared, but for these. */
function engine(missing: string[] = [], config = "h"): string {
  const containers = wanted.filter(({ name }) => !missing.includes(name));
  return JSON.stringify(
    containers.map(({ service, name }) => ({
      ...{ Id: `id-${name}`, Name: `/${name}`, Image: "sha256:1", NetworkSettings: { Ports: {} } },
      State: {
        ...{ Status: service.kind === "job" ? "exited" : "running", ExitCode: 0, Health: { Status: "healthy" } },
        ...{ StartedAt: "2026-11-24T12:00:00Z", FinishedAt: "2026-11-24T12:00:00Z" },
      },
      Config: {
        Image: service.image,
        Labels: { "robotoff-protea.stack": "local", "com.docker.compose.config-hash": config },
      },
    })),
  );
}

/** As engine(), each with all that it is declared with. What is relative in the stack file lies below the checkout. */
function whole(missing: string): string {
  const here = process.cwd();
  process.chdir(checkout.folder);
  try {
    const each = JSON.parse(engine([missing])) as { Name: string }[];
    const all = committed("local").systems.flatMap((system) =>
      declared(system).map(
        ({ service, name }) => [`/${name}`, settingsOf(system, service, Number(/\d+$/.exec(name)![0]))] as const,
      ),
    );
    const settings = new Map<string, object>(all);
    return JSON.stringify(each.map((one) => ({ ...one, ...settings.get(one.Name) })));
  } finally {
    process.chdir(here);
  }
}

/** Kept by the host: all containers of then, of the stack file's text of now but for a change. */
function keep(stamp: string, more: (text: string) => string = (text) => text, change: Partial<Deployment> = {}): void {
  const folder = join(checkout.folder, ".local/share/robotoff-protea/deployments/local");
  mkdirSync(folder, { recursive: true });
  const containers = wanted.map(({ service, name }) => {
    return [name, { id: `id-${name}`, image: service.image, imageId: "sha256:1", config: "h" }];
  });
  const kept = {
    stamp,
    by: "off@laptop",
    commit: "0123456789abcdef",
    changed: true,
    file: more(checkout.text("local")),
  };
  const whole = { ...kept, containers: Object.fromEntries(containers) as object, ...change };
  writeFileSync(join(folder, `${stamp}.json`), `${JSON.stringify(whole)}\n`);
}
const withWorkMem = (text: string) => text.replace("config:", "config:\n  robotoff:postgres: { workMem: 1MB }");
const [ONE, TWO] = ["20261101T000000Z", "20261102T000000Z"];

test("none is known", async () => {
  expect(await checkout.operation("deployments")).toEqual({
    status: 0,
    stdout: "no deployment of local is known: make up keeps each, on the host\n",
    stderr: "",
  });
  const { status, stderr } = await checkout.operation("rollback");
  expect([status, stderr]).toEqual([
    1,
    "there is no earlier deployment to go back to (known: none); make deployments\n",
  ]);
});

test("they are listed, the newest first, with what is left of their images", async () => {
  keep(ONE);
  keep(TWO, withWorkMem);
  checkout.answer(`image inspect --format {{.Id}} ${wanted[0]!.service.image}`, "No such image", 1);
  const { stdout } = await checkout.operation("deployments");
  expect(stdout.replaceAll(/ +/g, " ").trim().split("\n")).toEqual([
    "DEPLOYMENT BY COMMIT NEWS IMAGES",
    `${TWO} off@laptop 0123456789ab and changes 1 settings 1 gone`,
    `${ONE} off@laptop 0123456789ab and changes the first 1 gone`,
  ]);
});

test("back to the one before: what changes is said, the stack file is written, and up is run", async () => {
  keep(ONE, withWorkMem);
  keep(TWO);
  const then = withWorkMem(checkout.text("local"));
  const { status, stdout, stderr } = await checkout.operation("rollback");
  expect([status, checkout.text("local")]).toEqual([0, then]);
  expect(stdout).toContain(
    `back to ${ONE}, by off@laptop, of the commit 0123456789ab; the program stays this checkout's\n`,
  );
  expect(stdout).toContain('settings:\n  robotoff:postgres.workMem: default -> "1MB"\n');
  expect(stdout).toMatch(/^made anew, each away from its stop until it is healthy:\n {2}robotoff_/m);
  expect(stderr).toContain("operations/up.ts --stack local --yes 1\n");
  expect(checkout.calls).toContain("pulumi up --yes --skip-preview --suppress-outputs --stack local");
});

test("where volumes are protected, a person decides", async () => {
  checkout.write("local", checkout.text("local").replaceAll(/host:(protectVolumes|generateSecrets): .*/g, ""));
  keep(ONE, withWorkMem);
  keep(TWO);
  const before = checkout.text("local");
  const { status, stderr } = await checkout.operation("rollback");
  expect([status, stderr]).toEqual([1, "nothing was changed: there is no terminal to ask at; add YES=1 to go on\n"]);
  expect(checkout.text("local")).toBe(before);
  const decided = await checkout.operation("rollback", "--yes", "1");
  expect(decided.stderr).toContain("operations/up.ts --stack local --yes 1\n");
  expect(checkout.text("local")).toBe(withWorkMem(before));
});

test.each<[string, string[], Partial<Deployment>, string]>([
  ["to one that is not known", ["--to", "1"], {}, `found TO=1, expected one of the last deployments: ${TWO}, ${ONE}\n`],
  [
    "whose settings this program refuses",
    [],
    { file: "config:\n  robotoff:tld: nowhere\n" },
    `the settings of ${ONE} do not fit the program of this checkout`,
  ],
  [
    "over a migration",
    ["--to", ONE],
    { containers: { robotoff_migrate_1: { id: "x", image: ROBOTOFF, imageId: "sha256:1", config: "older" } } },
    `nothing was changed: since ${ONE} a migration ran of robotoff, `,
  ],
  [
    "to an image that is gone",
    ["--to", ONE],
    { containers: { robotoff_redis_1: { id: "x", image: "mine:1", imageId: "sha256:2", config: "h" } } },
    "nothing was changed; images that are not here any more:\n  mine:1: ",
  ],
  [
    "to what had not all of its volumes",
    [],
    { file: "config:\n  robotoff:enabled: false\n  protea:enabled: false\n" },
    `nothing was changed: ${ONE} had no volume robotoff_postgres-data, `,
  ],
])("refused, and nothing is changed: %s", async (_what, words, change, message) => {
  checkout.answer("image inspect --format {{.Id}} mine:1", "No such image", 1);
  keep(ONE, withWorkMem, change);
  keep(TWO);
  const before = checkout.text("local");
  const { status, stderr } = await checkout.operation("rollback", ...words);
  expect([status, stderr]).toEqual([1, expect.stringContaining(message)]);
  expect(checkout.text("local")).toBe(before);
  expect(checkout.calls.filter((call) => call.startsWith("pulumi"))).toEqual([]);
});

describe("a job's container is gone", () => {
  const JOB = "robotoff_migrate_1";
  const MISSED = [expect.stringMatching(/ missing +-/), expect.stringContaining(`missing: ${JOB}`)];
  const IDS = "ps --all --no-trunc --quiet";
  beforeEach(() => {
    checkout.answer(INSPECT, engine([JOB]));
    // Of backups nothing is asked here.
    for (const agent of ["robotoff_postgres-backup_1", "protea-postgres-backup-1"])
      for (const verb of ["list", "window"]) checkout.answer(`exec -i -u root ${agent} sh -s -- ${verb}`, "away", 1);
  });
  const status = async () => {
    checkout.answer(INSPECT, whole(JOB));
    const { stdout } = await checkout.operation("status");
    return stdout.split("\n").filter((line) => line.includes(JOB) || line.includes("as declared"));
  };

  test("it has run, by the newest deployment, whose other containers are there", async () => {
    keep(ONE);
    checkout.answer(IDS, "another\nid-robotoff_api_1\n");
    expect(await status()).toEqual([expect.stringMatching(/ removed +-/), expect.stringContaining("all as declared")]);
  });

  test("nor is the newest deployment another than what runs: a rollback passes over it", async () => {
    keep(ONE, withWorkMem);
    keep(TWO);
    checkout.answer(IDS, "id-robotoff_api_1\n");
    const { stdout } = await checkout.operation("rollback");
    expect(stdout).toContain(`back to ${ONE}, `);
    expect(stdout).not.toContain("\ncome:");
  });

  test("of that deployment nothing of its system is there: it is missed", async () => {
    keep(ONE);
    checkout.answer(IDS, "another\nid-protea-api-1\n");
    expect(await status()).toEqual(MISSED);
  });

  test("no deployment is known, or none that had it: it is missed", async () => {
    expect(await status()).toEqual(MISSED);
    keep(ONE, undefined, {
      containers: { robotoff_api_1: { id: "id-robotoff_api_1", image: "x", imageId: "sha256:1", config: "h" } },
    });
    checkout.answer(IDS, "id-robotoff_api_1\n");
    expect(await status()).toEqual(MISSED);
  });
});

describe("make deploy", () => {
  const agents = systems.map((system) => agentOf(system));
  const checkpoint = (agent: string) => inContainerCommand(agent, "root", ["before", "deploy"]).replace("docker ", "");
  const UP = "operations/up.ts --stack local --yes 1 -- --non-interactive\n";
  beforeEach(() => {
    for (const agent of agents) checkout.answer(checkpoint(agent), `before-deploy-${agent}\n`);
  });

  test("names the moment in every database, then up; a failure ends with the way back", async () => {
    keep(ONE);
    checkout.pulumi('[ "$1" != up ]');
    const { status, stdout, stderr } = await checkout.operation("deploy");
    expect(status).toBe(1);
    expect(stdout).toContain(`protea: checkpoint before-deploy-${agents[1]}\n`);
    expect(stderr).toContain(UP);
    expect(stderr).toContain(
      "\nlocal: the deployment failed; see above, and make why STACK=local. " +
        `Back to what ran before: make rollback STACK=local TO=${ONE}\n`,
    );
    const calls = checkout.calls;
    const last = Math.max(...agents.map((agent) => calls.indexOf(checkpoint(agent))));
    expect(calls.findIndex((call) => call.startsWith("pulumi up"))).toBeGreaterThan(last);
  });

  test("the first one has no moment to name and nothing to go back to", async () => {
    checkout.answer(INSPECT, engine(agents)).pulumi('[ "$1" != up ]');
    const { stdout, stderr } = await checkout.operation("deploy");
    expect(stdout).toContain("protea: nothing of it is there yet");
    expect(stderr).toContain("There is no deployment to go back to\n");
    expect(checkout.calls.filter((call) => call.startsWith("exec"))).toEqual([]);
  });

  test("a moment that cannot be named: nothing is changed", async () => {
    checkout.answer(checkpoint(agents[0]!), "the server does not answer\n", 1);
    const { status, stderr } = await checkout.operation("deploy");
    expect([status, stderr]).toEqual([
      1,
      expect.stringContaining("nothing was changed: no moment to go back to could be named. robotoff: the server does"),
    ]);
    expect(checkout.calls.filter((call) => call.startsWith("pulumi"))).toEqual([]);
  });

  test("all is healthy, and what is published does not answer: failed, with the way back", async () => {
    keep(ONE);
    // The port of a service that nobody has listened to since the 1980s (TCPMUX).
    const text = checkout
      .text("local")
      .replace("frontend: { memory", `frontend: { ports: ["127.0.0.1:1:3000"], memory`);
    checkout.write("local", text);
    const { status, stdout, stderr } = await checkout.operation("deploy");
    expect(status).toBe(1);
    expect(stdout).toMatch(/protea +frontend +http:\/\/127.0.0.1:1\/ +.*ECONNREFUSED.*, failed\n/);
    expect(stderr).toContain(`make rollback STACK=local TO=${ONE}\n`);
  });
});
