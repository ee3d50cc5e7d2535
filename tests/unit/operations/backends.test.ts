// Robotoff's whole health: how it is asked for, and what is made of the answer.
import { healthQuestion, readHealth, tellBackends } from "../../../operations/containers/backends.ts";
import { declared } from "../../../operations/containers/rows.ts";
import type { ServiceSpec } from "../../../systems/spec.ts";
import { committed } from "../support/stack.ts";
import { FakeDocker } from "../support/fake-docker.ts";

const local = committed("local");
const answer = (...results: object[]) => JSON.stringify({ status: 200, headers: {}, message: { results } });
const result = (name: string, passed: boolean, output: unknown = "fine") => ({
  checker: `test_connect_${name}`,
  passed,
  output,
});

test("it is asked from inside the API's container, with time for slow backends", () => {
  expect(healthQuestion({ ...local.systems[0]!, project: "robotoff" }).join(" ")).toBe(
    "exec robotoff_api_1 curl --silent --show-error --max-time 60 http://127.0.0.1:5500/api/v1/health",
  );
});

test("a line for each backend, in one line each", () => {
  expect(readHealth(answer(result("redis", true), result("mongodb", false, "no\n  server")))).toEqual([
    { backend: "redis", state: "passed", answer: "fine" },
    { backend: "mongodb", state: "failed", answer: "no server" },
  ]);
});

test("of an answer its begin, and of a name what it is about", () => {
  const [backend] = readHealth(answer({ checker: "my_test_connect_x", passed: false, output: "x".repeat(300) }));
  expect(backend).toEqual({ backend: "my_test_connect_x", state: "failed", answer: "x".repeat(200) });
});

test.each([
  ["", "(nothing)"],
  [" \n", "(nothing)"],
  ["<html>502 Bad Gateway</html>", "<html>502 Bad Gateway</html>"],
  ["{}\n", "{}"],
  ["y".repeat(300), "y".repeat(200)],
])("what is no report is shown, its begin: %j", (text, shown) => {
  expect(() => readHealth(text)).toThrow(new Error(`the API's answer is not a health report: ${shown}`));
});

test.each<[string, Partial<ServiceSpec> | undefined]>([
  ["no containers", { replicas: 0 }],
  ["another name", { name: "web" }],
])("an API of %s is not asked", (_what, change) => {
  const [robotoff] = local.systems;
  const services = robotoff!.services.map((one) => (one.name === "api" ? { ...one, ...change } : one));
  expect(tellBackends({ ...local, systems: [{ ...robotoff!, services }] }, {})).toEqual([]);
});

describe("make status HEALTH=1", () => {
  const docker = new FakeDocker();
  afterAll(() => docker.remove());
  const robotoff = local.systems.find(({ name }) => name === "robotoff")!;
  const question = healthQuestion(robotoff).join(" ");
  const status = (system: string, ...args: string[]) => {
    const names = declared(local.systems.find(({ name }) => name === system)!).map(({ name }) => name);
    docker.answer(`container inspect ${names.join(" ")}`, "[]");
    const agent = names.find((name) => name.includes("postgres-backup"));
    for (const verb of ["list", "window"]) docker.answer(`exec -i -u root ${agent} sh -s -- ${verb}`);
    return docker.operation("status", "--system", system, ...args);
  };

  test("the command is shown before the answer, backend by backend", async () => {
    docker.answer(question, answer(result("redis", true), result("robotoff_api", false, "no route")));
    const { stdout } = await status("robotoff", "--health", "1");
    expect(stdout.split("\n\n").at(-1)).toBe(
      [`docker ${question}`, "BACKEND       STATE   ANSWER", "redis         passed  fine", "robotoff_api  failed  no route\n"].join("\n"),
    ); // prettier-ignore
  });

  test("an API that cannot be asked is named, and is not one that passed", async () => {
    docker.answer(question, "curl: (7) Failed to connect", 7);
    expect(await status("robotoff", "--health", "1")).toMatchObject({
      status: 1,
      stderr: "Robotoff's backends could not be asked: curl: (7) Failed to connect\n",
    });
    docker.answer(question, "\n", 7);
    expect((await status("robotoff", "--health", "1")).stderr).toBe(
      "Robotoff's backends could not be asked: exit code 7\n",
    );
  });

  test.each([
    ["robotoff", []],
    ["protea", ["--health", "1"]],
  ])("%s %j: nothing is asked", async (system, args) => {
    expect((await status(system, ...args)).stdout).not.toContain("curl");
  });
});
