// Asking the engine for declared containers: which one can be asked, what is told of those in trouble, how long is waited.
import type * as childProcess from "node:child_process";
import type { Inspected } from "../../../engines/docker/inspect.ts";
import { runningContainer } from "../../../operations/containers/running.ts";
import { settled } from "../../../operations/containers/until.ts";
import { Checkout } from "../support/checkout.ts";
import { settingsOf } from "../support/settings.ts";
import { committed } from "../support/stack.ts";

const { host, systems } = committed("local");
const protea = systems[1]!;
const PS = "ps --filter label=com.docker.compose.project=protea --format {{.Names}}";
const API = "container inspect protea-api-1";

jest.mock("node:child_process", () => {
  const real = jest.requireActual<typeof childProcess>("node:child_process");
  // This process's PATH, which a test changes, is not what a child would be found by.
  const spawnSync = (command: string, args: string[], options: object) =>
    real.spawnSync(command, args, { env: process.env, ...options });
  return { ...real, spawnSync };
});

let docker: Checkout;
const { PATH } = process.env;
beforeEach(() => {
  docker = new Checkout();
  process.env.PATH = docker.environment.PATH;
});
afterEach(() => {
  process.env.PATH = PATH;
  docker.remove();
  jest.restoreAllMocks();
});

/** protea-api-1 as the engine has it. */
function api(state: Partial<Inspected["State"]>): string {
  const settings = settingsOf(
    protea,
    protea.services.find(({ name }) => name === "api")!,
  );
  const container: Inspected = {
    Id: "0123",
    Name: "/protea-api-1",
    Image: "sha256:1",
    State: { Status: "running", ExitCode: 0, StartedAt: "2026-11-21T11:55:00Z", FinishedAt: "", ...state },
    Config: settings.Config as Inspected["Config"],
    NetworkSettings: { Ports: null },
  };
  return JSON.stringify([{ ...container, ...settings }]);
}

test("what can be asked: the first that runs, no job, and of the services that are able", () => {
  docker.answer(PS, "protea-migrate-1\nprotea-frontend-1\nprotea-worker-ping-1\nprotea-worker-jobs-1\n");
  expect(runningContainer(host, protea, () => true).name).toBe("protea-worker-jobs-1");
  expect(runningContainer(host, protea, ({ name }) => name !== "worker-jobs").name).toBe("protea-worker-ping-1");
  expect(() => runningContainer(host, protea, ({ name }) => /^(api|postgres|migrate)$/.test(name))).toThrow(
    new Error("none of these containers runs: protea-postgres-1, protea-api-1"),
  );
});

describe("make why and make status", () => {
  const ONE = ["--system", "protea", "--service", "api"];

  test.each<[string, string, string]>([
    ["as declared", api({ Health: { Status: "healthy" } }), "every container that exists is as declared\n"],
    ["missing", "[]", "missing: protea-api-1\n"],
    [
      "privileged",
      api({ Health: { Status: "healthy" } }).replace('"HostConfig":{', '"HostConfig":{"Privileged":true,'),
      "protea-api-1: other privileged (make drift)\n  its last log lines:\n    one\n    two\n",
    ],
    [
      "unhealthy",
      api({ Health: { Status: "unhealthy" } }),
      "protea-api-1: unhealthy\n  its last log lines:\n    one\n    two\n",
    ],
  ])("a container that is %s", async (_what, inspected, expected) => {
    docker.answer(API, inspected).answer("logs --tail 10 protea-api-1", "one\ntwo\n");
    expect(await docker.operation("why", ...ONE)).toEqual({ status: 0, stdout: expected, stderr: "" });
  });

  test("several that are missing", async () => {
    docker.program("docker", "echo '[]'; echo 'Error: No such container: x' >&2; exit 1");
    const { stdout } = await docker.operation("why", "--system", "protea");
    expect(stdout).toMatch(/^missing: protea-postgres-1, protea-/);
  });

  test("an engine that does not answer has said so once, and nothing reads as missing", async () => {
    docker.program(
      "docker",
      "echo '[]'; for i in 1 2; do echo 'it is away'; done >&2; echo 'Error: No such container: x' >&2; exit 1",
    );
    expect(await docker.operation("status", ...ONE)).toEqual({ status: 1, stdout: "", stderr: "it is away\n" });
  });
});

describe("waiting for what may still become healthy", () => {
  let told: string[];
  beforeEach(() => {
    told = [];
    jest.spyOn(console, "log").mockImplementation((text: string) => void told.push(text));
  });
  const options = { stack: "local", system: "protea", service: "api" };
  const states = async (...each: [string, ...string[]]) => {
    // Each look has the next state; the last one stays.
    each.forEach((state, index) => docker.answer(`look ${index}`, api({ Health: { Status: state } })));
    const files = each.map((_, index) => docker.answerFile(`look ${index}`)).join(" ");
    docker.program(
      "docker",
      `cd ${docker.folder}; n=$(cat n 2>/dev/null || echo 0); echo $((n + 1)) >n
      set -- ${files}; while [ "$n" -gt 0 ] && [ $# -gt 1 ]; do shift; n=$((n - 1)); done; tail -n +2 "$1"`,
    );
    return (await settled(options, hopeless)).found.map(({ problem }) => problem);
  };
  let hopeless: Set<string>;
  beforeEach(() => (hopeless = new Set()));

  test("each change is told once", async () => {
    expect(await states("starting", "starting", "unhealthy", "healthy")).toEqual([undefined]);
    expect(told).toEqual(["waiting for protea-api-1 (starting)", "waiting for protea-api-1 (unhealthy)"]);
  });

  test("not for what cannot become so", async () => {
    hopeless.add("protea-api-1");
    expect(await states("unhealthy", "healthy")).toEqual(["unhealthy"]);
    expect(told).toEqual([]);
  });

  test("no longer than its health check gives it", async () => {
    let now = 0;
    jest.spyOn(Date, "now").mockImplementation(() => (now += 3_600_000));
    expect(await states("unhealthy")).toEqual(["unhealthy"]);
    expect(told).toEqual([]);
  });
});
