/**
 * `make start|stop|restart|logs`: the same verb of `docker compose` for one service, one system or all. There is no
 * compose file: the containers' labels make them members of their project.
 */
import { run, selected, type Options } from "./command.ts";
import { dockerCommand } from "../hosts/connection.ts";
import { show } from "../hosts/docker.ts";
import { readStack } from "./stack.ts";

const VERBS: Record<string, (options: Options<"tail">) => string[]> = {
  start: () => ["start"],
  stop: () => ["stop"],
  restart: () => ["restart"],
  logs: ({ tail }) => ["logs", "-f", "--tail", tail ?? "100"],
};

await run(["tail"], async (options) => {
  const verb = VERBS[options.words[0] ?? ""];
  if (!verb) throw new Error(`expected one of ${Object.keys(VERBS).join(", ")}`);
  const stack = readStack(options.stack);
  const commands = selected(stack, options).map((system) =>
    dockerCommand(stack.host, [
      "compose",
      "-p",
      system.project,
      ...verb(options),
      ...(options.service ? [options.service] : []),
    ]),
  );
  // Logs of two systems are followed side by side; anything else is done one after the other.
  if (options.words[0] === "logs") return Math.max(...(await Promise.all(commands.map((command) => show(command)))));
  for (const command of commands) {
    const code = await show(command);
    if (code !== 0) return code;
  }
  return 0;
});
