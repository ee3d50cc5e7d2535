/**
 * What happens on the way to a host: its proxy goes away in the middle, its engine hangs, its disk is full, two deploy at once, it is another
 * machine than it was, a registry wants a log-in.
 */
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

const on = (...words: string[]) => lab.on("ovh200", ...words);
const containers = () => on("docker", "ps", "--all", "--no-trunc", "--format", "{{.ID}} {{.Names}}");
const status = () => rehearsal.make("status", "staging", "SYSTEM=protea");

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

test("the way there hangs, as of a laptop that slept: nothing waits for ever, and afterwards all is as it was", () => {
  succeeded(status());
  lab.on("proxy", "pkill", "-STOP", "sshd");
  try {
    // By the connection that is open.
    failed(status());
  } finally {
    lab.on("proxy", "pkill", "-CONT", "sshd");
  }
  succeeded(status());
}, 120_000);

test("a host that shows another key than the pinned one: nothing is sent there", () => {
  const before = containers();
  // The oldest one listens, and reads its keys anew.
  const anew = "pkill -HUP -o -x sshd";
  on("sh", "-c", `mkdir /root/keys && mv /etc/ssh/ssh_host_* /root/keys && ssh-keygen -q -A && ${anew}`);
  rehearsal.disconnect("staging");
  try {
    for (const target of ["status", "up"] as const) {
      const said = failed(rehearsal.make(target, "staging", "SYSTEM=protea"));
      expect(said).toContain("Host key verification failed");
      expect(said).toContain("make trust STACK=");
    }
    const shown = failed(rehearsal.run("make", "trust", "STACK=staging"));
    expect(shown).toMatch(/^198\.51\.100\.1: .*: as pinned$/m);
    expect(shown).toMatch(/^10\.1\.0\.200: .*: ANOTHER KEY THAN THE PINNED$/m);
  } finally {
    on("sh", "-c", `mv /root/keys/* /etc/ssh/ && rmdir /root/keys && ${anew}`);
  }
  succeeded(status());
  expect(containers()).toBe(before);
}, 120_000);

test("a registry that wants a log-in: it is said how, and after docker login as the user of the host the image is pulled", () => {
  const image = "10.1.0.1:5000/ghcr.io/frapercan/protea-frontend:0.3.0";
  const before = containers();
  // The name alone is gone.
  on("sh", "-c", 'docker tag "$0" kept:1 && docker rmi "$0"', image);
  // team, hunter2-hunter2
  const users = "team:$2y$05$robotoffproteatestteselWztzi5lqeh.CXOANl2tp7lLZUQ63hm";
  lab.on("proxy", "sh", "-c", 'echo "$0" > /etc/htpasswd', users);
  lab.registry({
    REGISTRY_AUTH: "htpasswd",
    REGISTRY_AUTH_HTPASSWD_REALM: "lab",
    REGISTRY_AUTH_HTPASSWD_PATH: "/etc/htpasswd",
  });
  try {
    const said = failed(rehearsal.make("up", "staging", "SYSTEM=protea"));
    expect(said).toContain("no basic auth credentials");
    const [, login] = /the registry wants a log-in: (.*)$/m.exec(said)!;
    expect(login).toBe("ssh -t -F .local/ssh/10.1.0.200/config 10.1.0.200 -- 'docker login 10.1.0.1:5000'");
    expect(containers()).toBe(before);
    const words = login!
      .replace(/^ssh -t/, "echo hunter2-hunter2 | ssh")
      .replace(/'$/, " --username team --password-stdin'");
    succeeded(rehearsal.run("sh", "-c", words));
    expect(succeeded(rehearsal.make("up", "staging", "SYSTEM=protea"))).toContain(`docker pull ${image}`);
    expect(containers()).toBe(before);
  } finally {
    lab.registry({});
    // Refused where the other name has not come back.
    lab.tryOn("ovh200", "sh", "-c", "rm -rf /home/off/.docker; docker rmi kept:1");
  }
}, 300_000);

test("a disk without inodes left is told before anything is touched", () => {
  const before = containers();
  on("mount", "-t", "tmpfs", "-o", "size=100g,nr_inodes=1000", "tmpfs", "/srv/backups");
  try {
    on("sh", "-c", "cd /srv/backups && seq 970 | xargs touch");
    const said = failed(rehearsal.make("up", "staging", "SYSTEM=protea"));
    expect(said).toMatch(
      /the disk of the backups, \/srv\/backups, has \d+ of 1000 inodes free \(df -i\); expected 50 at least/,
    );
    expect(containers()).toBe(before);
  } finally {
    on("umount", "/srv/backups");
  }
}, 120_000);

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
