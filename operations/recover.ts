/**
 * Before `up` and `destroy`: what an interrupted one (killed, power cut, lost connection) left behind is put in order, so
 * that the next one completes. Volumes are left alone, except before a `destroy` of a stack whose volumes may go
 * (node operations/recover.ts destroy): it could not know of them.
 */
import { locks, readState } from "./lib/backend.ts";
import { run } from "./lib/command.ts";

await run(async (options) => {
  const { stack } = options;
  if (locks(stack).length === 0 && !readState(stack).pending_operations?.length) return 0;
  // Loaded only when there is something to do: this runs before every `up`.
  const { recover } = await import("./lib/recover.ts");
  await recover(options);
  return 0;
});
