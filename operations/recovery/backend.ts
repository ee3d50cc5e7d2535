/**
 * A stack's locks and state. Pulumi's file backend is read directly, since this is done before every `up` and a state that a
 * kill tore can be mended there; of another one Pulumi is asked (bucket.ts).
 */
import { copyFileSync, existsSync, globSync, readFileSync, renameSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { bucketLocks, exportedState } from "./bucket.ts";
import type { Lock, State } from "./leftovers.ts";

export const PROJECT = "robotoff-protea";

/** The backend's folder; undefined when it is elsewhere than in files. */
function folder(): string | undefined {
  const url = process.env.PULUMI_BACKEND_URL;
  if (!url) return ".local/state/.pulumi";
  return url.startsWith("file://") ? join(url.slice("file://".length).replace(/^~/, homedir()), ".pulumi") : undefined;
}

/** Whether the backend is elsewhere than in files, where other machines may be of the same name as this one. */
export const isShared = (): boolean => folder() === undefined;

/**
 * The locks on a stack.
 * @throws Error when the backend cannot tell
 */
export function locks(stack: string): Lock[] {
  const own = folder();
  if (!own) return bucketLocks(stack);
  const files = globSync(join(own, "locks/organization", PROJECT, stack, "*.json"));
  // One that has just ended takes its lock along.
  return files.flatMap((file) => (existsSync(file) ? [read<Lock>(file)] : []));
}

/** The file that holds a stack's state; undefined when the backend is elsewhere than in files. */
function checkpoint(stack: string): string | undefined {
  const own = folder();
  return own && join(own, "stacks", PROJECT, `${stack}.json`);
}

/** Whether a stack's state is there and is no JSON: a Pulumi was killed while it wrote it. */
export function isTorn(stack: string): boolean {
  const file = checkpoint(stack);
  if (!file || !existsSync(file)) return false;
  try {
    read(file);
    return false;
  } catch {
    return true;
  }
}

/**
 * Puts the state before the last write, which Pulumi keeps as `.bak`, in the place of one that cannot be read; that one
 * is kept beside it. What the lost write was about is in the older state as an operation that began, or was never begun.
 * @returns what was done, for a person
 * @throws an Error when there is no readable `.bak`
 */
export function mend(stack: string): string {
  const file = checkpoint(stack)!;
  const before = `${file}.bak`;
  try {
    read(before);
  } catch {
    throw new Error(
      `the state of ${stack} cannot be read (${file}), nor the one before it (${before}): put back a copy of that file`,
    );
  }
  const torn = `${file}.torn-${Math.floor(Date.now() / 1_000)}`;
  renameSync(file, torn);
  copyFileSync(before, file);
  return `the state was torn by a kill: took the one before it (${before}); the torn one is kept as ${torn}`;
}

/**
 * A stack's state; empty for a stack that does not exist yet.
 * @throws Error when the backend cannot tell
 */
export function readState(stack: string): State {
  const file = checkpoint(stack);
  if (!file) return exportedState(stack);
  return existsSync(file) ? (read<{ checkpoint: { latest?: State } }>(file).checkpoint.latest ?? {}) : {};
}

const read = <T>(file: string) => JSON.parse(readFileSync(file, "utf8")) as T;
