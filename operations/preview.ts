/**
 * `make preview`: what an `up` would change, for somebody who does not know Pulumi. Words after `--` go to Pulumi. Outside `local` the
 * host is asked what was changed there by hand; nothing is written, neither there nor in the state.
 */
import { writeFileSync } from "node:fs";
import { quote } from "../hosts/connection.ts";
import { show } from "../hosts/docker.ts";
import { pulumiEnvironment } from "../hosts/ssh.ts";
import { run } from "./command.ts";
import type { Digest } from "./preview/changes.ts";
import { previewText, refusedText } from "./preview/text.ts";
import { ask } from "./pulumi.ts";
import { readableArguments } from "./readable/backend.ts";
import { readStack } from "./stack.ts";

/** Pulumi's own display. */
const OWN = ["--diff", "--json", "-j"];

/** By whom has no secrets: with a state that has none (`make readable`), or, where no backend is named, with no state at all. */
const { WITHOUT_SECRETS, PULUMI_BACKEND_URL } = process.env;
const withoutSecrets = WITHOUT_SECRETS === "1";

/** Neither the machine's own engine, which `make up` looks at anyway, nor a host that there is no way to. */
const isAsked = (stack: string) => stack !== "local" && (!withoutSecrets || PULUMI_BACKEND_URL !== undefined);

function answer(stdout: string): Digest {
  try {
    return JSON.parse(stdout) as Digest;
  } catch {
    throw new Error(`Pulumi gave no preview${stdout ? `: ${stdout.slice(0, 1_000)}` : "; see above"}`);
  }
}

export const done = run(["markdown"], async ({ stack: name, words, markdown }) => {
  const tell = (text: string) => {
    if (markdown) writeFileSync(markdown, text);
    return text;
  };
  try {
    const stack = readStack(name);
    const readable = withoutSecrets && PULUMI_BACKEND_URL ? readableArguments(name) : undefined;
    const environment = { ...pulumiEnvironment(stack.host), ...readable?.environment };
    const refresh = isAsked(name) ? ["--refresh"] : [];
    const args = ["preview", "--stack", name, ...(readable?.words ?? []), ...refresh, ...words];
    if (words.some((word) => OWN.includes(word)))
      return await show(["bin/pulumi", ...args], { env: { ...process.env, ...environment } });
    args.splice(1, 0, "--json");
    console.error(["bin/pulumi", ...args].map(quote).join(" "));
    const { status, stdout } = ask(args, "inherit", environment);
    console.log(tell(previewText(answer(stdout), stack)));
    return status ?? 1;
  } catch (error) {
    tell(refusedText(name, (error as Error).message));
    throw error;
  }
});
