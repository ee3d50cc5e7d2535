/** A state without its secrets, for who may only look. Pure. */

import { placeholder } from "../../config/secrets.ts";
import type { Deployment } from "../password/keys.ts";
import { isSecret } from "../state-secrets.ts";

/** What `pulumi stack export --show-secrets` prints. */
export interface Exported {
  version: number;
  deployment: Deployment & Record<string, unknown>;
}

/** In the place of a secret text in which no known secret is: nobody knows what it is. */
const UNKNOWN = "(hidden)";

type Replace = (text: string) => string;

/** Every text of a value that may be a structure. */
function mapped(value: unknown, replace: Replace): unknown {
  if (typeof value === "string") return replace(value);
  if (Array.isArray(value)) return value.map((one) => mapped(one, replace));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, mapped(one, replace)]));
}

const texts = (value: unknown): string[] =>
  typeof value === "string"
    ? [value]
    : typeof value === "object" && value !== null
      ? Object.entries(value).flatMap(([key, one]) => [key, ...texts(one)])
      : [];

/** Every secret of a structure, as it is in clear, through `hide`. */
function secretsOf(value: unknown, hide: (plain: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map((one) => secretsOf(one, hide));
  if (typeof value !== "object" || value === null) return value;
  if (isSecret(value)) {
    const { plaintext } = value;
    if (plaintext === undefined) throw new Error("the state's secrets are not in clear");
    return { ...value, plaintext: JSON.stringify(hide(JSON.parse(plaintext))) };
  }
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, secretsOf(one, hide)]));
}

/**
 * The same state with a placeholder for each secret, as a preview WITHOUT_SECRETS=1 has it: so the two differ where something changes,
 * and only there. A secret text in which there is no known secret is hidden whole.
 * @param values of the stack's secrets, by key
 * @throws Error when a value is anywhere else in the state
 */
export function hidden({ version, deployment }: Exported, values: ReadonlyMap<string, string>): Exported {
  const known = [...values]
    .filter(([, value]) => value !== "")
    .flatMap(([key, value]) => [...new Set([value, encodeURIComponent(value)])].map((text) => [text, key] as const))
    // One may be the beginning of another.
    .sort(([a], [b]) => b.length - a.length);
  const replace: Replace = (text) =>
    known.reduce((rest, [value, key]) => rest.replaceAll(value, () => placeholder(key)), text);
  const holding = (plain: unknown) => known.find(([value]) => texts(plain).some((text) => text.includes(value)));
  const hide = (plain: unknown) => mapped(plain, holding(plain) ? replace : () => UNKNOWN);
  const left = holding(secretsOf(deployment, () => null));
  if (left) throw new Error(`the value of ${left[1]} is in the state where it is no secret; nothing was written`);
  return { version, deployment: secretsOf(deployment, hide) as Exported["deployment"] };
}
