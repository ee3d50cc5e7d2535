// A stack file is people's: another number of containers changes that number and not one character more.
import { Checkout } from "../support/checkout.ts";
import { poolPath, replicasWanted, withReplicas } from "../../../operations/scale/replicas.ts";

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

test.each<[string, string, string]>([
  ["a file that ends within a line", "memory: 1g", "memory: 1g\n      replicas: 12"],
  [
    "a text of several lines comes first",
    "command: |\n        sh\n      memory: 1g\n",
    "command: |\n        sh\n      memory: 1g\n      replicas: 12\n",
  ],
  ["nothing but such a text", "command: |\n        sh\n", "replicas: 12\n      command: |\n        sh\n"],
])("a service's settings: %s", (_what, before, after) => {
  const file = "config:\n  protea:services:\n    api:\n      ";
  expect(withReplicas(file + before, "protea", "api", 12)).toBe(file + after);
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
  ["12", 1, 12],
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

describe("make scale", () => {
  let checkout: Checkout;
  let before: string;
  beforeEach(() => {
    checkout = new Checkout();
    before = checkout.text("local");
  });
  afterEach(() => checkout.remove());
  const scale = (...args: string[]) => checkout.operation("scale", ...args);

  test.each<[string, string, string[], string, string]>([
    [
      "a service",
      "worker-embeddings-batch",
      ["--replicas=3"],
      "worker-embeddings-batch: { memory: 256m, replicas: 3 }",
      "protea worker-embeddings-batch, replicas: 3",
    ],
    [
      "a service, by so many more",
      "worker-embeddings-batch",
      ["--replicas=+2"],
      "worker-embeddings-batch: { memory: 256m, replicas: 3 }",
      "protea worker-embeddings-batch, replicas: 3",
    ],
    ["a pool", "worker", ["--replicas=2"], "- name: worker\n      replicas: 2", "robotoff worker, replicas: 2"],
    [
      "a pool, by so many fewer",
      "worker",
      ["--replicas=-1"],
      "worker\n      replicas: 0",
      "robotoff worker, replicas: 0",
    ],
    [
      "one of two of that name",
      "api",
      ["--system", "protea", "--replicas=1"],
      "protea:services:\n    api: { memory: 256m, replicas: 1 }",
      "protea api, replicas: 1",
    ],
  ])("%s: the stack file, and then an up of that system", async (_what, service, args, text, said) => {
    expect(await scale("--service", service, ...args)).toMatchObject({
      status: 0,
      stdout: `Pulumi.local.yaml: ${said}\n`,
    });
    expect(checkout.text("local")).toContain(text);
    const system = said.split(" ")[0];
    expect(checkout.all).toEqual([`make --no-print-directory up STACK=local SYSTEM=${system}`]);
  });

  test("what the rules refuse is not written, and nothing is deployed", async () => {
    const { status, stderr } = await scale("--service", "worker-embeddings", "--replicas=2");
    expect(status).toBe(1);
    expect(stderr).toMatch(/^Pulumi.local.yaml has 1 problem; nothing was changed:\n {2}protea:/);
    expect(checkout.text("local")).toBe(before);
    expect(checkout.all).toEqual([]);
  });

  test("from no container on, by so many more", async () => {
    checkout.write(
      "local",
      before.replace("worker-embeddings-batch: { memory: 256m }", "worker-embeddings-batch: { replicas: 0 }"),
    );
    expect((await scale("--service", "worker-embeddings-batch", "--replicas=+2")).status).toBe(0);
    expect(checkout.text("local")).toContain("worker-embeddings-batch: { replicas: 2 }");
  });

  test("as many as there are: said, and brought up all the same", async () => {
    expect(await scale("--service", "worker", "--replicas=1")).toMatchObject({
      status: 0,
      stdout: "Pulumi.local.yaml says so already\n",
    });
    expect(checkout.text("local")).toBe(before);
    expect(checkout.all).toHaveLength(1);
  });

  test("it ends as the up ends", async () => {
    checkout.program("make", "exit 2");
    expect((await scale("--service", "worker", "--replicas=2")).status).toBe(2);
  });

  test.each<[string, string[], string]>([
    ["no service", ["--replicas=2"], "expected SERVICE=, the name of a service or of a worker pool"],
    ["no such service", ["--service", "x", "--replicas=2"], 'no service "x"; there are'],
    ["no number", ["--service", "worker"], "expected, for instance, make scale"],
    ["fewer than none", ["--service", "worker", "--replicas=-2"], "found N=-2, but 1 is declared"],
    ["a name of both", ["--service", "api", "--replicas=2"], 'both systems have a service "api"'],
    [
      "one of a pool",
      ["--service", "worker-1", "--replicas=2"],
      "worker-1 is one of a pool (robotoff:workers[0]); scale the pool by its name",
    ],
    [
      "a job",
      ["--service", "migrate", "--system", "protea", "--replicas=2"],
      "migrate is a job: it runs once, in one container",
    ],
  ])("%s: nothing is written", async (_what, args, message) => {
    const { status, stderr } = await scale(...args);
    expect(status).toBe(1);
    expect(stderr).toContain(message);
    expect(checkout.text("local")).toBe(before);
    expect(checkout.all).toEqual([]);
  });
});
