// What `make why` says of a container, from what `docker container inspect` and `docker logs` print.
import type { Inspected } from "../../../engines/docker/inspect.ts";
import { explain } from "../../../operations/containers/explain.ts";

const container = (state: Partial<Inspected["State"]>): Inspected => ({
  Id: "0123",
  Name: "/robotoff_redis_1",
  Image: "sha256:1",
  State: { Status: "running", ExitCode: 0, StartedAt: "", FinishedAt: "", Error: "", OOMKilled: false, ...state },
  HostConfig: { Memory: 256 * 2 ** 20 },
  Config: { Image: "redis:7.0.5-alpine", Labels: null },
  NetworkSettings: { Ports: null },
});
const check = (ExitCode: number, Output: string) => ({ ExitCode, Output });

test("a failing health check: what the last one said, and the last log lines", () => {
  const Log = [check(1, "earlier\n"), check(7, "cannot\nconnect\n")];
  expect(explain(container({ Health: { Status: "unhealthy", Log } }), "unhealthy", "one\ntwo\n")).toBe(
    `robotoff_redis_1: unhealthy
  its health check failed with exit code 7:
    cannot
    connect
  its last log lines:
    one
    two`,
  );
});

test("a health check that prints nothing, a container that logs nothing, long lines", () => {
  const silent = container({ Health: { Status: "unhealthy", Log: [check(1, "\n")] } });
  expect(explain(silent, "unhealthy", "")).toBe(
    `robotoff_redis_1: unhealthy
  its health check failed with exit code 1, and printed nothing
  it has logged nothing`,
  );
  expect(explain(silent, "unhealthy", "x".repeat(9_000)).split("\n").at(-1)).toHaveLength(504);
});

test("not checked yet: nothing is said of the check", () => {
  expect(explain(container({ Health: { Status: "starting", Log: null } }), "starting", "booting")).toBe(
    "robotoff_redis_1: starting\n  its last log lines:\n    booting",
  );
});

test("stopped: by its own end, for want of memory, or never started", () => {
  const health = { Status: "unhealthy", Log: [check(1, "of no interest: it does not run")] };
  expect(explain(container({ Status: "exited", ExitCode: 3, Health: health }), "exited", "bye")).toBe(
    "robotoff_redis_1: exited\n  it ended with exit code 3\n  its last log lines:\n    bye",
  );
  expect(explain(container({ Status: "exited", ExitCode: 137, OOMKilled: true }), "exited", "")).toBe(
    "robotoff_redis_1: exited\n  killed for want of memory: its limit is 256m\n  it has logged nothing",
  );
  expect(explain(container({ Status: "created", Error: "port is already allocated" }), "created", "")).toBe(
    "robotoff_redis_1: created\n  port is already allocated\n  it has logged nothing",
  );
});

test.each<[string, Partial<Inspected["State"]>]>([
  ["healthy, and another stack's", { Health: { Status: "healthy", Log: [check(0, "ok")] } }],
  ["without a health check", { Health: undefined }],
])("what runs, %s: nothing is said of a check, and blank lines are no log", (_what, state) => {
  expect(explain(container(state), "not made by this stack", " \n\n")).toBe(
    "robotoff_redis_1: not made by this stack\n  it has logged nothing",
  );
});

test("killed for want of memory, of a limit that the engine does not tell", () => {
  const { HostConfig: _, ...rest } = container({ Status: "exited", OOMKilled: true });
  expect(explain(rest, "exited", "")).toContain("its limit is 0m");
});
