/** `make verify`: is a backup still what was backed up? The newest, or AT=; DEEP=1 restores it into a scratch server. */
import { scriptsBeside, verifyArguments } from "../backups/parts.ts";
import { runInstalled } from "../hosts/installed.ts";
import { backedUp, backupsOf } from "./backups/systems.ts";
import { run } from "./command.ts";
import { readStack } from "./stack.ts";

export const done = run(["at", "deep"], async (options) => {
  const stack = readStack(options.stack);
  let worst = 0;
  for (const system of backedUp(stack, options)) {
    const stamps = backupsOf(stack.host, system).map((backup) => backup.stamp);
    const stamp = options.at ?? stamps.at(-1);
    if (!stamp || !stamps.includes(stamp))
      throw new Error(
        `${system.name} has no backup ${stamp ?? "yet"}; there are ${stamps.join(", ") || "none: make backup"}`,
      );
    const args = verifyArguments(system, stack.host, stamp, options.deep ? "deep" : "quick");
    worst = Math.max(worst, await runInstalled(stack.host, "verify", args, scriptsBeside(system)));
  }
  return worst;
});
