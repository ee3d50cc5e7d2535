/** What PROTEA asks of its containers, whatever the stack. */
import { containersOf } from "../support/containers.ts";
import { MINIMAL, raw, type Values } from "../support/stack.ts";
import { describeStack } from "../../../systems/stack.ts";

const protea = (changes: Values = {}) =>
  containersOf(describeStack(raw({ ...MINIMAL, "robotoff:enabled": false, ...changes })), "test");

test("the runbook's container names", () => {
  expect(Object.keys(protea())).toEqual([
    "protea-postgres-1",
    "protea-extension-1",
    "protea-rabbitmq-1",
    "protea-queues-1",
    "protea-minio-1",
    "protea-bucket-1",
    "protea-migrate-1",
    "protea-api-1",
    "protea-worker-jobs-1",
    "protea-worker-embeddings-1",
    "protea-worker-embeddings-batch-1",
    "protea-worker-embeddings-write-1",
    "protea-worker-predictions-batch-1",
    "protea-worker-predictions-write-1",
    "protea-worker-ping-1",
    "protea-worker-reaper-1",
    "protea-frontend-1",
  ]);
});

test("exactly one container consumes protea.embeddings", () => {
  const consumers = Object.entries(protea()).filter(([, { command }]) => command?.includes("protea.embeddings"));
  expect(consumers.map(([name]) => name)).toEqual(["protea-worker-embeddings-1"]);
});

test("gpu gives worker-embeddings-batch, and it alone, every GPU and 8 GiB", () => {
  const [without, on] = [protea(), protea({ "protea:gpu": true })];
  const withGpu = Object.entries(on).filter(([, container]) => container.gpus !== undefined);
  expect(withGpu.map(([name, { gpus, memory, memorySwap }]) => ({ name, gpus, memory, memorySwap }))).toEqual([
    { name: "protea-worker-embeddings-batch-1", gpus: "all", memory: 8192, memorySwap: 8192 },
  ]);
  expect(without["protea-worker-embeddings-batch-1"]).toMatchObject({ gpus: undefined, memory: 4096 });
});

test("the reaper waits for the database alone, gives a job 6 h, and spares one that said something within 30 min", () => {
  const reaper = (changes: Values = {}) => protea(changes)["protea-worker-reaper-1"]!;
  const times = (main: string, stall: string) => ({
    PROTEA_TUNING__WORKER__REAPER_MAIN_TIMEOUT_SECONDS: main,
    PROTEA_TUNING__WORKER__REAPER_STALL_SECONDS: stall,
  });
  expect(reaper().environment).toMatchObject(times("21600", "1800"));
  const changed = { "protea:reaper": { jobTimeout: "24h", stall: "90s" } };
  expect(reaper(changed).environment).toMatchObject(times("86400", "90"));
  expect(reaper().labels["com.docker.compose.depends_on"]).toBe(
    "postgres:service_healthy:false,migrate:service_completed_successfully:false",
  );
});

test("what is downloaded or written is in volumes, where the image's user has it, shared by whoever needs it", () => {
  const mounts = Object.entries(protea()).map(
    ([name, { mounts }]) => [name, mounts.map(({ source, target }) => `${source}:${target}`)] as const,
  );
  const [taxonomy, models, artefacts] = [
    "protea_taxonomy:/root/.etetoolkit",
    "protea_model_cache:/root/.cache/huggingface",
    "protea_artefacts:/app/storage",
  ];
  expect(Object.fromEntries(mounts.filter(([name]) => /api|worker|frontend|migrate/.test(name)))).toEqual({
    "protea-migrate-1": [],
    "protea-api-1": [artefacts],
    "protea-worker-jobs-1": [taxonomy, artefacts],
    "protea-worker-embeddings-1": [],
    "protea-worker-embeddings-batch-1": [models],
    "protea-worker-embeddings-write-1": [],
    "protea-worker-predictions-batch-1": [taxonomy, artefacts],
    "protea-worker-predictions-write-1": [],
    "protea-worker-ping-1": [],
    "protea-worker-reaper-1": [],
    "protea-frontend-1": [],
  });
});

