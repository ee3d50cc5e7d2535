/** `make status`: everything declared against what the engine has. Exit code 1 when something is not as declared. */
import { docker } from "./lib/engine.ts";
import { run, selected } from "./lib/command.ts";
import { readStack } from "./lib/stack.ts";
import { declared, rows, summary, type Inspected } from "./lib/status.ts";
import { table } from "./lib/table.ts";

await run((options) => {
  const stack = readStack(options.stack);
  const wanted = selected(stack, options).flatMap((system) => declared(system, options.service));
  // One call for all: it prints what exists, and complains of the rest.
  const { stdout, stderr } = docker(stack.host, ["container", "inspect", ...wanted.map((container) => container.name)]);
  const failure = stderr.split("\n").filter((line) => line && !line.includes("No such container"));
  // The same once for each container: an engine that does not answer.
  if (failure.length > 0) throw new Error([...new Set(failure)].join("\n"));
  const found = rows(wanted, JSON.parse(stdout) as Inspected[], options.stack, Date.now());
  const columns = ["system", "service", "container", "state", "health", "since", "ports", "image"] as const;
  console.log(table(columns, found));
  console.log(`\n${summary(found)}`);
  return found.some((row) => row.problem) ? 1 : 0;
});
