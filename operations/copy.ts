/** `make copy`: the backups of each system once more off the host, as after each backup. */
import { copierOf, copyArguments } from "../backups/parts.ts";
import { runInstalled } from "../hosts/installed.ts";
import { backedUp } from "./backups/systems.ts";
import { run } from "./command.ts";
import { readStack } from "./stack.ts";

export const done = run([], async (options) => {
  const stack = readStack(options.stack);
  const systems = backedUp(stack, options);
  if (!systems.some(copierOf))
    throw new Error(
      `Pulumi.${stack.name}.yaml declares no copy off the host: say host:backups.copy there, then make up (docs/backups.md)`,
    );
  let worst = 0;
  for (const system of systems.filter(copierOf))
    worst = Math.max(worst, await runInstalled(stack.host, "copy", copyArguments(system), ["vault"]));
  return worst;
});
