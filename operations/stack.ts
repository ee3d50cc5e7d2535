/** Reads a stack file without Pulumi: the daily commands need to know what is declared, not what is encrypted. */
import { existsSync, readFileSync, readdirSync, realpathSync, renameSync, statSync, writeFileSync } from "node:fs";
import { parse } from "yaml";
import { ENCRYPTED, type RawConfiguration } from "../config/read.ts";
import { writeSshFiles } from "../hosts/ssh.ts";
import { describeStack, type Stack } from "../systems/stack.ts";

export function stackFile(stack: string): string {
  return `Pulumi.${stack}.yaml`;
}

/** Replaces a stack's file as a whole: whoever is killed meanwhile leaves the one before. A link stays one. */
export function writeStackFile(stack: string, text: string): void {
  const file = realpathSync(stackFile(stack));
  const beside = `${file}.${process.pid}`;
  writeFileSync(beside, text, { mode: statSync(file).mode, flush: true });
  renameSync(beside, file);
}

/** The stacks that have a file in the working directory. */
export function stackNames(): string[] {
  return readdirSync(".").flatMap((file) => /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1] ?? []);
}

/** A stack file's text as Pulumi hands it to the program: `NAMESPACE:KEY` to text, structured values as JSON. */
export function rawConfiguration(stack: string, text: string): RawConfiguration {
  const { config } = (parse(text) ?? {}) as { config?: Record<string, unknown> };
  const entries = Object.entries(config ?? {});
  const isSecret = (value: unknown) => typeof value === "object" && value !== null && "secure" in value;
  const show = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));
  return {
    stack,
    values: Object.fromEntries(entries.map(([key, value]) => [key, isSecret(value) ? ENCRYPTED : show(value)])),
    secretKeys: new Set(entries.filter(([, value]) => isSecret(value)).map(([key]) => key)),
    withoutSecrets: true,
  };
}

/** Below .local/ Pulumi works on a copy of the stack file, with the secrets (toolchain/own-backend.sh); undefined: it works on the file itself. */
export function ownStackFile(stack: string): string | undefined {
  const own = `.local/stacks/${stackFile(stack)}`;
  return !process.env.PULUMI_BACKEND_URL && existsSync(own) ? own : undefined;
}

/** The secrets that only that copy has: a variable of a container may depend on whether there is one. */
function ownSecrets(stack: string): string[] {
  const own = ownStackFile(stack);
  return own ? [...rawConfiguration(stack, readFileSync(own, "utf8")).secretKeys] : [];
}

/**
 * What a stack declares, from its file in the working directory. What OpenSSH needs to reach its host is written there as well.
 * @throws ConfigurationError with every problem of the file; an Error when there is none
 */
export function readStack(stack: string, text: string = readStackFile(stack)): Stack {
  const { values, secretKeys, ...raw } = rawConfiguration(stack, text);
  const own = ownSecrets(stack);
  const encrypted = Object.fromEntries(own.map((key) => [key, ENCRYPTED]));
  const described = describeStack({
    ...raw,
    values: { ...encrypted, ...values },
    secretKeys: new Set([...secretKeys, ...own]),
  });
  writeSshFiles(described.host);
  return described;
}

export function readStackFile(stack: string): string {
  try {
    return readFileSync(stackFile(stack), "utf8");
  } catch {
    throw new Error(`there is no ${stackFile(stack)} here: no stack "${stack}"`);
  }
}
