/** A password that is neither the stack's nor in its state: from the environment, else asked for on the terminal, and not shown. */
import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import type { Terminal } from "./confirm.ts";

/**
 * @param variable of the environment; set and empty, there is none
 * @param whose for instance `of the server db.example.org:5432`
 * @throws Error that names the variable, where it is not set and there is no terminal to ask at, or nothing was typed
 */
export async function secretOf(
  variable: string,
  whose: string,
  { input, output }: Terminal = { input: process.stdin, output: process.stdout },
): Promise<string> {
  const given = process.env[variable];
  if (given !== undefined) return given;
  if (!input.isTTY)
    throw new Error(`nothing was changed: ${variable} is not in the environment, and there is no terminal to ask at`);
  output.write(`Password ${whose} (${variable} is not in the environment): `);
  // What is typed is echoed by readline alone, to nowhere.
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const questions = createInterface({ input, output: nowhere, terminal: true });
  const typed = await new Promise<string | undefined>((resolve) => {
    questions.once("close", () => resolve(undefined));
    questions.question("", resolve);
  });
  questions.close();
  output.write("\n");
  if (typed === undefined) throw new Error("nothing was changed");
  return typed;
}
