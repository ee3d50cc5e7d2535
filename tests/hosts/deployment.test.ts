/** The committed stack files of staging and production, deployed to two hosts at once, through a proxy, by real OpenSSH. */
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { failed, succeeded } from "../engine/host.ts";
import { until } from "../http.ts";
import { ADDRESS, HOSTS, PROXY, type Lab } from "./lab.ts";
import { Rehearsal, STACKS, type StackName } from "./rehearsal.ts";
import { way } from "./topics/way.ts";

let lab: Lab;
let rehearsal: Rehearsal;
const stacks = Object.keys(STACKS) as StackName[];

beforeAll(async () => {
  ({ lab, rehearsal } = await Rehearsal.forTest(...stacks));
});

afterAll(() => lab.down());

/** Whether something connects; `nc` is not everywhere, bash is. */
const connects = (address: string, port: number) => ["bash", "-c", `exec 3<>/dev/tcp/${address}/${port}`];
const NO_WAY = "Network is unreachable";

test("a host is reached through the proxy alone, and no packet for its address leaves the machine", () => {
  for (const address of [...Object.values(ADDRESS), "10.3.0.101", "192.0.2.1"])
    expect(failed(rehearsal.run(...connects(address, 22)))).toContain(NO_WAY);
  succeeded(rehearsal.run(...connects(PROXY, 22)));
  // Nor from where they are: nobody has a route to anywhere else.
  for (const machine of ["proxy", ...HOSTS] as const) {
    expect(lab.on(machine, "ip", "route", "show", "default")).toBe("");
    expect(failed(lab.tryOn(machine, ...connects("192.0.2.1", 22)))).toContain(NO_WAY);
  }
  // Nor a folder of this machine's, in which its engine's health checks would fail.
  for (const machine of ["proxy", ...HOSTS] as const)
    expect(lab.on(machine, "cat", "/proc/1/environ").split("\0")).not.toContain(`TMPDIR=${tmpdir()}`);
  // The hosts' names on the real network mean nothing here.
  failed(lab.tryOn("proxy", "getent", "hosts", "ovh1.openfoodfacts.org"));
});

test("both at once, from nothing, and all of it is healthy", async () => {
  const begun = stacks.map((stack) => rehearsal.begin("up", stack));
  for (const { ended } of begun) succeeded(await ended);
  for (const stack of stacks) expect(succeeded(rehearsal.make("status", stack))).toContain("as declared");
}, 600_000);

test.each(stacks)("a second preview of %s, refreshed, is empty", (stack) => {
  succeeded(rehearsal.make("preview", stack, "ARGS=--refresh --expect-no-changes --non-interactive"));
});

test("a pipeline's deployment names the moment, changes nothing, and what is published answers, through the proxy", () => {
  const said = succeeded(rehearsal.make("deploy", "staging"));
  for (const system of ["robotoff", "protea"])
    expect(said).toMatch(new RegExp(`${system}: checkpoint before-deploy-\\S+`));
  // What it will do, in our own words, and Pulumi's of what it did.
  expect(said).toContain("# staging: what `make up STACK=staging` will do\n\nNothing to change.");
  expect(said).toMatch(/ \d+ unchanged/);
  expect(said).not.toMatch(/\+ \d+ created/);
  const answers = said.split("\n").filter((line) => /^(robotoff|protea) .*http:/.test(line));
  expect(answers.map((line) => line.split(/ {2,}/).at(-1))).toEqual(["500", "200", "200", "200", "200"]);
});

test("production has no Triton and uses the one elsewhere; neither host knows of the other", () => {
  const names = (host: (typeof HOSTS)[number]) =>
    lab.on(host, "docker", "ps", "--all", "--format", "{{.Names}}").split("\n");
  expect(names("ovh200")).toContain("robotoff_triton_1");
  expect(names("ovh201")).not.toContain("robotoff_triton_1");
  const inspected = (host: (typeof HOSTS)[number]) =>
    lab.on(host, "sh", "-c", "docker inspect $(docker ps --all --quiet)");
  const [staging, production] = [inspected("ovh200"), inspected("ovh201")];
  expect(production).toContain("DEFAULT_TRITON_URI=10.3.0.101:5504");
  expect(staging).not.toContain(ADDRESS.ovh201);
  expect(production).not.toContain(ADDRESS.ovh200);
});

test("the API is on the host's own address, where the proxy asks it", () => {
  for (const host of HOSTS) {
    const answer = lab.on("proxy", "curl", "-sf", `http://${ADDRESS[host]}:5500/api/v1/status`);
    expect(answer).toContain("running");
    failed(lab.tryOn("proxy", "curl", "-sf", `http://${ADDRESS[host]}:5501/`));
  }
});

test("make open brings the frontend of a host to this machine, until Ctrl-C", async () => {
  const asks = 'const { status } = await fetch("http://127.0.0.1:3000/"); process.exitCode = status === 200 ? 0 : 1';
  const answers = () => rehearsal.run(process.execPath, "--input-type=module", "-e", asks);
  failed(answers());
  const { process: child, ended, said } = rehearsal.begin("open", "staging", "SERVICE=frontend");
  await until("it is open", 60, () => said().includes("http://127.0.0.1:3000/\nuntil Ctrl-C\n"));
  succeeded(answers());
  process.kill(-child.pid!, "SIGINT");
  await ended;
  failed(answers());
  expect(failed(rehearsal.make("open", "staging", "SERVICE=worker-ping"))).toContain("protea: postgres, rabbitmq");
});

test("all of that over few connections: sshd's defaults refused none", () => {
  const log = readFileSync(join(lab.folder, "ovh200.log"), "utf8");
  expect(log.split("Accepted publickey").length - 1).toBeLessThan(60);
  expect(log + readFileSync(join(lab.folder, "proxy.log"), "utf8")).not.toContain("MaxStartups");
});

way(() => ({ lab, rehearsal }));

test("a host that lost its power comes back by itself, in the right order", async () => {
  await lab.off("ovh200");
  failed(rehearsal.make("status", "staging"));
  lab.start("ovh200");
  await lab.answers("ovh200");
  await until("all is as declared again", 240, () => rehearsal.make("status", "staging").code === 0);
}, 400_000);
