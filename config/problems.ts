/** Problems of a stack file, and the one message that reports them all. */
import { distance } from "fastest-levenshtein";
import type { z } from "zod";

/** One thing wrong with a stack file. */
export interface Problem {
  /** Where, as the stack file has it: `robotoff:services.api.memory`. */
  path: string;
  /** What is wrong and what is expected. */
  message: string;
}

/** Everything wrong with a stack's configuration. Thrown before any resource is declared. */
export class ConfigurationError extends Error {
  readonly problems: Problem[];

  constructor(file: string, problems: Problem[]) {
    const lines = problems.map((problem) => `  ${problem.path}: ${problem.message}`);
    const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
    super(`${file} has ${count}; nothing was changed:\n${lines.join("\n")}`);
    this.name = "ConfigurationError";
    this.problems = problems;
  }
}

/** A value as a problem shows it: short, and on one line. */
function show(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** `; did you mean "memory"?` for a near miss, else the list of what is known. */
export function suggest(word: string, known: string[]): string {
  const scored = known.map((key) => ({ key, edits: distance(word.toLowerCase(), key.toLowerCase()) }));
  const best = scored.sort((a, b) => a.edits - b.edits)[0];
  if (best && best.edits <= Math.max(1, Math.floor(word.length / 3))) return `did you mean "${best.key}"?`;
  return `expected one of ${[...known].sort().join(", ")}`;
}

/** The schema behind defaults and optionals. */
function unwrap(schema: z.core.$ZodType | undefined): z.core.$ZodType | undefined {
  let inner = schema;
  while (inner && "innerType" in inner._zod.def) inner = inner._zod.def.innerType as z.core.$ZodType;
  return inner;
}

/** The keys a schema knows at a path. */
function keysAt(schema: z.core.$ZodType, path: PropertyKey[]): string[] {
  let current = unwrap(schema);
  for (const step of path) {
    const def = current?._zod.def as unknown as Record<string, unknown> | undefined;
    const shape = def?.shape as Record<PropertyKey, z.core.$ZodType> | undefined;
    current = unwrap(shape?.[step] ?? ((def?.element ?? def?.valueType) as z.core.$ZodType | undefined));
  }
  const shape = (current?._zod.def as unknown as { shape?: object } | undefined)?.shape;
  return Object.keys(shape ?? {});
}

/** `services.api.ports[0]` */
function join(path: PropertyKey[]): string {
  return path.reduce<string>(
    (text, step) => (typeof step === "number" ? `${text}[${step}]` : text ? `${text}.${String(step)}` : String(step)),
    "",
  );
}

function valueAt(input: unknown, path: PropertyKey[]): unknown {
  return path.reduce<unknown>((value, step) => (value as Record<PropertyKey, unknown> | undefined)?.[step], input);
}

function atLeast(issue: z.core.$ZodIssueTooSmall): string {
  const unit = issue.origin === "array" ? (issue.minimum === 1 ? " entry" : " entries") : "";
  return `at least ${issue.minimum}${unit}`;
}

/** What zod found wrong, in this product's words. `namespace` is the part before the colon. */
export function describeIssue(
  namespace: string,
  schema: z.ZodType,
  issue: z.core.$ZodIssue,
  input: unknown,
  secretNames: string[],
): Problem[] {
  const at = (path: PropertyKey[]) => `${namespace}:${join(path)}`;
  if (issue.code === "unrecognized_keys") {
    const known = [...keysAt(schema, issue.path), ...(issue.path.length === 0 ? secretNames : [])];
    return issue.keys.map((key) => ({
      path: at([...issue.path, key]),
      message: `unknown key; ${suggest(key, known)}`,
    }));
  }
  const found = valueAt(input, issue.path);
  let expected = issue.message;
  if (issue.code === "invalid_type" && expected.startsWith("Invalid")) expected = `a value of type ${issue.expected}`;
  if (issue.code === "invalid_value") expected = `one of ${issue.values.map(String).join(", ")}`;
  if (issue.code === "too_small") expected = atLeast(issue);
  if (issue.code === "too_big") expected = `at most ${issue.maximum}`;
  if (issue.code === "invalid_key") expected = issue.issues[0]?.message ?? expected;
  const miss =
    issue.code === "invalid_value" && typeof found === "string" ? ` (${suggest(found, issue.values.map(String))})` : "";
  const hint = miss.includes("did you mean") ? miss : "";
  return [{ path: at(issue.path), message: `found ${show(found)}, expected ${expected}${hint}` }];
}
