/** Starts what is measured, without blocking: a Ctrl-C must be heard at any time. */
import { spawn } from "node:child_process";

/** In the environment of every process of a run, so that the cleaner finds those that are left. */
export const MARK = "ROBOTOFF_PROTEA_BENCH";

export interface Command {
  command: string[];
  cwd?: string;
  /** A value of undefined takes the variable away. */
  env?: NodeJS.ProcessEnv;
}

/** What a command prints on standard output; an Error with all it printed when it fails. */
export function output({ command, cwd, env }: Command): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command[0]!, command.slice(1), {
      cwd,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    let all = "";
    child.stdout.on("data", (text: Buffer) => {
      stdout += text.toString();
      all += text.toString();
    });
    child.stderr.on("data", (text: Buffer) => (all += text.toString()));
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve(stdout);
      else reject(new Error(`${command.join(" ")}: exit code ${code}\n${all.slice(-4_000)}`));
    });
  });
}

/** How long an action takes, in seconds. */
export async function seconds(action: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await action();
  return (performance.now() - start) / 1_000;
}

export const pause = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds));
