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

test("the reaper waits for the database alone, looks every 60 s and gives a job 6 h", () => {
  const { environment, labels } = protea()["protea-worker-reaper-1"]!;
  expect(environment).toMatchObject({ PROTEA_REAPER_INTERVAL: "60", PROTEA_JOB_TIMEOUT: "21600" });
  expect(labels["com.docker.compose.depends_on"]).toBe(
    "postgres:service_healthy:false,migrate:service_completed_successfully:false",
  );
});
