// Commands with their output in a log file, and the folders that builds keep outside the checkout.
import { spawnSync } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

export const cacheFolder = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "robotoff-protea", "images");

/** A step that failed; the message says which, and where its log is. */
export class StepError extends Error {}

/** Runs a command with all its output appended to `log`; throws a StepError with the log's last lines when it fails. */
export function run(log: string, command: string, args: string[], timeoutMilliseconds?: number): void {
  const output = openSync(log, "a");
  const env = { ...process.env, DOCKER_BUILDKIT: "1" };
  const result = spawnSync(command, args, { stdio: ["ignore", output, output], timeout: timeoutMilliseconds, env });
  closeSync(output);
  if (result.status === 0) return;
  const reason = result.error ? result.error.message : `exit code ${result.status ?? result.signal}`;
  const last = readFileSync(log, "utf8")
    .trimEnd()
    .split("\n")
    .slice(-12)
    .map((line) => `    ${line}`)
    .join("\n");
  throw new StepError(
    `"${[command, ...args].slice(0, 3).join(" ")} …" failed (${reason}); its last lines:\n${last}\n    whole log: ${log}`,
  );
}

/** What a docker command prints, trimmed; throws a StepError when it fails. */
export function docker(...args: string[]): string {
  const result = spawnSync("docker", args, { encoding: "utf8" });
  if (result.status === 0) return result.stdout.trim();
  const reason = result.error ? result.error.message : result.stderr.trim();
  throw new StepError(
    `docker ${args[0]} failed: ${reason}\n    Is Docker installed, and does its engine answer ("docker info")? "make setup" sees to it.`,
  );
}

/**
 * The folder cacheFolder/KEY, filled once by `fill`: it appears whole or not at all, so an interrupted build leaves
 * nothing that a later one could mistake for a result.
 */
export function cached(key: string, fill: (folder: string) => void): string {
  const folder = join(cacheFolder, key);
  if (existsSync(folder)) return folder;
  const partial = `${folder}.partial`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  fill(partial);
  renameSync(partial, folder);
  return folder;
}
