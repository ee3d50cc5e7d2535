/** Which keys of a host are pinned in a stack file, and which it shows now. Pure. */
import { isMap, isNode, parseDocument } from "yaml";
import type { ShownKey } from "../../hosts/trust.ts";
import { withPair, withText } from "../stack-file.ts";

/** A line for a person who compares. */
export function describeKey({ address, pinned, key, fingerprint }: ShownKey): string {
  const known =
    pinned.length === 0 ? "not pinned yet" : pinned.includes(key) ? "as pinned" : "ANOTHER KEY THAN THE PINNED";
  return `${address}: ${fingerprint}: ${known}`;
}

/** The stack file's text with the key alone, in the place of those that were pinned. */
export function withKey(text: string, { at, key }: ShownKey): string {
  const document = parseDocument(text);
  const path = ["config", "host:ssh", ...at];
  const pinned = document.getIn([...path, "hostKeys"], true);
  if (isNode(pinned)) return withText(text, pinned, `[${key}]`);
  const machine = document.getIn(path);
  if (!isMap(machine)) throw new Error(`the stack file has no ${path.slice(1).join(".")}`);
  return withPair(text, machine, `hostKeys: [${key}]`);
}
