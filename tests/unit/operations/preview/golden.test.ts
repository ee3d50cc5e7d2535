/** Whole texts of previews. `npm run unit:golden` writes them anew. */
import { effectsOf, predict } from "../../../../operations/preview/effects.ts";
import { IMAGE_LABEL } from "../../../../engines/docker/labels.ts";
import { changesOf, UNKNOWN, type Digest, type Resource } from "../../../../operations/preview/changes.ts";
import { previewText, refusedText } from "../../../../operations/preview/text.ts";
import { describeStack } from "../../../../systems/stack.ts";
import { digest, type Hand } from "../../support/digest.ts";
import { expectGolden } from "../../support/golden.ts";
import { fileValues, raw, type Values } from "../../support/stack.ts";

const PRODUCTION = fileValues("Pulumi.production.yaml");
const LOCAL = fileValues("Pulumi.local.yaml");
const described = (values: Values, stack = "production") => describeStack(raw(values, { stack }));
/** With more settings for services of a system. */
function withServices(values: Values, system: string, services: Values): Values {
  const key = `${system}:services`;
  const known = (values[key] ?? {}) as Record<string, Values>;
  const changed = Object.entries(services).map(([name, more]) => [name, { ...known[name], ...(more as Values) }]);
  return { ...values, [key]: { ...known, ...Object.fromEntries(changed) } as Values };
}

interface Case {
  before?: Values;
  after?: Values;
  hand?: Hand;
  more?: Digest;
}
/** Holds the text of a preview against its file. */
function expectText(
  name: string,
  { before = PRODUCTION, after = before, hand = {}, more }: Case,
  stack = "production",
) {
  const now = described(after, stack);
  expectGolden(
    previewText(digest(described(before, stack), now, hand, more), now),
    `tests/unit/operations/preview/${name}.md`,
  );
}
const command = (op: string, resource: string, type = "command:local:Command", inputs = {}) => ({
  op,
  urn: `urn:pulumi:test::robotoff-protea::type::${resource}`,
  [op === "delete" ? "oldState" : "newState"]: { type, inputs },
});
const image = (op: string, name: string) =>
  command(op, `image-${name}`, "docker:index/remoteImage:RemoteImage", { name });

test("nothing to change", () => expectText("nothing", {}));

test("a new version of the applications: its migration, what is away and for whom", () => {
  const images = PRODUCTION["robotoff:images"] as Values;
  const after = { ...PRODUCTION, "robotoff:images": { ...images, robotoff: "ghcr.io/openfoodfacts/robotoff:1.86.0" } };
  const steps = [image("replace", "ghcr.io/openfoodfacts/robotoff:1.86.0"), command("replace", "robotoff-healthy")];
  expectText("new-version", { after, more: { steps } });
  const now = described(after);
  const predicted = predict(effectsOf(now, changesOf(digest(described(PRODUCTION), now)).changes), false);
  expect(predicted.checkpoints).toEqual(["robotoff"]);
});

test("a server with data comes first, with who uses it; what changes in place stops nothing", () => {
  const after = {
    ...withServices(PRODUCTION, "protea", {
      rabbitmq: { memory: "3g" },
      postgres: { shmSize: "2g", stopGracePeriod: "5m", volumes: ["artefacts:/elsewhere:ro"] },
      "worker-ping": { memory: "1g", restart: "always" },
      frontend: { environment: { HTTP_PROXY: "http://proxy`\nnext" }, ports: ["127.0.0.1:3001:3000"] },
    }),
    "robotoff:postgres": { sharedBuffers: "16GB", workMem: "1GB" },
  };
  expectText("servers", { after, more: { steps: [command("replace", "protea-backups-first")] } });
});

