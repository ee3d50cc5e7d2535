/** A host that is another machine, behind a proxy, by real OpenSSH: its keys, a deployment there, and what is in the way. */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parse } from "yaml";
import { FarHost } from "./far-host.ts";
import { failed, here, must, succeeded } from "./host.ts";
import { ReadOnly } from "./read-only.ts";
import { TestStack } from "./stack.harness.ts";

let far: FarHost;
let stack: TestStack;
let readOnly: ReadOnly;

beforeAll(async () => {
  // Its ports are this machine's: the engine is.
  stack = await TestStack.create(["protea"]);
  // As the user `off` there.
  readOnly = new ReadOnly(`${stack.name}-read-only`, stack.marked, 1000);
  far = new FarHost(stack.name, stack.marked, [
    ...["--volume", `${resolve("hosts/read-only/enter.sh")}:/srv/read-only/enter.sh:ro`],
    ...["--volume", `${readOnly.folder}:/srv/read-only/run`],
  ]);
  await far.listening();
});

afterAll(() => {
  far.disconnect(stack.folder);
  far.remove();
  readOnly.remove();
  stack.remove();
});

const pinned = () => {
  const { config } = parse(readFileSync(join(stack.folder, `Pulumi.${stack.name}.yaml`), "utf8")) as {
    config: { "host:ssh": { hostKeys?: string[]; proxy: { hostKeys?: string[] } } };
  };
  return config["host:ssh"];
};

test("a host without a pinned key is refused; make trust shows the keys, and pins them after a yes", () => {
  const { address, user, identity, proxy } = far.ssh;
  stack.config["host:ssh"] = { address, user, identity, proxy: { address: proxy!.address, user } };
  expect(failed(stack.operation("status"))).toContain("Host key verification failed");
  const said = failed(stack.operation("trust"));
  expect(said).toContain(`${proxy!.address}: ${far.fingerprint(far.proxy)} (ED25519) 256: not pinned yet\n`);
  expect(said).toContain(`${address}: ${far.fingerprint(far.far)} (ED25519) 256: not pinned yet\n`);
  expect(said).toContain("nothing was changed");
  expect(pinned().hostKeys).toBeUndefined();
  succeeded(stack.operation("trust", "--yes", "1"));
  expect(pinned()).toMatchObject({ hostKeys: [far.key(far.far)], proxy: { hostKeys: [far.key(far.proxy)] } });
  stack.config["host:ssh"] = pinned();
  expect(succeeded(stack.operation("trust"))).toContain(": as pinned\n");
});

test("a deployment there, over one connection; its second preview, refreshed, is empty", () => {
  succeeded(stack.makeUp());
  expect(far.logins(far.far)).toBeGreaterThan(0);
  expect(succeeded(stack.operation("status"))).toContain("as declared");
  succeeded(stack.preview("--refresh", "--expect-no-changes"));
  expect(succeeded(stack.operation("services", "logs", "--service", "api", "--plain", "1", "--tail", "1"))).not.toBe(
    "",
  );
  // Of hundreds of things. One connection takes ten at a time (sshd's MaxSessions), and what the provider keeps open counts: what is
  // beyond opens its own.
  expect(far.logins(far.far)).toBeLessThan(50);
  expect(here.tryDocker("logs", far.far).text + here.tryDocker("logs", far.proxy).text).not.toContain("MaxStartups");
});

test("a key that may only look: the same preview as with the other, and nothing can be changed", async () => {
  const base = structuredClone(stack.config);
  stack.change("protea", "worker-ping", { environment: { ANY: "thing" } });
  const preview = () => succeeded(stack.operation("preview")).replace(/^.*bin\/pulumi.*\n/m, "");
  const whole = preview();
  expect(whole).toContain("The host was asked.");
  expect(whole).toContain("variable `ANY=thing`");
  const before = stack.containers();
  await readOnly.listening();
  const identity = far.restricted("/srv/read-only/enter.sh");
  try {
    stack.config["host:ssh"] = { ...(base["host:ssh"] as object), identity };
    expect(preview()).toBe(whole);
    // Whatever else is asked for there is refused.
    for (const outcome of [stack.up(), stack.operation("services", "stop", "--service", "worker-ping")])
      expect(failed(outcome)).toContain("read-only: this key is for previews; it runs nothing else");
  } finally {
    stack.config = base;
  }
  expect(stack.containers()).toEqual(before);
  succeeded(stack.operation("status"));
});

