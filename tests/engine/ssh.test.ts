/**
 * A host that is another machine, behind a proxy, by real OpenSSH, with this machine's engine: a deployment there, and a key that may only look.
 * Keys of hosts, and what is in the way, are tried on hosts with engines of their own (tests/hosts).
 */
import { resolve } from "node:path";
import { FarHost } from "./far-host.ts";
import { failed, here, succeeded } from "./host.ts";
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
  const { proxy, ...own } = far.ssh;
  stack.config["host:ssh"] = {
    ...{ ...own, hostKeys: [far.key(far.far)] },
    proxy: { ...proxy, hostKeys: [far.key(far.proxy)] },
  };
});

afterAll(() => {
  far.disconnect(stack.folder);
  far.remove();
  readOnly.remove();
  stack.remove();
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
