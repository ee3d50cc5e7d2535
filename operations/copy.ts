/** `make copy`: the backups of each system once more off the host, as after each backup. */
import { copyArguments } from "../backups/parts.ts";
import { runInstalled } from "../hosts/installed.ts";
import { copiedOff } from "./backups/systems.ts";
import { run } from "./command.ts";
import { readStack } from "./stack.ts";

export const done = run([], async (options) => {
  const stack = readStack(options.stack);
  let worst = 0;
  for (const system of copiedOff(stack, options))
    worst = Math.max(worst, await runInstalled(stack.host, "copy", copyArguments(system), ["vault"]));
  return worst;
});
