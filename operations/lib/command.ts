/** What the commands of this folder share: their options, and errors that are one message. */
import { parseArgs } from "node:util";
import { ConfigurationError } from "../../config/problems.ts";
import type { Stack } from "../../systems/index.ts";
import type { System } from "../../systems/description.ts";

const SYSTEMS = ["robotoff", "protea"];

export interface Options {
  stack: string;
  /** Undefined: every system of the stack. */
  system?: string;
  service?: string;
  /** Number of containers (scale). */
  replicas?: string;
  /** Where to write (compose). */
  out?: string;
  /** Lines (logs). */
  tail?: string;
  words: string[];
}

/** Runs a command; an expected problem is printed without a stack trace. */
export async function run(command: (options: Options) => number | Promise<number>): Promise<void> {
  const text = { type: "string" } as const;
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        stack: { ...text, default: "local" },
        system: text,
        service: text,
        replicas: text,
        out: text,
        tail: text,
      },
    });
    if (values.system && !SYSTEMS.includes(values.system))
      throw new Error(`found SYSTEM=${values.system}, expected ${SYSTEMS.join(" or ")}`);
    process.exitCode = await command({ ...values, words: positionals });
  } catch (error) {
    if (process.env.DEBUG || !(error instanceof Error)) throw error;
    console.error(
      error instanceof ConfigurationError ? error.message.replace("; nothing was changed", "") : error.message,
    );
    process.exitCode = 1;
  }
}

/** The systems a command is about: the named one, the only one with the named service, or all. */
export function selected(stack: Stack, { system, service }: Pick<Options, "system" | "service">): System[] {
  const named = system ? stack.systems.filter((known) => known.name === system) : stack.systems;
  if (named.length === 0) throw new Error(`the stack does not run ${system}`);
  if (!service) return named;
  const having = named.filter((known) => known.services.some((one) => one.name === service));
  if (having.length === 1) return having;
  if (having.length > 1)
    throw new Error(`both systems have a service "${service}": add SYSTEM=${SYSTEMS.join(" or SYSTEM=")}`);
  const known = named.map((one) => `${one.name}: ${one.services.map((each) => each.name).join(", ")}`);
  throw new Error(`no service "${service}"; there are\n  ${known.join("\n  ")}`);
}
