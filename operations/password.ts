/**
 * `make password`: a secret of the stack, configured or generated, to whoever can decrypt it: Pulumi asks for the
 * passphrase, or has it. To a terminal; elsewhere (a pipe, a log) with SHOW=1 only.
 */
import { spawnSync } from "node:child_process";
import { run, selected } from "./command.ts";
import { chosenKey, generatedValue, type Deployment } from "./password/keys.ts";
import { readStack } from "./stack.ts";

/** Pulumi's answer stays in this process: it is neither printed nor written. */
function pulumi(...args: string[]) {
  const { status, stdout, stderr, error } = spawnSync("bin/pulumi", args, {
    encoding: "utf8",
    maxBuffer: 2 ** 28,
    // A passphrase is asked for at this terminal.
    stdio: ["inherit", "pipe", "pipe"],
  });
  if (error) throw error;
  return { status, stdout, stderr };
}

/** @throws Error with what Pulumi says when it cannot decrypt the stack */
function secretValue(stack: string, key: string): string {
  const configured = pulumi("config", "get", key, "--stack", stack);
  if (configured.status === 0) return configured.stdout.trimEnd();
  if (!configured.stderr.includes("not found")) throw new Error(configured.stderr.trim());
  const exported = pulumi("stack", "export", "--show-secrets", "--stack", stack);
  if (exported.status !== 0) throw new Error(exported.stderr.trim());
  const { deployment } = JSON.parse(exported.stdout) as { deployment: Deployment };
  const generated = generatedValue(deployment, key);
  if (generated === undefined)
    throw new Error(
      `${key} is neither configured (bin/pulumi config set --secret ${key} --stack ${stack}) nor generated yet`,
    );
  return generated;
}

export const done = run(["key", "show"], ({ stack: name, system: only, service, key: asked, show }) => {
  if (!service) throw new Error("expected, for instance, make password SERVICE=rabbitmq");
  const [system] = selected(readStack(name), { system: only, service });
  const key = chosenKey(
    system!.services.find((one) => one.name === service)!,
    asked,
  );
  if (!process.stdout.isTTY && show !== "1")
    throw new Error(`${key} is not printed where it may be kept: standard output is no terminal; add SHOW=1`);
  console.error(`${key} of ${name}:`);
  console.log(secretValue(name, key));
  return 0;
});
