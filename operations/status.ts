/** `make status`: everything declared against what the engine has. Exit code 1 when something is not as declared. */
import { run, selected } from "./lib/command.ts";
import { inspect } from "./lib/inspect.ts";
import { readStack } from "./lib/stack.ts";
import { declared, rows, summary } from "./lib/status.ts";
import { table } from "./lib/table.ts";

await run((options) => {
  const stack = readStack(options.stack);
  const wanted = selected(stack, options).flatMap((system) => declared(system, options.service));
  const found = rows(wanted, inspect(stack.host, wanted), options.stack, Date.now());
  const columns = ["system", "service", "container", "state", "health", "since", "ports", "image"] as const;
  console.log(table(columns, found));
  console.log(`\n${summary(found)}`);
  return found.some((row) => row.problem) ? 1 : 0;
});
