// `make start|stop|restart|logs`: the words of docker compose, and what the verb does with them.
import {
  applications,
  composeWords,
  plainLogWords,
  type Verb,
  type Wanted,
} from "../../../operations/services/words.ts";
import type { SystemSpec } from "../../../systems/spec.ts";
import { FakeDocker } from "../support/fake-docker.ts";
import { committed, STACKS } from "../support/stack.ts";

const [robotoff, protea] = committed("local").systems as [SystemSpec, SystemSpec];

const PROTEA_APPLICATIONS = [
  "api",
  "worker-jobs",
  "worker-embeddings",
  "worker-embeddings-batch",
  "worker-embeddings-write",
  "worker-predictions-batch",
  "worker-predictions-write",
  "worker-ping",
  "worker-reaper",
  "frontend",
];

test("PROTEA's applications: neither a server nor a job among them", () => {
  expect(applications(protea)).toEqual(PROTEA_APPLICATIONS);
});

test("Robotoff's applications", () => {
  expect(applications(robotoff)).toEqual(["api", "scheduler", "update-listener", "worker-1", "worker-ml-1"]);
});

test("a service of no containers is not asked for: docker compose knows none of that name", () => {
  const without = { ...protea, services: protea.services.map((one) => ({ ...one, replicas: 0 })) };
  expect(applications(without)).toEqual([]);
});

test.each(STACKS)("%s: every service with a data port is a server", (stack) => {
  const services = committed(stack).systems.flatMap((system) => system.services);
  const mistaken = services.filter(({ dataPorts, server }) => dataPorts.length > 0 && !server);
  expect(mistaken.map(({ path }) => path)).toEqual([]);
});

test.each<[string, Verb, Wanted, boolean, string]>([
  ["a system", "stop", {}, true, "stop"],
  ["a service", "restart", { service: "api" }, true, "restart api"],
  ["the applications", "stop", { apps: "1" }, true, `stop ${PROTEA_APPLICATIONS.join(" ")}`],
  ["the applications, started", "start", { apps: "1" }, false, `start ${PROTEA_APPLICATIONS.join(" ")}`],
  ["APPS=0", "stop", { apps: "0", service: "api" }, true, "stop api"],
  ["logs on a terminal", "logs", {}, true, "logs --follow --tail 100"],
  ["logs in a pipe", "logs", { service: "api" }, false, "logs --tail 100 api"],
  ["logs in a pipe, followed", "logs", { follow: "1", tail: "5" }, false, "logs --follow --tail 5"],
  ["logs on a terminal, not followed", "logs", { follow: "0" }, true, "logs --tail 100"],
])("%s", (_what, verb, wanted, terminal, words) => {
  expect(composeWords(verb, wanted, protea, terminal).join(" ")).toBe(`compose -p protea ${words}`);
});

test.each<[string, Wanted, boolean, string[]]>([
  ["a service's", { service: "api", tail: "5" }, false, ["logs --tail 5 protea-api-1"]],
  ["a service's, on a terminal", { service: "api" }, true, ["logs --follow --tail 100 protea-api-1"]],
  [
    "the applications'",
    { apps: "1", follow: "0" },
    true,
    PROTEA_APPLICATIONS.map((n) => `logs --tail 100 protea-${n}-1`),
  ],
])("plain logs: %s", (_what, wanted, terminal, commands) => {
  expect(plainLogWords(wanted, protea, terminal).map((words) => words.join(" "))).toEqual(commands);
});

test("plain logs of a system: of every container, jobs too", () => {
  const names = protea.services.map(({ name }) => `logs --tail 100 protea-${name}-1`);
  expect(plainLogWords({}, protea, false).map((words) => words.join(" "))).toEqual(names);
});

test("one service and the applications are two things", () => {
  expect(() => composeWords("stop", { service: "api", apps: "1" }, protea, true)).toThrow("found both");
});

describe("the verb", () => {
  let docker: FakeDocker;
  beforeEach(() => {
    docker = new FakeDocker();
  });
  afterEach(() => docker.remove());

  test("plain, in a pipe, the log is all that is printed; the command goes to standard error", async () => {
    docker.answer("logs --tail 5 protea-api-1", '{"level": "ERROR"}\n');
    const ran = await docker.operation(
      "services", "logs", "--system", "protea", "--service", "api", "--plain", "1", "--tail", "5",
    ); // prettier-ignore
    expect(ran).toEqual({
      status: 0,
      stdout: '{"level": "ERROR"}\n',
      stderr: "docker logs --tail 5 protea-api-1\n",
    });
  });

  test("what a container writes as errors is log as well", async () => {
    docker.answer("logs --tail 100 protea-api-1", "it went wrong", 3);
    const ran = await docker.operation("services", "logs", "--system", "protea", "--service", "api", "--plain", "1");
    expect(ran).toMatchObject({ status: 3, stdout: "it went wrong" });
  });

  test("one system after the other; the first that fails ends it", async () => {
    docker.answer("compose -p robotoff stop", "no such engine", 17);
    expect((await docker.operation("services", "stop")).status).toBe(17);
    expect(docker.calls).toEqual(["compose -p robotoff stop"]);
  });

  test("both systems", async () => {
    docker.answer("compose -p robotoff restart").answer("compose -p protea restart");
    expect((await docker.operation("services", "restart")).status).toBe(0);
    expect(docker.calls).toEqual(["compose -p robotoff restart", "compose -p protea restart"]);
  });

  test("logs of both: the worse exit code", async () => {
    docker.answer("compose -p robotoff logs --tail 100").answer("compose -p protea logs --tail 100", "gone", 1);
    expect((await docker.operation("services", "logs")).status).toBe(1);
  });

  test("another verb is refused", async () => {
    expect((await docker.operation("services", "down")).stderr).toContain("expected one of start, stop, restart, logs");
  });
});
