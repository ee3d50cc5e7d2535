import { docker } from "../../hosts/docker.ts";
import { explain } from "./explain.ts";
import { look, type Look } from "./look.ts";
import type { Selection } from "../command.ts";

/** Prints of each container in trouble what its health check said and its last log lines. */
export function tellWhy(options: Selection, lines = "10", seen: Look = look(options)): void {
  const problems = new Map(seen.found.map((row) => [`/${row.container}`, row.problem]));
  const troubled = seen.inspected.filter((container) => problems.get(container.Name));
  for (const container of troubled) {
    const logs = docker(seen.host, ["logs", "--tail", lines, container.Name.slice(1)]);
    console.log(explain(container, problems.get(container.Name)!, logs.stdout + logs.stderr));
  }
  const missing = seen.found.filter((row) => row.problem === "missing").map((row) => row.container);
  if (missing.length > 0) console.log(`missing: ${missing.join(", ")}`);
  else if (troubled.length === 0) console.log("every container that exists is as declared");
}
