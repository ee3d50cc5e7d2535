/**
 * `make why`: of each container that is stopped, restarting or not healthy, what its health check said and its last
 * log lines. `make up` ends with it when it fails: the Docker plug-in says only that a container is not healthy.
 */
import { run, selected } from "./lib/command.ts";
import { docker } from "./lib/engine.ts";
import { inspect } from "./lib/inspect.ts";
import { readStack } from "./lib/stack.ts";
import { declared, rows } from "./lib/status.ts";
import { explain } from "./lib/why.ts";

await run((options) => {
  const stack = readStack(options.stack);
  const wanted = selected(stack, options).flatMap((system) => declared(system, options.service));
  const inspected = inspect(stack.host, wanted);
  const problems = new Map(
    rows(wanted, inspected, options.stack, Date.now()).map((row) => [`/${row.container}`, row.problem]),
  );
  const troubled = inspected.filter((container) => problems.get(container.Name));
  for (const container of troubled) {
    const tail = Number(options.tail ?? 10);
    const logs = docker(stack.host, ["logs", "--tail", String(tail), container.Name.slice(1)]);
    console.log(explain(container, problems.get(container.Name)!, logs.stdout + logs.stderr));
  }
  if (troubled.length === 0) console.log("every container that exists is as declared");
  return 0;
});
