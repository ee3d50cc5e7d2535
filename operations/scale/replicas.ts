/** Changes the number of a service's containers in a stack file's text. Pure. */
import { isMap, isScalar, isSeq, parseDocument, type Document } from "yaml";
import { withPair, withText } from "../stack-file.ts";

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

/**
 * The text with another number.
 * @param service a service's name, or that of a worker pool
 * @throws when the stack file has no settings of services at all
 */
export function withReplicas(text: string, system: string, service: string, replicas: number): string {
  const document = parseDocument(text);
  const [settings, name] = place(document, system, service) as [string, string | number];
  const number = document.getIn(["config", settings, name, "replicas"], true);
  if (isScalar(number)) return withText(text, number, String(replicas));
  const entry = document.getIn(["config", settings, name]);
  if (isMap(entry)) return withPair(text, entry, `replicas: ${replicas}`);
  const services = document.getIn(["config", settings]);
  if (isMap(services)) return withPair(text, services, `${name}: { replicas: ${replicas} }`);
  throw new Error(`the stack file has no ${settings}; add\n  ${settings}:\n    ${name}: { replicas: ${replicas} }`);
}
