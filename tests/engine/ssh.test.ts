/** A host that is another machine, behind a proxy, by real OpenSSH: its keys, a deployment there, and what is in the way. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { FarHost } from "./far-host.ts";
import { failed, here, succeeded } from "./host.ts";
import { TestStack } from "./stack.harness.ts";

let far: FarHost;
let stack: TestStack;

beforeAll(async () => {
  // Its ports are this machine's: the engine is.
  stack = await TestStack.create(["protea"]);
  far = new FarHost(stack.name, stack.marked);
  await far.listening();
});

afterAll(() => {
  far.disconnect(stack.folder);
  far.remove();
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

test("the way there is gone, as of a laptop that slept: nothing waits for ever, it is said, and afterwards all is as it was", () => {
  here.docker("pause", far.proxy);
  // By the connection that is open.
  failed(stack.operation("status"));
  here.docker("unpause", far.proxy);
  succeeded(stack.operation("status"));
});
