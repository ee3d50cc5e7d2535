/**
 * Changes a stack file's text in one place and nothing else of it: the parser says where, the text is changed there (writing the
 * whole document anew would lay it out differently). Pure.
 */
import { isScalar, type YAMLMap } from "yaml";

const start = (node: unknown) => (node as { range: [number, number, number] }).range[0];
const end = (node: unknown) => (node as { range: [number, number, number] }).range[1];
const splice = (text: string, from: number, to: number, what: string) => text.slice(0, from) + what + text.slice(to);

/** The text with another in the place of a node. */
export function withText(text: string, node: unknown, what: string): string {
  // A list in lines of its own ends after the last of them.
  const line = text.slice(start(node), end(node)).endsWith("\n") ? "\n" : "";
  return splice(text, start(node), end(node), what + line);
}

/** The text with one more pair in a map, in the map's own layout. */
export function withPair(text: string, map: YAMLMap, pair: string): string {
  const first = map.items[0];
  if (!first) return splice(text, start(map), end(map), `{ ${pair} }`);
  if (map.flow) {
    const last = map.items.at(-1)!;
    const at = end(last.value ?? last.key);
    return splice(text, at, at, `, ${pair}`);
  }
  const indent = " ".repeat(start(first.key) - text.lastIndexOf("\n", start(first.key)) - 1);
  // After a pair of one line, where there is one: the name of a worker pool stays first.
  const line = map.items.find((item) => isScalar(item.value) && !item.value.type?.startsWith("BLOCK"));
  if (!line) return splice(text, start(first.key), start(first.key), `${pair}\n${indent}`);
  const at = text.indexOf("\n", end(line.value)) < 0 ? text.length : text.indexOf("\n", end(line.value));
  return splice(text, at, at, `\n${indent}${pair}`);
}
