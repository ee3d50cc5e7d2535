// Which queues a system's services consume, by their commands.
import { consumedQueues, DEAD_LETTERS } from "../../../systems/protea/queues.ts";
import { committed } from "../support/stack.ts";

const protea = () => committed("local").systems[1]!;

test("where messages go that failed for good", () => {
  expect(DEAD_LETTERS).toBe("protea.dead-letter");
});

test("what the committed stack consumes: the reaper's queue is none, and neither is a job's", () => {
  const all = consumedQueues(protea());
  expect(all.map(({ name, consumers }) => `${name} ${consumers}`)).toEqual([
    "protea.jobs 1",
    "protea.embeddings 1",
    "protea.embeddings.batch 1",
    "protea.embeddings.write 1",
    "protea.predictions.batch 1",
    "protea.predictions.write 1",
    "protea.ping 1",
  ]);
  expect(all.filter(({ single }) => single).map(({ name }) => name)).toEqual(["protea.embeddings"]);
});

test("the containers of all services of a queue count", () => {
  const [jobs] = protea().services.filter(({ name }) => name === "worker-jobs");
  const services = [
    { ...jobs!, replicas: 3 },
    { ...jobs!, name: "more", replicas: 2 },
    { ...jobs!, name: "a job", kind: "job" as const },
    { ...jobs!, name: "other words", command: ["python", "scripts/worker.py"] },
    { ...jobs!, name: "the image's own", command: undefined },
    { ...jobs!, name: "nothing but a queue", command: ["--queue", "protea.x"] },
  ];
  expect(consumedQueues({ ...protea(), services })).toEqual([
    { name: "protea.jobs", consumers: 5, single: undefined },
    { name: "protea.x", consumers: 1, single: undefined },
  ]);
});
