/**
 * `make why`: of each container that is stopped, restarting or not healthy, what its health check said and its last
 * log lines. `make up` ends with it when it fails: the Docker plug-in says only that a container is not healthy.
 */
import { run } from "./command.ts";
import { docker } from "../hosts/docker.ts";
import { look } from "./containers/look.ts";
import { explain } from "./containers/explain.ts";

await run(["tail"], (options) => {
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
