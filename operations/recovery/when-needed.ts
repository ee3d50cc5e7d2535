import type { Options } from "../command.ts";
import { isTorn, locks, readState } from "./backend.ts";

/**
 * Puts in order what an interrupted `up` or `destroy` (killed, power cut, lost connection) left behind, so that the next
 * one completes. Volumes are left alone, except
 * before a `destroy` of a stack whose volumes may go: it could not know of them.
 * @param before what comes next
 */
export async function recoverWhenNeeded(options: Options, before: "up" | "destroy"): Promise<void> {
  const { stack } = options;
  if (!isTorn(stack) && locks(stack).length === 0 && !readState(stack).pending_operations?.length) return;
  // Loaded only when there is something to do: this runs before every `up`.
  const { recover } = await import("./recover.ts");
  await recover(options, before);
}
