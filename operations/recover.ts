/**
 * Before `up` and `destroy`: what an interrupted one (killed, power cut, lost connection) left behind is put in order, so
 * that the next one completes; and a container that became healthy too late for the last `up` is kept. Volumes are left
 * alone, except before a `destroy` of a stack whose volumes may go (node operations/recover.ts destroy): it could not know
 * of them.
 */
import { locks, readState } from "./recovery/backend.ts";
import { run } from "./command.ts";
import { givenUp } from "./recovery/leftovers.ts";

await run([], async (options) => {
  const { stack } = options;
  const state = readState(stack);
  if (locks(stack).length === 0 && !state.pending_operations?.length && givenUp(state).length === 0) return 0;
  // Loaded only when there is something to do: this runs before every `up`.
  const { recover } = await import("./recovery/recover.ts");
  await recover(options);
  return 0;
});
