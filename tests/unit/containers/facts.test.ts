/** Facts of a service that no container argument shows: what it is, what there may be one of, where its data is. */
import { describeStack } from "../../../systems/stack.ts";
import { environmentOf } from "../support/containers.ts";
import { MINIMAL, raw, type Values } from "../support/stack.ts";

const EVERYTHING: Values = {
  ...MINIMAL,
  "host:backups": { directory: "/srv/backups", copy: { repository: "rest:https://example.org/backups" } },
  "protea:repository": "/srv/thesis",
  "robotoff:images": { robotoff: "example/robotoff:1", fasttext: "messense/fasttext-serving:v0.7.0" },
  "robotoff:fasttext": true,
  "robotoff:exporters": true,
  "robotoff:workers": [{ name: "worker", replicas: 1, queues: ["robotoff-low"] }],
  "protea:workers": [{ name: "worker-training", queue: "protea.training", single: true }],
};
const described = (changes: Values = {}) => describeStack(raw({ ...EVERYTHING, ...changes })).systems;
const service = (system: string, name: string, changes: Values = {}) =>
  described(changes)
    .find((one) => one.name === system)!
    .services.find((one) => one.name === name)!;

const SERVER = "server; one: two servers must never share a data volume";
const BACKUP = "server; one: backups are made one after the other";
const COPY = "server; one: copies are made one after the other";
const JOB = "job; one: a job runs once";
const FACTS: [string, string, string][] = [
  ["robotoff", "postgres", `${SERVER}; data 5432; shared_buffers at robotoff:postgres.sharedBuffers`],
  ["robotoff", "postgres-backup", SERVER],
  ["robotoff", "backup-copy", COPY],
  ["robotoff", "redis", `${SERVER}; data 6379`],
  ["robotoff", "elasticsearch", `${SERVER}; data 9200, 9300; Java's heap at robotoff:elasticsearch.heap`],
  ["robotoff", "redis-backup", BACKUP],
  ["robotoff", "elasticsearch-backup", BACKUP],
  ["robotoff", "checkout", JOB],
  ["robotoff", "triton", "server"],
  ["robotoff", "langid-model", JOB],
  ["robotoff", "fasttext", "server"],
  ["robotoff", "statsd", "service"],
  ["robotoff", "postgres-exporter", "service"],
  ["robotoff", "migrate", JOB],
  ["robotoff", "init-elasticsearch", JOB],
  ["robotoff", "api", "service; api http://{5500}/api/v1/health"],
  ["robotoff", "scheduler", "service"],
  ["robotoff", "update-listener", "service"],
  ["robotoff", "worker-1", "service"],
  ["protea", "postgres", `${SERVER}; data 5432`],
  ["protea", "postgres-backup", SERVER],
  ["protea", "extension", JOB],
  ["protea", "rabbitmq", `${SERVER}; data 5672, 15672; RabbitMQ management http://{15672}/`],
  ["protea", "queues", JOB],
  ["protea", "minio", `${SERVER}; data 9000, 9001; MinIO console http://{9001}/`],
  ["protea", "bucket", JOB],
  ["protea", "files-backup", BACKUP],
  ["protea", "git-backup", BACKUP],
  ["protea", "backup-copy", COPY],
  ["protea", "migrate", JOB],
  ["protea", "api", "service; api http://{8000}/health/ready"],
  ["protea", "worker-jobs", "service"],
  [
    "protea",
    "worker-embeddings",
    "service; alone with protea.embeddings: the coordinator serialises GPU access; two cause RetryLaterError storms",
  ],
  ["protea", "worker-embeddings-batch", "service"],
  ["protea", "worker-embeddings-write", "service"],
  ["protea", "worker-predictions-batch", "service"],
  ["protea", "worker-predictions-write", "service"],
  ["protea", "worker-ping", "service"],
  ["protea", "worker-reaper", "service"],
  ["protea", "frontend", "service; frontend http://{3000}/"],
  ["protea", "worker-training", "service; alone with protea.training: the stack file says single"],
];

test.each(FACTS)("%s %s: %s", (system, name, facts) => {
  const { kind, server, single, dataPorts, soleConsumer, memoryNeeds, urls } = service(system, name);
  const told = [
    server ? "server" : kind,
    ...(single ? [`one: ${single}`] : []),
    ...(dataPorts.length > 0 ? [`data ${dataPorts.join(", ")}`] : []),
    ...(soleConsumer ? [`alone with ${soleConsumer.queue}: ${soleConsumer.why}`] : []),
    ...memoryNeeds.map(({ what, path }) => `${what} at ${path}`),
    ...Object.entries(urls).map(([what, url]) => `${what} ${url}`),
  ];
  expect(told.join("; ")).toBe(facts);
});

test("these are all, each where the stack file changes it", () => {
  const all = described().flatMap((system) => system.services.map((one) => [system.name, one.name]));
  expect(all).toEqual(FACTS.map(([system, name]) => [system, name]));
  const paths = described().flatMap((system) => system.services.map(({ path }) => path));
  const pools: Record<string, string> = { "worker-1": "robotoff:workers[0]", "worker-training": "protea:workers[0]" };
  expect(paths).toEqual(FACTS.map(([system, name]) => pools[name] ?? `${system}:services.${name}`));
});

test("of Robotoff's variables, a secret is never one in clear of the same name", () => {
  const names = ["POSTGRES_PASSWORD", "ELASTIC_PASSWORD"];
  const clear = Object.fromEntries(names.map((name) => [name, "in clear"]));
  for (const name of ["api", "worker-1", "migrate"])
    expect(environmentOf(service("robotoff", name, { "robotoff:environment": clear }))).toMatchObject({
      POSTGRES_PASSWORD: "${robotoff:postgresPassword}",
      ELASTIC_PASSWORD: "${robotoff:elasticPassword}",
    });
});

test.each([
  ["robotoff", "postgres-data", "robotoff_postgres-data"],
  ["protea", "postgres_data", "protea_postgres_data"],
])("%s: a volume's configured name, and whether it is there already", (system, name, dockerName) => {
  const volume = (settings?: object) =>
    described(settings && { [`${system}:volumes`]: { [name]: settings } })
      .find((one) => one.name === system)!
      .volumes.find((one) => one.name === name);
  expect(volume()).toEqual({ name, dockerName, external: false });
  expect(volume({})).toEqual({ name, dockerName, external: false });
  expect(volume({ external: true })).toEqual({ name, dockerName, external: true });
  expect(volume({ name: "pgdata" })).toEqual({ name, dockerName: "pgdata", external: false });
});
