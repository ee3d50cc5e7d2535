/** Changing one thing changes nothing else: whole arguments are compared. */
import { containersOf } from "../support/containers.ts";
import { fileValues, raw, type Values } from "../support/stack.ts";
import { describeStack } from "../../../systems/stack.ts";

const STAGING = fileValues("Pulumi.staging.yaml");

function containers(changes: Values = {}) {
  return containersOf(describeStack(raw({ ...STAGING, ...changes })), "test");
}

const pool = (name: string, replicas: number, more: object = {}) => ({
  name,
  replicas,
  queues: ["robotoff-ml-model", "robotoff-low"],
  ...more,
});
const HIGH = { name: "worker", replicas: 6, queues: ["robotoff-high-{n}", "robotoff-low"] };

/** Names of containers that came, went or changed between two declarations. */
function differences(before: ReturnType<typeof containers>, after: ReturnType<typeof containers>) {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name])).sort();
}

test.each<[string, Values, Values, string[]]>([
  [
    "a numbered pool, 1 to 3",
    { "robotoff:workers": [HIGH, pool("worker-ml", 1)] },
    { "robotoff:workers": [HIGH, pool("worker-ml", 3)] },
    ["robotoff_worker-ml-2_1", "robotoff_worker-ml-3_1"],
  ],
  [
    "a pool of one service, 1 to 3",
    { "robotoff:workers": [HIGH, pool("workers", 1, { numbered: false })] },
    { "robotoff:workers": [HIGH, pool("workers", 3, { numbered: false })] },
    ["robotoff_workers_2", "robotoff_workers_3"],
  ],
  [
    "a PROTEA worker, 1 to 3",
    { "protea:services": { "worker-predictions-batch": { replicas: 1 } } },
    { "protea:services": { "worker-predictions-batch": { replicas: 3 } } },
    ["protea-worker-predictions-batch-2", "protea-worker-predictions-batch-3"],
  ],
  [
    "a PROTEA worker, 1 to 0",
    { "protea:services": {} },
    { "protea:services": { "worker-ping": { replicas: 0 } } },
    ["protea-worker-ping-1"],
  ],
  [
    "a pool before another",
    { "robotoff:workers": [HIGH] },
    { "robotoff:workers": [pool("worker-ml", 1), HIGH] },
    ["robotoff_worker-ml-1_1"],
  ],
  [
    "one memory limit",
    { "protea:services": {} },
    { "protea:services": { rabbitmq: { memory: "1g" } } },
    ["protea-rabbitmq-1"],
  ],
  [
    "one image",
    {},
    { "robotoff:images": { ...(STAGING["robotoff:images"] as object), redis: "redis:7.2.4-alpine" } },
    ["robotoff_redis-backup_1", "robotoff_redis_1"],
  ],
])("%s: nothing else changes", (_, before, after, expected) => {
  expect(differences(containers(before), containers(after))).toEqual(expected);
});

test("what is compared is whole: a changed label alone would show", () => {
  const before = containers();
  const after = structuredClone(before);
  after["robotoff_api_1"]!.labels["com.docker.compose.oneoff"] = "True";
  expect(differences(before, after)).toEqual(["robotoff_api_1"]);
});
