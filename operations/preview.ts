/**
 * `make preview`: what an `up` would change, for somebody who does not know Pulumi. Words after `--` go to Pulumi. Outside `local` the
 * host is asked what was changed there by hand; nothing is written, neither there nor in the state.
 */
import { writeFileSync } from "node:fs";
import { run } from "./command.ts";
import { predicted } from "./preview/predicted.ts";
import { refusedText } from "./preview/text.ts";
import { readableArguments } from "./readable/backend.ts";
import { readStack } from "./stack.ts";

/** By whom has no secrets: with a state that has none (`make readable`), or, where no backend is named, with no state at all. */
const { WITHOUT_SECRETS, PULUMI_BACKEND_URL } = process.env;
const withoutSecrets = WITHOUT_SECRETS === "1";

/** Neither the machine's own engine, which `make up` looks at anyway, nor a host that there is no way to. */
const isAsked = (stack: string) => stack !== "local" && (!withoutSecrets || PULUMI_BACKEND_URL !== undefined);

export const done = run(["markdown"], async ({ stack: name, words: own, markdown }) => {
  const tell = (text: string) => {
    if (markdown) writeFileSync(markdown, text);
    return text;
  };
  try {
    const stack = readStack(name);
    const readable = withoutSecrets && PULUMI_BACKEND_URL ? readableArguments(name) : undefined;
    const words = [...(readable?.words ?? []), ...(isAsked(name) ? ["--refresh"] : []), ...own];
    const { code, text } = await predicted(stack, words, readable?.environment);
    if (text) console.log(tell(text));
    return code;
  } catch (error) {
    tell(refusedText(name, (error as Error).message));
    throw error;
  }
});
