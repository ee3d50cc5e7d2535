/** Asks this checkout's Pulumi something. */
import { spawnSync } from "node:child_process";

/**
 * Pulumi's answer stays in this process: it is neither printed nor written.
 * @param stderr `inherit`: what it says besides is shown as it comes
 * @param environment more variables than this process has
 */
export function ask(args: string[], stderr: "pipe" | "inherit" = "pipe", environment: Record<string, string> = {}) {
  const ran = spawnSync("bin/pulumi", args, {
    encoding: "utf8",
    maxBuffer: 2 ** 28,
    // A passphrase is asked for at this terminal.
    stdio: ["inherit", "pipe", stderr],
    env: { ...process.env, ...environment },
  });
  if (ran.error) throw ran.error;
  return { status: ran.status, stdout: ran.stdout, stderr: ran.stderr };
}

export const pulumi = (...args: string[]) => ask(args);

/**
 * Pulumi's answer, of a command that answers in JSON.
 * @throws Error with what Pulumi says when it fails
 */
export function answerOf<T>(...args: string[]): T {
  const { status, stdout, stderr } = pulumi(...args);
  if (status !== 0) throw new Error(stderr.trim());
  return JSON.parse(stdout) as T;
}
