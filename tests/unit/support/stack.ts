/** Stack files for tests: read as Pulumi reads them, without Pulumi. */
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import type { ConfigurationError } from "../../../config/problems.ts";
import type { RawConfiguration } from "../../../config/read.ts";
import { describeStack } from "../../../systems/stack.ts";

export const STACKS = ["local", "staging", "production"] as const;

export type Values = Record<string, unknown>;

const isEncrypted = (value: unknown) => typeof value === "object" && value !== null && "secure" in value;

/** What is under `config:` of a stack file, but for secrets, which a team commits and another checkout does not have. */
export function fileValues(path: string): Values {
  const { config } = parse(readFileSync(path, "utf8")) as { config: Values };
  return Object.fromEntries(Object.entries(config).filter(([, value]) => !isEncrypted(value)));
}

/** What Pulumi hands a program for these values: texts, structured values as JSON. */
export function raw(values: Values, more: Partial<RawConfiguration> = {}): RawConfiguration {
  const text = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));
  return {
    stack: "test",
    values: Object.fromEntries(Object.entries(values).map(([key, value]) => [key, text(value)])),
    secretKeys: new Set(),
    withoutSecrets: true,
    ...more,
  };
}

/** A committed stack, described. */
export function committed(stack: (typeof STACKS)[number]) {
  return describeStack(raw(fileValues(`Pulumi.${stack}.yaml`), { stack }));
}

/** Robotoff and PROTEA with nothing but what has no default. */
export const MINIMAL: Values = {
  "robotoff:images": { robotoff: "example/robotoff:1" },
  "robotoff:checkout": { commit: "0".repeat(40) },
  "protea:images": { protea: "example/protea:1", frontend: "example/protea-frontend:1" },
};

/** The problems of these values, as `PATH: MESSAGE`; none when they are right. */
export function problemsOf(values: Values, more: Partial<RawConfiguration> = {}): string[] {
  try {
    describeStack(raw(values, more));
    return [];
  } catch (error) {
    const { problems } = error as ConfigurationError;
    if (!problems) throw error;
    return problems.map((problem) => `${problem.path}: ${problem.message}`);
  }
}
