/** What a stack file's settings make of a description, and of the volumes: lists replace, mounts and variables merge, the rest stays. */
import { healthcheck } from "../../../systems/healthchecks.ts";
import { serviceSpec, withSettings } from "../../../systems/service-spec.ts";
import type { ServiceSpec } from "../../../systems/spec.ts";
import { describeStack } from "../../../systems/stack.ts";
import { MINIMAL, raw, type Values } from "../support/stack.ts";

const mount = (source: string, target: string, readOnly = false) => ({ source, target, readOnly });
const port = (host: number) => ({ address: "127.0.0.1", host, container: 80, protocol: "tcp" as const });

const base = serviceSpec({
  name: "api",
  path: "protea:services.api",
  image: "a:1",
  environment: { A: "1", B: { secret: "protea:b" } },
  ports: [port(80)],
  mounts: [mount("data", "/data"), mount("tmp", "/tmp")],
  ulimits: [{ name: "nofile", soft: 1, hard: 2 }],
  healthcheck: healthcheck(["CMD", "true"], { retries: 7 }),
});

test.each<[string, Parameters<typeof withSettings>[2], Partial<ServiceSpec>]>([
  ["nothing", undefined, {}],
  ["what is undefined", { memory: undefined, healthcheck: { retries: undefined } }, {}],
  ["numbers and words", { memory: 2 ** 20, replicas: 0, gpus: "all" }, { memory: 2 ** 20, replicas: 0, gpus: "all" }],
  [
    "a variable, and another's value",
    { environment: { A: "2", C: "3" } },
    { environment: { ...base.environment, A: "2", C: "3" } },
  ],
  ["ports replace", { ports: [] }, { ports: [] }],
  [
    "a mount takes the place of that with its target",
    { volumes: [mount("/srv/tmp", "/tmp", true), mount("more", "/more")] },
    { mounts: [mount("data", "/data"), mount("/srv/tmp", "/tmp", true), mount("more", "/more")] },
  ],
  [
    "limits replace",
    { ulimits: { nofile: { soft: 3, hard: 4 } } },
    { ulimits: [{ name: "nofile", soft: 3, hard: 4 }] },
  ],
  [
    "a time of the check leaves its test and its other times",
    { healthcheck: { interval: 5_000 } },
    { healthcheck: { ...base.healthcheck!, interval: 5_000 } },
  ],
  [
    "a test of the check leaves its times",
    { healthcheck: { test: ["CMD", "false"] } },
    { healthcheck: { ...base.healthcheck!, test: ["CMD", "false"] } },
  ],
])("%s", (_what, settings, changed) => {
  expect(withSettings(base, "protea:workers[3]", settings)).toStrictEqual({
    ...base,
    path: "protea:workers[3]",
    ...changed,
  });
});

test("a check where there was none has the defaults; a job gets none", () => {
  const test = ["CMD", "true"];
  const without = { ...base, healthcheck: undefined };
  expect(withSettings(without, "", { healthcheck: { test } }).healthcheck).toEqual(healthcheck(test));
  expect(withSettings(without, "", { healthcheck: { interval: 5_000 } }).healthcheck).toBeUndefined();
  expect(withSettings({ ...base, kind: "job" }, "", { healthcheck: { test } }).healthcheck).toBeUndefined();
});

describe("the volumes of a system", () => {
  const BACKUPS: Values = { "host:backups": { directory: "/srv/backups" } };
  const volumes = (name: string, changes: Values) =>
    describeStack(raw({ ...MINIMAL, ...changes }))
      .systems.find((system) => system.name === name)!
      .volumes.map((volume) => volume.name);
  const ROBOTOFF = [
    "postgres-data",
    "postgres-tmp",
    "es-data",
    "es-logs",
    "redis-data",
    "backup",
    "tmp",
    "home_cache",
    "elasticsearch_tmp",
  ];
  const FOLDERS = ["data", "cache", "datasets", "models", "triton-models"];
  const PROTEA = ["postgres_data", "postgres_tmp", "rabbitmq_data", "minio_data"];
  const CACHES = ["taxonomy", "model_cache", "artefacts"];

  test.each<[string, string, Values, string[]]>([
    ["robotoff", "without backups", {}, [...ROBOTOFF, ...FOLDERS]],
    [
      "robotoff",
      "with backups",
      BACKUPS,
      [...ROBOTOFF, "postgres-socket", "postgres-scratch", "es-snapshots", ...FOLDERS],
    ],
    ["robotoff", "one more", { "robotoff:volumes": { more: {}, tmp: {} } }, [...ROBOTOFF, ...FOLDERS, "more"]],
    [
      "robotoff",
      "Triton elsewhere has its models there",
      { "robotoff:triton": { run: false, uri: "10.3.0.101:5504" } },
      [...ROBOTOFF, ...FOLDERS.slice(0, -1)],
    ],
    [
      "robotoff",
      "a folder of the host is none",
      { "robotoff:folders": { data: "/data", tritonModels: "/models/triton" } },
      [...ROBOTOFF, "cache", "datasets", "models"],
    ],
    ["protea", "without backups", {}, [...PROTEA, ...CACHES]],
    ["protea", "with backups", BACKUPS, [...PROTEA, "postgres_socket", "postgres_scratch", ...CACHES]],
    ["protea", "one more", { "protea:volumes": { more: {} } }, [...PROTEA, ...CACHES, "more"]],
  ])("%s: %s", (name, _what, changes, expected) => {
    expect(volumes(name, changes)).toEqual(expected);
  });
});
