/**
 * `make start|stop|restart|logs`: the same verb of `docker compose` for one service, the applications, one system or all.
 * There is no compose file: the containers' labels make them members of their project.
 */
import { run, selected } from "./command.ts";
import { dockerCommand } from "../hosts/connection.ts";
import { show } from "../hosts/docker.ts";
import { composeWords, VERBS } from "./services/words.ts";
import { readStack } from "./stack.ts";

await run(["tail", "apps", "plain", "follow"], async (options) => {
  const verb = VERBS.find((known) => known === options.words[0]);
  if (!verb) throw new Error(`expected one of ${VERBS.join(", ")}`);
  const stack = readStack(options.stack);
  const terminal = process.stdout.isTTY === true;
  const commands = selected(stack, options).map((system) =>
    dockerCommand(stack.host, ["compose", "-p", system.project, ...composeWords(verb, options, system, terminal)]),
  );
  // Logs of two systems are followed side by side; anything else is done one after the other.
  if (verb === "logs") return Math.max(...(await Promise.all(commands.map((command) => show(command)))));
  for (const command of commands) {
    const code = await show(command);
    if (code !== 0) return code;
  }
  return 0;
});
