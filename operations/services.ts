/**
 * `make start|stop|restart|logs`: the same verb of `docker compose` for one service, the applications, one system or all.
 * There is no compose file: the containers' labels make them members of their project.
 */
import { run, selected } from "./command.ts";
import { dockerCommand, endsWithUs } from "../hosts/connection.ts";
import { show } from "../hosts/docker.ts";
import { composeWords, plainLogWords, VERBS } from "./services/words.ts";
import { readStack } from "./stack.ts";

/** The exit codes of commands, side by side or one after the other; then the first that fails is the last. */
async function all(commands: (() => Promise<number>)[], sideBySide: boolean): Promise<number[]> {
  if (sideBySide) return Promise.all(commands.map((command) => command()));
  const codes: number[] = [];
  for (const command of commands) {
    codes.push(await command());
    if (codes.at(-1) !== 0) break;
  }
  return codes;
}

export const done = run(["tail", "apps", "plain", "follow"], async (options) => {
  const verb = VERBS.find((known) => known === options.words[0]);
  if (!verb) throw new Error(`expected one of ${VERBS.join(", ")}`);
  const stack = readStack(options.stack);
  const terminal = process.stdout.isTTY === true;
  const systems = selected(stack, options);
  // In a pipe the lines stay as they were written.
  const followed = (words: string[]) => {
    const command = dockerCommand(stack.host, words);
    return terminal && verb === "logs" ? endsWithUs(command) : command;
  };
  const stdin = terminal && verb === "logs" ? "ignore" : "inherit";
  if (verb === "logs" && options.plain === "1") {
    const words = systems.flatMap((system) => plainLogWords(options, system, terminal));
    // What a container writes as errors is log as well.
    const logs = words.map((each) => () => show(followed(each), { stdio: [stdin, 1, 1] }));
    return Math.max(...(await all(logs, options.follow === "1" || terminal)));
  }
  const commands = systems.map((system) => {
    const words = composeWords(verb, options, system, terminal);
    return () => show(followed(words), { stdio: [stdin, "inherit", "inherit"] });
  });
  // Logs of two systems are followed side by side; anything else is done one after the other.
  return Math.max(...(await all(commands, verb === "logs")));
});
