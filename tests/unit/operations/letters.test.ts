// `make letters`: dead letters as text, and that nothing is changed before a person said so.
import { bodyText, letterText, type Letter } from "../../../operations/letters/text.ts";
import { FakeDocker } from "../support/fake-docker.ts";

test.each<[string, Buffer, number, string]>([
  ["text", Buffer.from('{"job_id": "1"}'), 15, '{"job_id": "1"}'],
  ["nothing", Buffer.alloc(0), 0, ""],
  ["text of which this is the begin", Buffer.from("abc"), 1000, "abc … (1000 bytes)"],
  ["a character cut in two", Buffer.from("né").subarray(0, 2), 3, "n … (3 bytes)"],
  ["a character that is not whole at the end", Buffer.from("né").subarray(0, 2), 2, "hex 6ec3"],
  [
    "lines and what a terminal acts on",
    Buffer.from("a\n\t\x1b[2Jb\x9b\u202ec"),
    0,
    "a\\n\\t\\u001b[2Jb\\u009b\\u202ec",
  ],
  ["a zero", Buffer.from("a\0b"), 3, "hex 610062"],
  ["no text", Buffer.from([0xff, 0xfe, 0x01]), 3, "hex fffe01"],
  ["much that is no text", Buffer.alloc(400, 0xff), 9000, `hex ${"ff".repeat(64)} … (9000 bytes)`],
  ["less, all of it not shown", Buffer.alloc(65, 0xff), 65, `hex ${"ff".repeat(64)} … (65 bytes)`],
])("a body: %s", (_what, begin, bytes, text) => {
  expect(bodyText(begin, bytes)).toBe(text);
});

const LETTER: Letter = {
  id: "0123456789ab",
  queue: "protea.embeddings.batch",
  reason: "rejected",
  times: 1,
  died: "2026-11-24 22:00:00",
  contentType: "application/json",
  headers: { "x-attempt": 3 },
  bytes: 2,
  begin: Buffer.from("{}").toString("base64"),
};

test.each<[string, Partial<Letter>, string[]]>([
  [
    "all that is known",
    {},
    ["7. from protea.embeddings.batch: rejected, 2026-11-24 22:00:00 UTC", "   application/json, x-attempt=3", "   {}"],
  ],
  [
    "it died often",
    { times: 4, died: null, headers: {} },
    ["7. from protea.embeddings.batch: rejected, 4 times", "   application/json", "   {}"],
  ],
  [
    "put there by hand",
    { queue: null, reason: null, times: null, died: null, headers: {}, contentType: null },
    ["7. from no queue that it names: no reason given", "   {}"],
  ],
  [
    "headers with what a terminal acts on",
    { headers: { a: "\x1b[2J\x9b" }, died: null },
    ["7. from protea.embeddings.batch: rejected", '   application/json, a="\\u001b[2J\\u009b"', "   {}"],
  ],
])("a letter: %s", (_what, change, lines) => {
  expect(letterText({ ...LETTER, ...change }, 7)).toBe(lines.join("\n"));
});

describe("the verb", () => {
  let docker: FakeDocker;
  beforeEach(() => {
    docker = new FakeDocker();
    docker.answer("ps --filter label=com.docker.compose.project=protea --format {{.Names}}", "protea-worker-ping-1\n");
  });
  afterEach(() => docker.remove());
  const ASK = "exec -i protea-worker-ping-1 /run/secrets/exec python - protea.dead-letter";
  const answer = (words: string, value: object) => docker.answer(`${ASK} ${words}`, JSON.stringify(value));
  const asked = () => docker.calls.filter((call) => call.startsWith(ASK)).map((call) => call.slice(ASK.length + 1));

  test("lists the first ones, by any container of PROTEA that runs", async () => {
    answer("list 20", { count: 30, letters: [LETTER, LETTER] });
    const { status, stdout } = await docker.operation("letters");
    expect(status).toBe(0);
    expect(stdout).toContain("protea.dead-letter: 30 messages\n1. from protea.embeddings.batch: rejected");
    expect(stdout).toContain("… and 28 more (TAIL=30 shows all)");
    expect(asked()).toEqual(["list 20"]);
  });

  test("PURGE=1 asks first: without a terminal nothing is removed", async () => {
    answer("list 20", { count: 2, letters: [LETTER, LETTER] });
    const { status, stderr } = await docker.operation("letters", "--purge", "1");
    expect(status).toBe(1);
    expect(stderr).toContain("add YES=1");
    expect(asked()).toEqual(["list 20"]);
  });

  test("PURGE=1 YES=1 removes as many as it counted", async () => {
    answer("list 20", { count: 2, letters: [LETTER, LETTER] });
    answer("remove 2 0123456789ab", { removed: 2 });
    const { status, stdout } = await docker.operation("letters", "--purge", "1", "--yes", "1");
    expect(status).toBe(0);
    expect(stdout).toContain("These 2 will be deleted for good; what arrives meanwhile stays.\ndeleted: 2\n");
  });

  test("nothing to purge: no question", async () => {
    answer("list 20", { count: 0, letters: [] });
    expect(await docker.operation("letters", "--purge", "1")).toMatchObject({
      status: 0,
      stdout: "protea.dead-letter: 0 messages\n",
    });
  });

  test("REPUBLISH=2 puts the second back, and says where", async () => {
    const second = { ...LETTER, id: "fedcba987654", queue: "protea.jobs" };
    answer("list 2", { count: 5, letters: [LETTER, second] });
    answer("republish 2 fedcba987654", { republished: "protea.jobs" });
    const { status, stdout } = await docker.operation("letters", "--republish", "2", "--yes", "1");
    expect(status).toBe(0);
    expect(stdout).toContain("It will be put back into protea.jobs and removed here.\nput back into protea.jobs\n");
  });

  test.each<[string, object, string[], string]>([
    ["a question without a terminal", { count: 1, letters: [LETTER] }, ["--republish", "1"], "add YES=1"],
    [
      "a letter without a queue",
      { count: 1, letters: [{ ...LETTER, queue: null }] },
      ["--republish", "1", "--yes", "1"],
      "does not say which queue",
    ],
    ["no such letter", { count: 0, letters: [] }, ["--republish", "1", "--yes", "1"], "there is no dead letter 1"],
  ])("%s: nothing is put back", async (_what, list, words, message) => {
    answer("list 1", list);
    const { status, stderr } = await docker.operation("letters", ...words);
    expect(status).toBe(1);
    expect(stderr).toContain(message);
    expect(asked()).toEqual(["list 1"]);
  });

  test.each([["0"], ["-1"], ["one"], ["1.5"]])("REPUBLISH=%s is refused before anything is asked", async (given) => {
    const { status, stderr } = await docker.operation("letters", `--republish=${given}`);
    expect(status).toBe(1);
    expect(stderr).toContain(`found REPUBLISH=${given}, expected a number from 1`);
  });

  test("putting back and purging are two things", async () => {
    const { stderr } = await docker.operation("letters", "--republish", "1", "--purge", "1");
    expect(stderr).toContain("expected REPUBLISH= or PURGE=1, found both");
  });

  test("what letters.py complains of is the verb's error", async () => {
    docker.answer(`${ASK} list 20`, "RabbitMQ: NOT_FOUND - no queue 'protea.dead-letter'", 1);
    expect(await docker.operation("letters")).toMatchObject({ status: 1, stdout: "" });
  });
});
