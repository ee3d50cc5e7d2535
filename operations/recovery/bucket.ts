/** A backend that only Pulumi's own commands can read (a bucket): its locks and its state, as they tell them. */
import { pulumi } from "../pulumi.ts";
import type { Lock, State } from "./leftovers.ts";

/** Where Pulumi keeps locks itself; a service (https://) keeps them in a way of its own. */
const STORES = ["s3", "gs", "azblob", "postgres"];

const noSuchStack = (stderr: string) => /no stack named .* found/.test(stderr);

function unreadable(stack: string, stderr: string): Error {
  return new Error(
    `nothing was changed: Pulumi cannot tell the state of ${stack} (PULUMI_BACKEND_URL; docs/team.md): ${stderr.trim()}`,
  );
}

/** The holders of Pulumi's locks, out of what it says to who comes second. */
export function holders(stderr: string): Lock[] {
  return [...stderr.matchAll(/: created by (.+)@(\S+) \(pid (\d+)\) at (\S+)$/gm)].map((match) => {
    const [username, hostname, pid, timestamp] = match.slice(1) as [string, string, string, string];
    return { username, hostname, pid: Number(pid), timestamp };
  });
}

/**
 * The locks on a stack. No command lists them, so it is asked for a change that is always refused, another name that is its
 * own: for a stack that is locked by naming the holders, for another because that name is taken (`pulumi stack rename`).
 * @throws Error when it is told neither
 */
export function bucketLocks(stack: string): Lock[] {
  if (stack === "local")
    throw new Error(
      "nothing was changed: local is a machine's own stack, and the backend is everybody's: unset PULUMI_BACKEND_URL (docs/team.md)",
    );
  const scheme = process.env.PULUMI_BACKEND_URL!.split(":")[0]!;
  if (!STORES.includes(scheme))
    throw new Error(
      `nothing was changed: whether somebody works with ${stack} cannot be seen in a backend of ${scheme}://, ` +
        `only in file:// and ${STORES.map((one) => `${one}://`).join(", ")} (PULUMI_BACKEND_URL; docs/team.md)`,
    );
  const { stderr } = pulumi("stack", "rename", stack, "--stack", stack);
  const held = holders(stderr);
  if (held.length > 0) return held;
  if (stderr.includes("already exists") || noSuchStack(stderr)) return [];
  throw unreadable(stack, stderr);
}

/**
 * A stack's state; empty for a stack that does not exist yet.
 * @throws Error when the backend cannot be reached, or does not let us in
 */
export function exportedState(stack: string): State {
  const { status, stdout, stderr } = pulumi("stack", "export", "--stack", stack);
  if (status === 0) return (JSON.parse(stdout) as { deployment: State | null }).deployment ?? {};
  if (noSuchStack(stderr)) return {};
  throw unreadable(stack, stderr);
}
