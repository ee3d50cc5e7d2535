// `make queues`: consumers beside what is declared, and what is wrong with them.
import { queueRows, type ListedQueue } from "../../../operations/queues/rows.ts";
import type { ConsumedQueue } from "../../../systems/protea/queues.ts";
import { FakeDocker } from "../support/fake-docker.ts";

const queue = (name: string, messages: number, consumers: number): ListedQueue => ({ name, messages, consumers });
const declared: ConsumedQueue[] = [
  { name: "protea.jobs", consumers: 2 },
  { name: "protea.embeddings", consumers: 1, single: "they step on each other" },
];

test("rows are sorted; what is not declared, or does not exist, has a dash", () => {
  const listed = [queue("protea.jobs", 7, 1), queue("protea.dead-letter", 3, 0), queue("x.dead-letter", 4, 0)];
  const { rows, deadLetters } = queueRows(declared, listed);
  expect(rows.map((row) => Object.values(row).join(" "))).toEqual([
    "protea.dead-letter 3 0 -",
    "protea.embeddings - - 1",
    "protea.jobs 7 1 2",
    "x.dead-letter 4 0 -",
  ]);
  expect(deadLetters).toBe(7);
});

test.each<[string, ListedQueue[], string[]]>([
  ["exactly one", [queue("protea.embeddings", 9, 1)], []],
  [
    "two",
    [queue("protea.embeddings", 0, 2)],
    ["protea.embeddings has 2 consumers, expected exactly 1: they step on each other"],
  ],
  [
    "none",
    [queue("protea.embeddings", 0, 0)],
    ["protea.embeddings has 0 consumers, expected exactly 1: they step on each other"],
  ],
  ["no such queue yet", [], ["protea.embeddings has 0 consumers, expected exactly 1: they step on each other"]],
  ["another queue's consumers are nobody's affair", [queue("protea.embeddings", 0, 1), queue("protea.jobs", 0, 9)], []],
])("the queue that must have one consumer has %s", (_what, listed, problems) => {
  expect(queueRows(declared, listed).problems).toEqual(problems);
});

describe("the verb", () => {
  let docker: FakeDocker;
  beforeEach(() => {
    docker = new FakeDocker();
  });
  afterEach(() => docker.remove());
  const LIST = "exec protea-rabbitmq-1 rabbitmqctl -q list_queues name messages consumers --formatter json";

  test.each([
    [1, 0],
    [2, 1],
  ])("%d consumers of protea.embeddings: exit code %d", async (consumers, code) => {
    docker.answer(LIST, JSON.stringify([queue("protea.embeddings", 0, consumers), queue("a.dead-letter", 2, 0)]));
    const { status, stdout } = await docker.operation("queues", "--system", "protea");
    expect(status).toBe(code);
    expect(stdout).toContain("dead letters: 2 (make letters shows them)");
    expect(stdout.includes("expected exactly 1")).toBe(code === 1);
  });

  test("Robotoff's troubles do not keep PROTEA's from being seen, nor are they forgotten", async () => {
    const ps = "ps --filter label=com.docker.compose.project=robotoff --format {{.Names}}";
    docker.answer(ps, "robotoff_api_1\n").answer("exec robotoff_api_1 /docker-entrypoint.sh rq info", "no Redis", 1);
    docker.answer(LIST, JSON.stringify([queue("protea.embeddings", 0, 1)]));
    const { status, stdout } = await docker.operation("queues");
    expect(status).toBe(1);
    expect(stdout).toContain("dead letters: 0\n");
  });

  test("nor does a Robotoff of which nothing runs", async () => {
    docker.answer("ps --filter label=com.docker.compose.project=robotoff --format {{.Names}}");
    docker.answer(LIST, JSON.stringify([queue("protea.embeddings", 0, 1)]));
    const { status, stdout, stderr } = await docker.operation("queues");
    expect(status).toBe(1);
    expect(stderr).toMatch(/^none of these containers runs: robotoff_worker-1_1, /);
    expect(stdout).toContain("dead letters: 0\n");
  });

  test("a RabbitMQ that does not answer is an error, not an empty list", async () => {
    docker.answer(LIST, "Error response from daemon: refused", 1);
    expect(await docker.operation("queues", "--system", "protea")).toMatchObject({
      status: 1,
      stderr: "Error response from daemon: refused\n",
    });
  });
});
