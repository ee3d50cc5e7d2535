// node toolchain/stack-file.ts COMMITTED OWN
// Renews a checkout's own copy of a stack file: the committed one, plus the salt and the secrets that only the copy has.
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { isMap, isPair, isScalar, parseDocument, type Document } from "yaml";

type Path = (string | number)[];

/** The paths of all encrypted values, `{ secure: … }`, of a stack file. */
function secrets(node: unknown, path: Path = []): Path[] {
  if (!isMap(node)) return [];
  if (node.items.length === 1 && node.has("secure")) return [path];
  return node.items.flatMap((pair) =>
    isPair(pair) && isScalar(pair.key) ? secrets(pair.value, [...path, String(pair.key.value)]) : [],
  );
}

/** What `bin/pulumi` works on: `committed` wins, except that salt and secrets of `own` are kept. */
export function merge(committed: string, own: string): string {
  const merged: Document = parseDocument(committed);
  const kept = parseDocument(own);
  if (!isMap(merged.contents)) merged.contents = merged.createNode({});
  for (const path of [["encryptionsalt"], ...secrets(kept.get("config"), ["config"])]) {
    const value = kept.getIn(path, true);
    if (value !== undefined && !merged.hasIn(path)) merged.setIn(path, value);
  }
  return merged.toString({ lineWidth: 0 });
}

const [committed, own] = process.argv.slice(2);
if (committed && own) {
  const read = (file: string): string => (existsSync(file) ? readFileSync(file, "utf8") : "");
  const fresh = `${own}.${process.pid}`;
  writeFileSync(fresh, merge(read(committed), read(own)), { mode: 0o600 });
  renameSync(fresh, own);
}