test("secrets: that one is another, and never which; those of an earlier version become files", () => {
  const after = withServices(PRODUCTION, "protea", {
    frontend: { environment: { NEW: "1" } },
  });
  const labels = [
    { label: "com.docker.compose.project", value: "protea" },
    { label: "com.docker.compose.service", value: "api" },
  ];
  const api = (envs: unknown, source?: string) => ({
    type: "docker:index/container:Container",
    inputs: {
      ...{ name: "protea-api-1", envs, labels, stopTimeout: 10 },
      mounts: [
        { type: "volume", source: "a", target: "/a" },
        ...(source ? [{ type: "bind", source, target: "/run/secrets", readOnly: true }] : []),
      ],
    },
  });
  const step = (name: string, oldState: Resource, newState: Resource, ...diffReasons: string[]) => ({
    ...{ op: "replace", urn: `urn:pulumi:test::robotoff-protea::type::${name}`, oldState, newState, diffReasons },
  });
  const rotated = step("rotated", api(["A=1"], "/secrets/api-1"), api(["A=1"], UNKNOWN), "mounts");
  const upgraded = step("upgraded", api("[secret]"), api(["A=1"], "/secrets/api-1"), "envs", "mounts");
  expectText("secrets", { after, more: { steps: [rotated, upgraded] } });
});

test("a server that is given another volume: what it had is no longer used", () => {
  const before = { ...LOCAL, "protea:volumes": { minio_data: { external: true, name: "given" } } };
  expectText("another-volume", { before, after: { ...LOCAL } }, "local");
});

test("more and fewer: what comes, what goes, and who is without it", () => {
  const after = {
    ...withServices(PRODUCTION, "protea", {
      "worker-embeddings-batch": { replicas: 1 },
      "worker-predictions-batch": { replicas: 4 },
      api: { replicas: 0 },
    }),
    "robotoff:exporters": false,
  };
  const steps = [
    command("delete", "protea-backups-schedule-verify"),
    command("create", "host-script-vault"),
    command("update", "host-docker", "pulumi:providers:docker"),
    { ...command("import", "protea-x", "docker:index/volume:Volume"), op: "import" },
  ];
  expectText("more-and-fewer", { after, more: { steps } });
});

test("a system that is taken off the stack: its data, where it stays and where it goes", () => {
  expectText("removed-kept", { after: { ...PRODUCTION, "protea:enabled": false } });
  expectText(
    "removed",
    { before: LOCAL, after: { ...LOCAL, "protea:enabled": false, "host:backups": undefined } },
    "local",
  );
});

test("without backups no checkpoint is set before a migration", () => {
  const { "host:backups": _, ...without } = LOCAL;
  const after = withServices(without, "protea", { migrate: { command: ["alembic", "upgrade", "+1"] } });
  const now = described(after, "local");
  // And the host was not asked.
  const text = previewText(digest(described(without, "local"), now), now);
  expectGolden(text, "tests/unit/operations/preview/no-checkpoint.md");
  const predicted = predict(effectsOf(now, changesOf(digest(described(without, "local"), now)).changes), false);
  expect([predicted.run, predicted.checkpoints]).toEqual([["protea-migrate-1"], []]);
});

