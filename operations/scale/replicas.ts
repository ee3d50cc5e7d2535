/**
 * Changes the number of a service's containers in a stack file's text, and nothing else of it: the parser says where,
 * the text is changed there (writing the whole document anew would lay it out differently). Pure.
 */
import { isMap, isScalar, isSeq, parseDocument, type Document, type YAMLMap } from "yaml";

/** Where a number of containers stands, as the keys and indices below `config`. */
function place(document: Document, system: string, service: string): (string | number)[] {
  const pools = document.getIn(["config", `${system}:workers`]);
  const index = isSeq(pools) ? pools.items.findIndex((pool) => isMap(pool) && pool.get("name") === service) : -1;
  return index >= 0 ? [`${system}:workers`, index] : [`${system}:services`, service];
}

/** Where a worker pool of that name stands (`robotoff:workers[0]`), if there is one: it is no service, its services are numbered. */
export function poolPath(text: string, name: string): string | undefined {
  const document = parseDocument(text);
  const places = ["robotoff", "protea"].map((system) => place(document, system, name));
  const found = places.find(([key]) => String(key).endsWith(":workers"));
  return found && `${found[0]}[${found[1]}]`;
}

/**
 * The number of containers meant by N=.
 * @param given `3`: so many; `+2`, `-1`: so many more or fewer, as PROTEA's manage.sh has it
 * @param now how many are declared
 * @throws Error when it is no number, or fewer than none
 */
export function replicasWanted(given: string | undefined, now: number): number {
  const [, sign, digits] = /^([+-]?)(\d+)$/.exec(given ?? "") ?? [];
  if (!digits)
    throw new Error("expected, for instance, make scale SERVICE=worker-embeddings-batch N=3 (or N=+2, N=-1)");
  const wanted = sign ? now + Number(sign + digits) : Number(digits);
  if (wanted < 0) throw new Error(`found N=${given}, but ${now} ${now === 1 ? "is" : "are"} declared`);
  return wanted;
}

const start = (node: unknown) => (node as { range: [number, number, number] }).range[0];
const end = (node: unknown) => (node as { range: [number, number, number] }).range[1];
const splice = (text: string, from: number, to: number, what: string) => text.slice(0, from) + what + text.slice(to);

/** The text with one more pair in a map, in the map's own layout. */
function withPair(text: string, map: YAMLMap, pair: string): string {
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

/**
 * The text with another number.
 * @param service a service's name, or that of a worker pool
 * @throws when the stack file has no settings of services at all
 */
export function withReplicas(text: string, system: string, service: string, replicas: number): string {
  const document = parseDocument(text);
  const [settings, name] = place(document, system, service) as [string, string | number];
  const number = document.getIn(["config", settings, name, "replicas"], true);
  if (isScalar(number)) return splice(text, start(number), end(number), String(replicas));
  const entry = document.getIn(["config", settings, name]);
  if (isMap(entry)) return withPair(text, entry, `replicas: ${replicas}`);
  const services = document.getIn(["config", settings]);
  if (isMap(services)) return withPair(text, services, `${name}: { replicas: ${replicas} }`);
  throw new Error(`the stack file has no ${settings}; add\n  ${settings}:\n    ${name}: { replicas: ${replicas} }`);
}
