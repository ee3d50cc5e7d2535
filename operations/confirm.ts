/** The question before something that cannot be undone. The verb has said what it found; this says what will happen. */
import { createInterface } from "node:readline";

/** Where the question is put: this process's terminal, unless a test says otherwise. */
export interface Terminal {
  input: NodeJS.ReadableStream & { isTTY?: boolean };
  output: NodeJS.WritableStream;
}

/**
 * Prints what will happen and returns when it may: with YES=1 at once, otherwise when a person answers y.
 * @param what one sentence or more, for instance `3 messages of protea.dead-letter will be deleted.`
 * @param yes the verb's option --yes, which is YES=1 of make
 * @throws Error when the answer is anything else, or when there is no terminal to ask at
 */
export async function confirm(
  what: string,
  yes: string | undefined,
  { input, output }: Terminal = { input: process.stdin, output: process.stdout },
): Promise<void> {
  output.write(`${what}\n`);
  if (yes === "1") return;
  if (!input.isTTY) throw new Error("nothing was changed: there is no terminal to ask at; add YES=1 to go on");
  const questions = createInterface({ input, output });
  const answer = await new Promise<string>((resolve) => {
    questions.once("close", () => resolve(""));
    questions.question("Go on? [y/N] ", resolve);
  });
  questions.close();
  if (!/^y(es)?$/i.test(answer.trim())) throw new Error("nothing was changed");
}
