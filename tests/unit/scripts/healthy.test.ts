/** The script that waits until containers are healthy. */
import { FakeDocker } from "../support/fake-docker.ts";

const STATE =
  "inspect --type container --format {{.State.Status}} {{with .State.Health}}{{.Status}}{{else}}unchecked{{end}} ";
const ERROR =
  "inspect --format {{with .State.Error}}{{.}}{{println}}{{end}}{{if .State.OOMKilled}}killed for want of memory{{println}}{{end}} ";
const CHECKS =
  "inspect --format {{with .State.Health}}{{range .Log}}its health check ended with exit code {{.ExitCode}} and said " +
  '{{printf "%q" .Output}}{{println}}{{end}}{{end}} ';

const EVENTS =
  "events --since 1001 --filter type=container --filter container=b --filter event=health_status --filter event=die " +
  "--filter event=destroy --format event";

let docker: FakeDocker;
beforeEach(() => (docker = new FakeDocker().answer(`${STATE}a`, "running healthy\n")));
afterEach(() => docker.remove());

/** `b` is like this, with what the engine knows of it. */
function ill(state: string, known: { error?: string; checks?: string; logs?: string } = {}) {
  docker.answer(`${STATE}b`, `${state}\n`).answer(`${ERROR}b`, `${known.error ?? ""}\n`);
  docker.answer(`${CHECKS}b`, known.checks ?? "\n").answer("logs --tail 10 b", known.logs ?? "");
}
const run = (...args: string[]) => docker.run("healthy", ...args);

test("healthy ones: nothing said", () => {
  expect(run("a=180", "a=0")).toEqual({ status: 0, stdout: "", stderr: "" });
});

test("one that is called unhealthy fails at once, with its last check and its last log lines, cut", () => {
  ill("running unhealthy", { checks: "first\nlast\n\n", logs: `${"x".repeat(5_000)}\nno bucket\n` });
  expect(run("a=180", "b=180")).toEqual({
    status: 1,
    stdout: "",
    stderr: `b is unhealthy\nlast\nits last log lines:\n  ${"x".repeat(998)}\n  no bucket\n`,
  });
});

test.each<[string, string]>([
  ["exited unhealthy", "b is unhealthy"],
  ["exited unchecked", "b is exited"],
  ["paused healthy", "b is paused"],
  ["running unchecked", "b has no health check"],
])("%s: not waited for", (state, message) => {
  ill(state, { error: "no such file" });
  expect(run("b=180").stderr).toBe(`${message}\nno such file\nits last log lines:\n`);
});

/** A second passes with each look at the clock. */
function clock() {
  return docker.program("date", 'now=$(($(cat "$0.now" 2>/dev/null || echo 1000) + 1)); echo $now | tee "$0.now"');
}

test.each(["running starting", "restarting starting", "created starting"])("%s: waited for, for its time", (state) => {
  ill(state);
  clock().answer(EVENTS, "event\n");
  expect(run("b=3").stderr).toBe(`b was not healthy within 3 s (${state})\nits last log lines:\n`);
  expect(docker.calls.filter((call) => call === EVENTS)).toHaveLength(2);
});

test("one that becomes healthy is seen at the event, and the waiting ends", () => {
  ill("running starting");
  clock().answer(EVENTS, "event\n");
  const state = docker.answerFile(`${STATE}b`);
  docker.program("timeout", `[ "$1" = 59 ] && printf '0\\nrunning healthy\\n' >${state}; shift; exec "$@"`);
  expect(run("a=60", "b=60")).toEqual({ status: 0, stdout: "", stderr: "" });
  expect(docker.calls).toEqual([`${STATE}a`, `${STATE}b`, EVENTS, `${STATE}b`, `${STATE}b`]);
});

test("one that is gone, or an engine that does not answer, is a failure in docker's words", () => {
  docker.answer(`${STATE}b`, "No such container: b\n", 1);
  expect(run("a=180", "b=180")).toEqual({ status: 1, stdout: "", stderr: "No such container: b\n" });
});
