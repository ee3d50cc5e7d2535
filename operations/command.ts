/** What the verbs of this folder share: their options, and errors that are one message. */
import { parseArgs } from "node:util";
import type { SystemSpec } from "../systems/spec.ts";
import type { Stack } from "../systems/stack.ts";

const SYSTEMS = ["robotoff", "protea", "monitoring"];

/** Every verb has these: which stack, and what of it. */
export interface Selection {
  stack: string;
  /** Undefined: every system of the stack. */
  system?: string;
  service?: string;
}

/** A verb's options: those of every verb, and texts of its own by name. */
export type Options<O extends string = never> = Selection & Partial<Record<O, string>> & { words: string[] };

/** The same stack, and the same system of it, for another verb. */
export const selectionWords = ({ stack, system }: Pick<Selection, "stack" | "system">): string[] => [
  ...["--stack", stack],
  ...(system ? ["--system", system] : []),
];

/** Before anything is changed. @throws Error with all that is in the way, where anything is */
export function refuse(problems: string[]): void {
  if (problems.length === 0) return;
  const lines = problems.flatMap((one) => one.split("\n")).map((line) => `  ${line}`);
  throw new Error(`checks, before any change, found:\n${lines.join("\n")}`);
}

/**
 * Runs a verb; an expected problem is printed without a stack trace, and the exit code is then 1.
 * @param own the names of options that this verb has beside --stack, --system and --service
 * @returns a promise that a verb's file exports as `done`, so that a test can run the file and wait for its end
 */
export async function run<const O extends string = never>(
  own: readonly O[],
  verb: (options: Options<O>) => number | Promise<number>,
): Promise<void> {
  const text = { type: "string" } as const;
  try {
    const { values, positionals } = parseArgs({
      args: process.argv.slice(2),
      allowPositionals: true,
      options: {
        ...Object.fromEntries(own.map((name) => [name, text])),
        stack: { ...text, default: "local" },
        system: text,
        service: text,
      },
    });
    if (values.system && !SYSTEMS.includes(values.system))
      throw new Error(`found SYSTEM=${values.system}, expected ${SYSTEMS.join(" or ")}`);
    process.exitCode = await verb({ ...values, words: positionals } as Options<O>);
  } catch (error) {
    if (process.env.DEBUG || !(error instanceof Error)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}

/** The systems a command is about: the named one, the only one with the named service, or all. */
export function selected(stack: Stack, { system, service }: Pick<Selection, "system" | "service">): SystemSpec[] {
  const named = system ? stack.systems.filter((known) => known.name === system) : stack.systems;
  if (named.length === 0) throw new Error(`the stack does not run ${system}`);
  if (!service) return named;
  const having = named.filter((known) => known.services.some((one) => one.name === service));
  if (having.length === 1) return having;
  if (having.length > 1)
    throw new Error(
      `both systems have a service "${service}": add SYSTEM=${having.map(({ name }) => name).join(" or SYSTEM=")}`,
    );
  const known = named.map((one) => `${one.name}: ${one.services.map((each) => each.name).join(", ")}`);
  throw new Error(`no service "${service}"; there are\n  ${known.join("\n  ")}`);
}
