// A stack file is people's: another number of containers changes that number and not one character more.
import { poolPath, replicasWanted, withReplicas } from "../../operations/scale/replicas.ts";

const FILE = `# Comment
config:
  robotoff:workers:
    - name: worker # the pool
      replicas: 1 # per host
      queues: ["robotoff-high-{n}",   robotoff-low]
    - name: worker-ml
      queues: [robotoff-low]
  protea:services:
    # Scales.
    worker-embeddings-batch: { memory: 256m }
    worker-predictions-batch: { replicas: 2,  memory: 1g }
    worker-ping: {}
    api:
      memory: 1g # enough
      ports: ["8000:8000"]
`;

test.each<[string, string, string, string, string]>([
  ["a pool's number", "robotoff", "worker", "replicas: 1 #", "replicas: 3 #"],
  ["a pool without one", "robotoff", "worker-ml", "name: worker-ml", "name: worker-ml\n      replicas: 3"],
  ["a service in one line", "protea", "worker-embeddings-batch", "{ memory: 256m }", "{ memory: 256m, replicas: 3 }"],
  ["a service's number", "protea", "worker-predictions-batch", "{ replicas: 2,  ", "{ replicas: 3,  "],
  ["an empty service", "protea", "worker-ping", "{}", "{ replicas: 3 }"],
  ["a service over several lines", "protea", "api", "1g # enough", "1g # enough\n      replicas: 3"],
  [
    "a service of defaults alone",
    "protea",
    "worker-jobs",
    "    worker-emb",
    "    worker-jobs: { replicas: 3 }\n    worker-emb",
  ],
])("%s", (_what, system, service, before, after) => {
  expect(withReplicas(FILE, system, service, 3)).toBe(FILE.replace(before, after));
});

test("a worker that the stack file adds to PROTEA is scaled where it is added", () => {
  const added = "  protea:workers:\n    - { name: worker-training, queue: protea.training }\n";
  expect(poolPath(FILE + added, "worker-training")).toBe("protea:workers[0]");
  expect(withReplicas(FILE + added, "protea", "worker-training", 2)).toBe(
    FILE + added.replace("protea.training }", "protea.training, replicas: 2 }"),
  );
});

test("a file without any settings of services says what to add", () => {
  expect(() => withReplicas(FILE, "robotoff", "api", 3)).toThrow(
    "the stack file has no robotoff:services; add\n  robotoff:services:\n    api: { replicas: 3 }",
  );
});

test("a pool is found by its name", () => {
  expect(poolPath(FILE, "worker-ml")).toBe("robotoff:workers[1]");
  expect(poolPath(FILE, "worker-ping")).toBeUndefined();
});

test.each<[string, number, number]>([
  ["3", 1, 3],
  ["0", 1, 0],
  ["+2", 1, 3],
  ["+0", 4, 4],
  ["-1", 3, 2],
  ["-3", 3, 0],
])("N=%s where %d are declared: %d", (given, now, wanted) => {
  expect(replicasWanted(given, now)).toBe(wanted);
});

test.each<[string | undefined, string]>([
  ["-4", "found N=-4, but 3 are declared"],
  ["two", "N=+2"],
  ["1.5", "N=+2"],
  ["", "N=+2"],
  [undefined, "N=+2"],
])("N=%s is refused", (given, message) => {
  expect(() => replicasWanted(given, 3)).toThrow(message);
});
