/** Reads Pulumi's file backend directly: asking the CLI takes a second, and this is done before every `up`. */
import { spawnSync } from "node:child_process";
import { existsSync, globSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Lock, State } from "./leftovers.ts";

export const PROJECT = "robotoff-protea";

/** The backend's folder; undefined when it is elsewhere than in files. */
function folder(): string | undefined {
  const url = process.env.PULUMI_BACKEND_URL;
  if (!url) return ".local/state/.pulumi";
  return url.startsWith("file://") ? join(url.slice("file://".length).replace(/^~/, homedir()), ".pulumi") : undefined;
}

/** The locks on a stack; none where the backend is not in files (a service keeps its own). */
export function locks(stack: string): Lock[] {
  const own = folder();
  const files = own ? globSync(join(own, "locks/organization", PROJECT, stack, "*.json")) : [];
  // One that has just ended takes its lock along.
  return files.flatMap((file) => (existsSync(file) ? [read<Lock>(file)] : []));
}

/** A stack's state; empty for a stack that does not exist yet. */
export function readState(stack: string): State {
  const own = folder();
  if (own) {
    const file = join(own, "stacks", PROJECT, `${stack}.json`);
    return existsSync(file) ? (read<{ checkpoint: { latest?: State } }>(file).checkpoint.latest ?? {}) : {};
  }
  const { status, stdout } = spawnSync("bin/pulumi", ["stack", "export", "--stack", stack], {
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  return status === 0 ? (JSON.parse(stdout) as { deployment: State }).deployment : {};
}

const read = <T>(file: string) => JSON.parse(readFileSync(file, "utf8")) as T;
