/**
 * `make status`: everything declared against what the engine has, and from when to when each system can be restored.
 * Exit code 1 when something is not as declared or the newest verified backup is older than declared; with
 * HEALTH=1 also when one of the backends that Robotoff's API asks does not answer it.
 */
import { run } from "./command.ts";
import { quote } from "../hosts/connection.ts";
import { script } from "../hosts/scripts.ts";
import { together } from "../hosts/together.ts";
import { questions, tellRecoverable } from "./backups/systems.ts";
import { tellBackends } from "./containers/backends.ts";
import { look, question } from "./containers/look.ts";
import { summary } from "./containers/rows.ts";
import { alike } from "./drift/alike.ts";
import { readStack } from "./stack.ts";
import { table } from "./table.ts";

export const done = run(["health"], (options) => {
  const stack = readStack(options.stack);
  // All of it in one round trip.
  const line = ["docker", ...question(options, stack)].map(quote).join(" ");
  const backups = options.service ? [] : questions(stack, options);
  const [containers, ...answers] = together(stack.host, [line, ...backups], script("vault").content);
  const { found } = alike(stack, look(options, stack, containers));
  const columns = ["system", "service", "container", "state", "health", "since", "ports", "image"] as const;
  console.log(table(columns, found));
  console.log(`\n${summary(found)}`);
  const asDeclared = [
    !found.some((row) => row.problem),
    options.service || tellRecoverable(stack, options, answers),
  ].every(Boolean);
  if (!options.health) return asDeclared ? 0 : 1;
  console.log("");
  return tellBackends(stack, options)?.length === 0 && asDeclared ? 0 : 1;
});
