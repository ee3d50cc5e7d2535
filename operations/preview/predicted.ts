/** Asks Pulumi what an `up` would do, for `make preview`, and for `make up` before it asks a person. */
import { quote } from "../../hosts/connection.ts";
import { show } from "../../hosts/docker.ts";
import { pulumiEnvironment } from "../../hosts/ssh.ts";
import type { Stack } from "../../systems/stack.ts";
import { ask } from "../pulumi.ts";
import { changesOf, type Digest } from "./changes.ts";
import { previewText } from "./text.ts";

/** Words with which Pulumi's own display is asked for. */
const OWN = ["--diff", "--json", "-j"];

export interface Predicted {
  /** Pulumi's exit code. */
  code: number;
  /** For a person; undefined: Pulumi has shown it in its own words. */
  text?: string;
  /** Whether anything would be done; where Pulumi has shown it, that is not known and may be. */
  changes: boolean;
}

function answer(stdout: string): Digest {
  try {
    return JSON.parse(stdout) as Digest;
  } catch {
    throw new Error(`Pulumi gave no preview${stdout ? `: ${stdout.slice(0, 1_000)}` : "; see above"}`);
  }
}

/**
 * @param words for `pulumi preview`
 * @param more variables besides those of the host
 */
export async function predicted(stack: Stack, words: string[], more: Record<string, string> = {}): Promise<Predicted> {
  const environment = { ...pulumiEnvironment(stack.host), ...more };
  const args = ["preview", "--stack", stack.name, ...words];
  if (words.some((word) => OWN.includes(word))) {
    const code = await show(["bin/pulumi", ...args], { env: { ...process.env, ...environment } });
    return { code, changes: true };
  }
  args.splice(1, 0, "--json");
  console.error(["bin/pulumi", ...args].map(quote).join(" "));
  const { status, stdout } = ask(args, "inherit", environment);
  const digest = answer(stdout);
  const { changes, others } = changesOf(digest);
  return { code: status ?? 1, text: previewText(digest, stack), changes: changes.length + others.length > 0 };
}