test("a key that is not the pinned one is refused, and nothing is touched", () => {
  const ssh = pinned();
  // The connection that is open was made with the right key.
  far.disconnect(stack.folder);
  try {
    stack.config["host:ssh"] = { ...ssh, hostKeys: ssh.proxy.hostKeys };
    const said = failed(stack.makeUp());
    expect(said).toContain("Host key verification failed");
    expect(said).toContain("make trust STACK=");
    expect(failed(stack.operation("trust"))).toContain(": ANOTHER KEY THAN THE PINNED\n");
  } finally {
    stack.config["host:ssh"] = ssh;
  }
  succeeded(stack.operation("status"));
});

test("what is in the way is said, with what to do, and nothing is touched", () => {
  const ssh = pinned();
  const { address, proxy } = far.ssh;
  const before = stack.containers();
  const identity = join(stack.folder, "another");
  must("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", identity);
  const root = (...words: string[]) => here.docker("exec", "-u", "root", far.far, ...words);
  const group = root("stat", "-c", "%G", "/var/run/docker.sock");
  try {
    far.disconnect(stack.folder);
    stack.config["host:ssh"] = { ...ssh, proxy: { ...ssh.proxy, port: 2 } };
    expect(failed(stack.operation("status"))).toContain(
      `the proxy ${proxy!.address} (host:ssh.proxy) does not answer at port 2: `,
    );
    stack.config["host:ssh"] = { ...ssh, port: 2 };
    expect(failed(stack.operation("status"))).toContain(
      `the proxy ${proxy!.address} answers, and the host ${address} behind it does not at port 2: `,
    );
    stack.config["host:ssh"] = { ...ssh, identity };
    expect(failed(stack.operation("status"))).toContain(
      `the proxy ${proxy!.address} (host:ssh.proxy) takes none of the keys here for off: host:ssh.identity is ${identity}; `,
    );
    stack.config["host:ssh"] = ssh;
    root("gpasswd", "--delete", "off", group);
    const forbidden = failed(stack.up());
    expect(forbidden).toContain("checks, before any change: docker version failed: ");
    expect(forbidden).toContain(
      `off may not use Docker on ${address}. An administrator types there: sudo usermod -aG docker off`,
    );
    root("usermod", "--append", "--groups", group, "off");
    far.disconnect(stack.folder);
    root("mv", "/usr/bin/docker", "/usr/bin/away");
    expect(failed(stack.up())).toContain(`there is no docker on ${address}: install Docker Engine 25 or newer`);
  } finally {
    stack.config["host:ssh"] = ssh;
    root(
      "sh",
      "-c",
      `usermod --append --groups ${group} off; [ ! -e /usr/bin/away ] || mv /usr/bin/away /usr/bin/docker`,
    );
    far.disconnect(stack.folder);
  }
  expect(stack.containers()).toEqual(before);
});

test("a new host: what needs root is refused with the one command, the rest is made, and made again when it is gone", () => {
  const root = (...words: string[]) => here.docker("exec", "-u", "root", far.far, ...words);
  const volume = `${stack.name}-made`;
  const [own, foreign] = [`/home/off/${stack.name}/x`, `/srv/${stack.name}/x`];
  stack.config["protea:volumes"] = { made: { external: true, name: volume } };
  stack.config["host:prepare"] = { folders: [{ path: own }, { path: foreign }], volumes: [volume] };
  const volumes = () => stack.docker("volume", "ls", "--quiet", "--filter", `name=${volume}`);
  const owner = (path: string) => root("stat", "-c", "%U %F", path);
  try {
    const refused = failed(stack.up());
    expect(refused).toContain(
      `the folder ${foreign} does not exist, and is not this user's to make (host:prepare.folders)`,
    );
    const [, command] = /types there, once: sudo sh -c '(.*)'/.exec(refused)!;
    expect(volumes()).toBe("");
    expect(here.tryDocker("exec", far.far, "stat", own).code).not.toBe(0);
    const before = stack.containers();
    // As the administrator does.
    root("sh", "-c", command!);
    succeeded(stack.up());
    expect([volumes(), owner(own), owner(foreign)]).toEqual([volume, "off directory", "off directory"]);
    succeeded(stack.preview("--expect-no-changes"));
    root("rmdir", own);
    expect(succeeded(stack.makeUp())).toContain(`not there (host:prepare): made: folder ${own}`);
    expect(owner(own)).toBe("off directory");
    expect(stack.containers()).toEqual(before);
  } finally {
    for (const key of ["protea:volumes", "host:prepare"]) delete stack.config[key];
    stack.host.tryDocker("volume", "rm", volume);
  }
});

test("the way there is gone, as of a laptop that slept: nothing waits for ever, it is said, and afterwards all is as it was", () => {
  here.docker("pause", far.proxy);
  // By the connection that is open.
  failed(stack.operation("status"));
  here.docker("unpause", far.proxy);
  succeeded(stack.operation("status"));
});
