/** What happens on the way to a host: its proxy goes away in the middle, its engine hangs, its disk is full, two deploy at once. */
import { setTimeout as pause } from "node:timers/promises";
import { failed, succeeded } from "../engine/host.ts";
import type { Lab } from "../hosts/lab.ts";
import { Rehearsal } from "../hosts/rehearsal.ts";
import { until } from "../http.ts";

let lab: Lab;
let rehearsal: Rehearsal;

/** PROTEA alone is enough of a deployment. */
const up = () => rehearsal.begin("up", "staging", "SYSTEM=protea");
const made = () => Number(lab.on("ovh200", "sh", "-c", "docker ps --all --quiet --filter name=protea- | wc -l"));
/** Destroys what there is, so that the next `up` has something to do; volumes stay. */
const fresh = () =>
  lab.on("ovh200", "sh", "-c", "docker ps --all --quiet --filter name=protea- | xargs -r docker rm --force");

beforeAll(async () => {
  ({ lab, rehearsal } = await Rehearsal.forTest("staging"));
}, 600_000);

afterAll(() => lab.down());

test("the proxy loses its power in the middle of an up: it ends, and the next one completes it", async () => {
  const { ended } = up();
  await until("it is in the middle", 240, () => made() > 3);
  const begun = Date.now();
  await lab.off("proxy");
  failed(await ended);
  console.log(`an up without its proxy ended after ${((Date.now() - begun) / 1_000).toFixed(0)} s`);
  lab.start("proxy");
  await until(
    "the proxy answers",
    60,
    () => rehearsal.run("bash", "-c", "exec 3<>/dev/tcp/198.51.100.1/22").code === 0,
  );
  succeeded(await up().ended);
  expect(succeeded(rehearsal.make("status", "staging", "SYSTEM=protea"))).toContain("as declared");
}, 900_000);

test("two deploy at once: one is told who holds the stack, and the other's deployment is whole", async () => {
  fresh();
  const [one, other] = [up(), up()];
  const outcomes = [await one.ended, await other.ended];
  const [refused] = outcomes.filter(({ code }) => code !== 0);
  expect(outcomes.filter(({ code }) => code === 0).length).toBeGreaterThan(0);
  if (refused) expect(refused.text).toMatch(/lock/);
  expect(succeeded(rehearsal.make("status", "staging", "SYSTEM=protea"))).toContain("as declared");
}, 900_000);

test("a laptop sleeps for a minute and a half in the middle: what it had begun is completed by it or by the next", async () => {
  fresh();
  const { process: child, ended } = up();
  await until("it is in the middle", 240, () => made() > 3);
  process.kill(-child.pid!, "SIGSTOP");
  await pause(90_000);
  process.kill(-child.pid!, "SIGCONT");
  const { code } = await ended;
  console.log(`the up that slept ended with ${code}`);
  succeeded(await up().ended);
  expect(succeeded(rehearsal.make("status", "staging", "SYSTEM=protea"))).toContain("as declared");
}, 900_000);

test("Ctrl-C at followed logs ends what they had started on the host", async () => {
  const follows = () => lab.tryOn("ovh200", "pgrep", "-f", "logs.*--follow").text.trim();
  const line = "make logs STACK=staging SYSTEM=protea SERVICE=worker-ping";
  const { process: child, ended } = rehearsal.spawn(["script", "--quiet", "--return", "--command", line, "/dev/null"]);
  await until("they are followed there", 60, () => follows() !== "");
  child.stdin!.write("\x03");
  await ended;
  await until("nobody follows there any more", 30, () => follows() === "");
}, 120_000);

test("an engine that hangs: every command says so instead of waiting for ever, and when it goes on all is well", () => {
  lab.on("ovh200", "pkill", "-STOP", "-x", "dockerd");
  try {
    for (const target of ["status", "up"] as const)
      expect(failed(rehearsal.make(target, "staging", "SYSTEM=protea"))).toMatch(/does not answer/);
  } finally {
    lab.on("ovh200", "pkill", "-CONT", "-x", "dockerd");
  }
  succeeded(rehearsal.make("status", "staging", "SYSTEM=protea"));
}, 600_000);

test("a full disk is told before anything is touched", () => {
  lab.on(
    "ovh200",
    "sh",
    "-c",
    "fallocate --length $(($(df --output=avail --block-size=1 /var/lib/docker | tail -n 1) - 100000000)) /var/lib/docker/filler",
  );
  try {
    const said = failed(rehearsal.make("up", "staging", "SYSTEM=protea"));
    expect(said).toContain("/var/lib/docker");
    expect(said).toMatch(/checks, before any change/);
  } finally {
    lab.on("ovh200", "rm", "/var/lib/docker/filler");
  }
  succeeded(rehearsal.make("status", "staging", "SYSTEM=protea"));
}, 300_000);
