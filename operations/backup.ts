/** `make backup`: a backup of each system, whole and verified, on the host where the data is. */
import { backupArguments, scriptsBeside } from "../backups/parts.ts";
import { runInstalled } from "../hosts/installed.ts";
import { backedUp } from "./backups/systems.ts";
import { run } from "./command.ts";
import { readStack } from "./stack.ts";

export const done = run([], async (options) => {
  const stack = readStack(options.stack);
  let worst = 0;
  for (const system of backedUp(stack, options)) {
    const args = backupArguments(system, stack.host)!;
    worst = Math.max(worst, await runInstalled(stack.host, "backup", args, scriptsBeside(system)));
  }
  return worst;
});
