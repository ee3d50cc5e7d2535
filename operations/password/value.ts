import { spawnSync } from "node:child_process";
import { generatedValue, type Deployment } from "./keys.ts";

/** Pulumi's answer stays in this process: it is neither printed nor written. */
export function pulumi(...args: string[]) {
  const { status, stdout, stderr, error } = spawnSync("bin/pulumi", args, {
    encoding: "utf8",
    maxBuffer: 2 ** 28,
    // A passphrase is asked for at this terminal.
    stdio: ["inherit", "pipe", "pipe"],
  });
  if (error) throw error;
  return { status, stdout, stderr };
}

/**
 * A secret of a stack, configured or generated.
 * @throws Error with what Pulumi says when it cannot decrypt the stack
 */
export function secretValue(stack: string, key: string): string {
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
