/** Asks this checkout's Pulumi something. */
import { spawnSync } from "node:child_process";

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
