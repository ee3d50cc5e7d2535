/** What of a container is declared otherwise, in Docker's words. Pure; no secret's value gets into it. */
import { variablesIn } from "../../engines/docker/inspect.ts";
import { formatSize } from "../../config/units.ts";
import { SECRETS } from "../../systems/spec.ts";
import { CONFIG_LABEL, IMAGE_LABEL } from "../../engines/docker/labels.ts";
import { labelsOf, same, UNKNOWN, type Change, type Inputs } from "./changes.ts";

/** The longest text of a value, in characters. */
const LONGEST = 80;

/** A value as code, in one line whatever is in it. */
export function code(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const line = text.replaceAll(/[\s`]+/g, " ").trim();
  return `\`${line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line || " "}\``;
}

const change = (what: string, from: unknown, to: unknown) => `${what} ${code(from)} → ${code(to)}`;

/** `NAME=value`s by name; undefined where the digest hides them: an earlier version had secrets among them. */
const variables = (inputs: Inputs | undefined) =>
  Array.isArray(inputs?.envs) ? variablesIn(inputs.envs as string[]) : undefined;

/** Each name of two maps whose values differ. */
function differing<T>(before: Map<string, T>, after: Map<string, T>): string[] {
  return [...new Set([...before.keys(), ...after.keys()])].filter((name) => !same(before.get(name), after.get(name)));
}

function environment({ before: old, after: now }: Change): string[] {
  const [before, after] = [variables(old), variables(now)];
  if (!before || !after) return ["variables"];
  return differing(before, after).map((name) => {
    if (!after.has(name)) return `variable ${code(name)} left out`;
    if (!before.has(name)) return `new variable ${code(`${name}=${after.get(name)!}`)}`;
    return change(`variable ${code(name)}`, before.get(name), after.get(name));
  });
}

/** What else there is of a label is said by what it is made of: the configuration's hash. */
const SAID = [IMAGE_LABEL, CONFIG_LABEL];

function labels({ before, after }: Change): string[] {
  const [old, now] = [labelsOf(before), labelsOf(after)];
  const image = now.get(IMAGE_LABEL);
  const moved = before?.image === after?.image && image !== UNKNOWN && old.get(IMAGE_LABEL) !== image;
  return [
    ...(moved ? [`${code(after?.image)} has another content by now`] : []),
    ...differing(old, now)
      .filter((name) => !SAID.includes(name))
      .map((name) => (name === "com.docker.compose.depends_on" ? "what it waits for" : `label ${code(name)}`)),
  ];
}

/** Of two lists of words, those between what is the same at their begins and at their ends. */
function words(what: string) {
  return (key: string, { before, after }: Change): string[] => {
    const [old, now] = [before?.[key], after?.[key]];
    if (!Array.isArray(old) || !Array.isArray(now)) return [change(what, old, now)];
    const differs = (index: number, from: string[], to: string[]) => from[index] !== to[index];
    const first = old.findIndex((_, index) => differs(index, old as string[], now as string[]));
    const begin = first < 0 ? old.length : first;
    const [oldEnd, nowEnd] = [old.slice(begin).reverse(), now.slice(begin).reverse()] as [string[], string[]];
    const last = oldEnd.findIndex((_, index) => differs(index, oldEnd, nowEnd));
    const cut = last < 0 ? oldEnd.length : last;
    const [from, to] = [oldEnd, nowEnd].map((list) => list.slice(cut).reverse().join(" ") || undefined);
    return [change(what, from, to)];
  };
}

type Item = Record<string, unknown>;

/** A list's items by what makes them one, each as a person writes it. */
const items = (value: unknown, by: string, show: (item: Item) => string) =>
  new Map(((value ?? []) as Item[]).map((item) => [item[by] as string, show(item)]));

const mount = ({ source, readOnly }: Item) => `${String(source)}${readOnly ? ":ro" : ""}`;
const port = ({ ip, external, internal, protocol }: Item) =>
  `${String(ip)}:${String(external)}:${String(internal)}${protocol === "udp" ? "/udp" : ""}`;

function list(what: string, by: string, show: (item: Item) => string) {
  return (key: string, { before, after }: Change): string[] => {
    const [old, now] = [items(before?.[key], by, show), items(after?.[key], by, show)];
    return differing(old, now).map((name) => change(`${what} ${code(String(name))}:`, old.get(name), now.get(name)));
  };
}

/** Where a container's secrets are on the host says what they are made of. */
function mounts(key: string, { before, after }: Change): string[] {
  const others = (inputs: Inputs | undefined) =>
    items(inputs?.[key], "target", (item) => (item.target === SECRETS ? "" : mount(item)));
  const source = (inputs: Inputs | undefined) =>
    ((inputs?.[key] ?? []) as Item[]).find(({ target }) => target === SECRETS)?.source;
  const [old, now] = [source(before), source(after)];
  const told = old === now ? [] : old === undefined ? ["secrets as files"] : ["another secret"];
  const [from, to] = [others(before), others(after)];
  for (const map of [from, to]) map.delete(SECRETS);
  return [...differing(from, to).map((name) => change(`mount ${code(name)}:`, from.get(name), to.get(name))), ...told];
}

function files(key: string, { before, after }: Change): string[] {
  const of = (inputs: Inputs | undefined) => items(inputs?.[key], "file", ({ content }) => String(content));
  return differing(of(before), of(after)).map((name) => `file ${code(name)}`);
}

const size =
  (what: string) =>
  (key: string, { before, after }: Change) => {
    const show = (value: unknown) => (typeof value === "number" ? formatSize(value * 2 ** 20) : value);
    return [change(what, show(before?.[key]), show(after?.[key]))];
  };
const value =
  (what: string) =>
  (key: string, { before, after }: Change) => [change(what, before?.[key], after?.[key])];

/** By an input's name; what is not here is shown by that name. */
const WORDS: Record<string, (key: string, one: Change) => string[]> = {
  envs: (_, one) => environment(one),
  labels: (_, one) => labels(one),
  memory: size("memory"),
  memoryReservation: size("reserved memory"),
  shmSize: size("/dev/shm"),
  // As the memory is.
  memorySwap: (key, one) => (same(one.before?.memory, one.after?.memory) ? size("memory and swap")(key, one) : []),
  mounts,
  ports: list("port", "internal", port),
  uploads: files,
  networksAdvanced: list("network", "name", ({ aliases }) => JSON.stringify(aliases ?? [])),
  command: words("command"),
  entrypoints: words("entrypoint"),
  stopTimeout: value("seconds to stop"),
  // The same for the plug-in.
  destroyGraceSeconds: () => [],
  healthcheck: value("health check"),
};

/** What is declared otherwise than by the last `up`. */
export function reasons(one: Change): string[] {
  const said = one.declared.flatMap((key) => (WORDS[key] ?? value(key))(key, one));
  return said.length > 0 ? said : ["settings"];
}

/** What the host has otherwise, by hand: declared → found. */
export function drift(one: Change): string[] {
  const other = { ...one, before: one.after, after: one.found };
  return one.drifted.flatMap((key) => (key === "labels" ? [] : (WORDS[key] ?? value(key))(key, other)));
}
