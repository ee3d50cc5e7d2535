/**
 * `make letters`: PROTEA's dead letters, which stay where they are; REPUBLISH=n puts the n-th back into the queue it came
 * from, PURGE=1 removes those that it counted.
 */
import { readFileSync } from "node:fs";
import { run, selected, type Options } from "./command.ts";
import { confirm } from "./confirm.ts";
import { EXEC } from "../engines/docker/secrets.ts";
import { runningContainer } from "./containers/running.ts";
import { dockerCommand, quote } from "../hosts/connection.ts";
import { dockerOutput } from "../hosts/docker.ts";
import { letterText, type Letter } from "./letters/text.ts";
import { DEAD_LETTERS } from "../systems/protea/queues.ts";
import { readStack } from "./stack.ts";

const SCRIPT = readFileSync(`${import.meta.dirname}/letters/letters.py`, "utf8");

/** A position or a number of lines, from 1. */
function positive(name: string, given: string): number {
  if (!/^[1-9]\d*$/.test(given)) throw new Error(`found ${name}=${given}, expected a number from 1`);
  return Number(given);
}

/** Asks letters.py in a container that has RabbitMQ's address and password among its secrets. */
function asker({ stack: name }: Options): (...words: string[]) => unknown {
  const stack = readStack(name);
  const [system] = selected(stack, { system: "protea" });
  const container = runningContainer(stack.host, system!, ({ environment }) => "PROTEA_AMQP_URL" in environment).name;
  return (...words) => {
    const command = ["exec", "-i", container, EXEC, "python", "-", DEAD_LETTERS, ...words];
    console.error(`${dockerCommand(stack.host, command).map(quote).join(" ")} < operations/letters/letters.py`);
    return JSON.parse(dockerOutput(stack.host, command, SCRIPT)) as unknown;
  };
}

export const done = run(["republish", "purge", "tail", "yes"], async (options) => {
  if (options.republish && options.purge === "1") throw new Error("expected REPUBLISH= or PURGE=1, found both");
  const position = options.republish === undefined ? undefined : positive("REPUBLISH", options.republish);
  const limit = position ?? positive("TAIL", options.tail ?? "20");
  const ask = asker(options);
  const { count, letters } = ask("list", String(limit)) as { count: number; letters: Letter[] };
  console.log(`${DEAD_LETTERS}: ${count} ${count === 1 ? "message" : "messages"}`);

  if (position !== undefined) {
    const letter = letters[position - 1];
    if (!letter) throw new Error(`there is no dead letter ${position}`);
    console.log(letterText(letter, position));
    if (!letter.queue) throw new Error("it does not say which queue it came from; nothing was changed");
    await confirm(`It will be put back into ${letter.queue} and removed here.`, options.yes);
    ask("republish", String(position), letter.id);
    console.log(`put back into ${letter.queue}`);
    return 0;
  }
  for (const [index, letter] of letters.entries()) console.log(letterText(letter, index + 1));
  if (letters.length < count) console.log(`… and ${count - letters.length} more (TAIL=${count} shows all)`);
  if (options.purge !== "1" || count === 0) return 0;
  await confirm(`These ${count} will be deleted for good; what arrives meanwhile stays.`, options.yes);
  const { removed } = ask("remove", String(count), letters[0]!.id) as { removed: number };
  console.log(`deleted: ${removed}`);
  return 0;
});