test("a worker that builds the taxonomy has the memory and ten minutes for it; the other one starts after it", () => {
  const { "protea-worker-jobs-1": jobs, "protea-worker-predictions-batch-1": batch } = protea();
  // 2,267 MiB, measured.
  expect(jobs!.memory).toBeGreaterThan(2_267);
  for (const worker of [jobs!, batch!]) {
    expect(worker.healthcheck!.startPeriod).toBe("10m0s");
  }
  expect(batch!.labels["com.docker.compose.depends_on"]).toContain("worker-jobs:service_healthy");
  expect(jobs!.labels["com.docker.compose.depends_on"]).not.toContain("worker-");
});

describe("workers that the stack file adds", () => {
  const training = { name: "worker-training", queue: "protea.training" };

  test("have what their queue needs, the stack file's settings, and the others' name, network and order", () => {
    const added = protea({ "protea:workers": [{ ...training, replicas: 2, gpus: "all", environment: { A: 1 } }] });
    const [first, second] = ["protea-worker-training-1", "protea-worker-training-2"].map((name) => added[name]!);
    const jobs = added["protea-worker-jobs-1"]!;
    expect(first).toMatchObject({
      command: ["python", "scripts/worker.py", "--queue", "protea.training"],
      environment: { ...jobs.environment, A: "1" },
      mounts: jobs.mounts,
      memory: 8192,
      gpus: "all",
    });
    expect(first!.labels["com.docker.compose.depends_on"]).toContain("worker-jobs:service_healthy");
    expect(second!.command).toEqual(first!.command);
  });

  test.each([
    ["protea.predictions", 2048],
    ["protea.evaluations", 2048],
    ["protea.of-tomorrow", 2048],
  ])("of %s see the artefacts, and have %i MiB", (queue, memory) => {
    const worker = protea({ "protea:workers": [{ name: "more", queue }] })["protea-more-1"]!;
    expect(worker).toMatchObject({ memory, mounts: [{ source: "protea_artefacts", target: "/app/storage" }] });
  });
});

test("the API alone has the API's secrets, and says which origins it allows only where the stack file does", () => {
  const secrets = { "protea:adminToken": "x", "protea:jwtSecret": "y" };
  const having = (containers: ReturnType<typeof protea>, variable: string) =>
    Object.entries(containers).filter(([, { environment, secrets }]) => variable in { ...environment, ...secrets });
  const names = ["PROTEA_ADMIN_TOKEN", "PROTEA_JWT_SECRET", "PROTEA_ALLOWED_ORIGINS"];
  for (const name of names) expect(having(protea(), name)).toEqual([]);
  const origins = ["https://protea.example.org", "http://localhost:3000"];
  const set = containersOf(
    describeStack(
      raw(
        { ...MINIMAL, ...secrets, "robotoff:enabled": false, "protea:allowedOrigins": origins },
        { secretKeys: new Set(Object.keys(secrets)) },
      ),
    ),
    "test",
  );
  for (const name of names) expect(having(set, name).map(([container]) => container)).toEqual(["protea-api-1"]);
  expect(set["protea-api-1"]).toMatchObject({
    secrets: { PROTEA_ADMIN_TOKEN: "${protea:adminToken}", PROTEA_JWT_SECRET: "${protea:jwtSecret}" },
    environment: { PROTEA_ALLOWED_ORIGINS: "https://protea.example.org,http://localhost:3000" },
  });
});

test("objects go to MinIO, unless the stack file says otherwise", () => {
  const backend = (changes: Values = {}) => protea(changes)["protea-worker-jobs-1"]!.environment.PROTEA_STORAGE_BACKEND;
  expect(backend()).toBe("minio");
  expect(backend({ "protea:environment": { PROTEA_STORAGE_BACKEND: "local" } })).toBe("local");
});

test("the frontend listens where its check asks, and is told nothing that it does not read", () => {
  expect(protea()["protea-frontend-1"]!.environment).toEqual({ HOSTNAME: "0.0.0.0" });
});