test("what was changed by hand is told apart from what is declared, with what puts it right", () => {
  const moved = "sha256:another";
  const label = { label: IMAGE_LABEL, value: moved };
  // And a job that was removed is another one now: it is made, and runs.
  const after = withServices(withServices(PRODUCTION, "robotoff", { scheduler: { memory: "2g" } }), "protea", {
    bucket: { environment: { ANY: "thing" } },
  });
  const before = described(PRODUCTION);
  const hand: Hand = {
    "robotoff-scheduler-1": { memory: 77 },
    "robotoff-api-1": { mustRun: false, ports: [] },
    "protea-postgres-1": { mustRun: false },
    "protea-rabbitmq-1": { memory: 100, memorySwap: 100 },
    "protea-worker-ping-1": { restart: "no", shmSize: 1 },
    "protea-minio-1": { shmSize: 1 },
    "protea-worker-jobs-1": "gone",
    "protea-queues-1": "gone",
    "protea-bucket-1": "gone",
    "protea-postgres_data": "gone",
  };
  const told = digest(before, described(after), hand);
  // The tag of Redis' image was moved, Triton's… image of PROTEA's frontend is gone.
  const steps = told.steps!.filter(({ op }) => op !== "refresh");
  const [redis, frontend] = ["robotoff-redis-1", "protea-frontend-1"].map((name) => {
    const { oldState } = told.steps!.find(({ urn }) => urn.endsWith(`::${name}`))!;
    const value = name === "robotoff-redis-1" ? label : { label: IMAGE_LABEL, value: UNKNOWN };
    const old = oldState!.inputs!.labels as { label: string }[];
    const labels = [...old.filter((one) => one.label !== IMAGE_LABEL), value];
    const urn = told.steps!.find((step) => step.urn.endsWith(`::${name}`))!.urn;
    return {
      op: "replace",
      urn,
      oldState,
      newState: { ...oldState!, inputs: { ...oldState!.inputs, labels } },
      diffReasons: ["labels"],
    };
  });
  const lost = { urn: "urn:pulumi:test::robotoff-protea::type::protea-image-frontend" };
  const resource = { type: "docker:index/remoteImage:RemoteImage", inputs: { name: "frontend:0.3.0" } };
  const network = { type: "docker:index/network:Network", inputs: { name: "protea_default" } };
  const all: Digest = {
    steps: [
      ...told.steps!.filter(({ op }) => op === "refresh"),
      { op: "refresh", ...lost, oldState: resource, newState: resource },
      { op: "refresh", urn: "n", oldState: network, newState: network },
      ...steps,
      ...[redis!, frontend!, { op: "create", ...lost, newState: resource }],
      {
        op: "update",
        urn: "n",
        oldState: { ...network, outputs: { driver: "x" } },
        newState: { ...network, inputs: { ...network.inputs, driver: undefined } },
        diffReasons: ["driver"],
      },
      // Runs again only because its container is another by then.
      command("replace", "robotoff-healthy"),
    ],
  };
  expectGolden(previewText(all, described(after)), "tests/unit/operations/preview/by-hand.md");
  const effects = effectsOf(described(after), changesOf(all).changes);
  expect(predict(effects, false)).toEqual({
    ...{ created: ["protea-bucket-1"], replaced: [], deleted: [], away: [] },
    run: ["protea-bucket-1"],
    checkpoints: [],
  });
  expect(predict(effects, true)).toEqual({
    created: ["protea-bucket-1", "protea-queues-1", "protea-worker-jobs-1"],
    replaced: ["protea-frontend-1", "protea-minio-1", "protea-worker-ping-1", "robotoff_api_1", "robotoff_redis_1"],
    deleted: [],
    away: ["protea-frontend-1", "protea-minio-1", "protea-worker-ping-1", "robotoff_api_1", "robotoff_redis_1"],
    run: ["protea-bucket-1", "protea-queues-1"],
    checkpoints: [],
  });
});

test("what does not work is said, and nothing else; a warning comes last", () => {
  const now = described(PRODUCTION);
  const diagnostics = [
    { severity: "error", message: "error: ```` refused\n" },
    { severity: "error", message: "error: ```` refused\n" },
    { severity: "info", message: "not shown" },
  ];
  const warnings = ["warning: old", "warning: Undefined value (x) will not show as a stack output."].map((message) => ({
    ...{ severity: "warning", message },
  }));
  const message = "error: ''' refused";
  expect(previewText({ diagnostics }, now)).toBe(refusedText("production", message));
  expect(refusedText("production", message)).toBe(
    "# production: what `make up STACK=production` will do\n\n" +
      "**It does not work as it is; nothing was changed:**\n\n````\nerror: ''' refused\n````\n",
  );
  expect(previewText({ diagnostics: [...warnings, {}] }, now)).toBe(
    "# production: what `make up STACK=production` will do\n\nNothing to change. " +
      "The host was not asked: what was changed there by hand does not show.\n\n## Warnings\n\n````\nwarning: old\n````\n",
  );
});
