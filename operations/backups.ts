/** `make backups`: every backup, how it was verified, and what can be restored. Exit code 1 when that is not as declared. */
import { backedUp, backupsOf, tellWindow, windowOf } from "./backups/systems.ts";
import { backupRows, COLUMNS } from "./backups/rows.ts";
import { run } from "./command.ts";
import { readStack } from "./stack.ts";
import { table } from "./table.ts";

export const done = run([], (options) => {
  const stack = readStack(options.stack);
  const now = new Date();
  const found = backedUp(stack, options).map((system) => ({
    system,
    backups: backupsOf(stack.host, system),
    window: windowOf(stack.host, system),
  }));
  console.log(
    table(
      COLUMNS,
      found.flatMap(({ system, backups }) => backupRows(system.name, backups, now)),
    ),
  );
  console.log("");
  let code = 0;
  for (const { system, backups, window } of found) {
    const good = tellWindow(stack.host, system, backups, window, now);
    for (const [name, at] of window.checkpoints) console.log(`  checkpoint ${name}: ${at.toISOString()}`);
    if (!good) code = 1;
  }
  return code;
});
