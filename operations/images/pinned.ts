/** Images in a stack file: their tags, their digests, and the text with another. Pure. */
import { isMap, isNode, isScalar, parseDocument } from "yaml";
import type { ImageSetting } from "../../systems/image-settings.ts";
import { withPair, withText } from "../stack-file.ts";

/** A reference by its parts: `redis:7@sha256:…`. */
export function parts(reference: string): { named: string; tagged: boolean; digest?: string } {
  const [named, digest] = reference.split("@") as [string, string | undefined];
  return { named, tagged: /:[^/]*$/.test(named), digest };
}

/** The text with an image of that reference, which stands where the setting does. */
export function withImage(text: string, path: ImageSetting["path"], reference: string): string {
  const document = parseDocument(text);
  const node = document.getIn(["config", ...path], true);
  if (isNode(node)) {
    const quoted = isScalar(node) && node.type?.startsWith("QUOTE_");
    return withText(text, node, quoted ? JSON.stringify(reference) : reference);
  }
  const map = document.getIn(["config", ...path.slice(0, -1)]);
  if (!isMap(map)) throw new Error(`the stack file has no ${path.slice(0, -1).join(".")}`);
  return withPair(text, map, `${path.at(-1)}: ${reference}`);
}

/** A digest, or a reference with one, with twelve of its digits, as Docker shows them. */
export const short = (text: string): string => text.replace(/(sha256:[0-9a-f]{12})[0-9a-f]+$/, "$1");
