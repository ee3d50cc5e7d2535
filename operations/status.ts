/** `make status`: everything declared against what the engine has. Exit code 1 when something is not as declared. */
import { run } from "./command.ts";
import { look } from "./containers/look.ts";
import { summary } from "./containers/rows.ts";
import { table } from "./table.ts";

await run([], (options) => {
  const { found } = look(options);
  const columns = ["system", "service", "container", "state", "health", "since", "ports", "image"] as const;
  console.log(table(columns, found));
  console.log(`\n${summary(found)}`);
  return found.some((row) => row.problem) ? 1 : 0;
});
