/**
 * `make why`: of each container that is stopped, restarting or not healthy, what its health check said and its last
 * log lines. `make up` ends with it when it fails: the Docker plug-in says only that a container is not healthy.
 */
import { run } from "./lib/command.ts";
import { docker } from "./lib/engine.ts";
import { look } from "./lib/inspect.ts";
import { explain } from "./lib/why.ts";

await run((options) => {
  const { host, found, inspected } = look(options);
  const problems = new Map(found.map((row) => [`/${row.container}`, row.problem]));
  const troubled = inspected.filter((container) => problems.get(container.Name));
  for (const container of troubled) {
    const logs = docker(host, ["logs", "--tail", options.tail ?? "10", container.Name.slice(1)]);
    console.log(explain(container, problems.get(container.Name)!, logs.stdout + logs.stderr));
  }
  if (troubled.length === 0) console.log("every container that exists is as declared");
  return 0;
});
