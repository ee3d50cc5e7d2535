/** How containers differ from what is declared. Pure. */
import { declaredFacts, differences, PIDS_LIMIT, type Difference } from "../../engines/docker/declared-facts.ts";
import { foundFacts } from "../../engines/docker/facts.ts";
import type { Inspected, InspectedConfig, InspectedSettings } from "../../engines/docker/inspect.ts";
import { CONFIG_LABEL, IMAGE_LABEL } from "../../engines/docker/labels.ts";
import { problem } from "../containers/rows.ts";
import type { AppliedContainer } from "./applied.ts";
import { mended } from "./mends.ts";
import { byDocker, byUp, NOT_APPLIED, NOTHING, type Row } from "./rows.ts";
import type { Wanted } from "./wanted.ts";

/** All of what `docker container inspect` prints. */
export type Container = Inspected & InspectedSettings;

export const nameOf = ({ Name }: Pick<Inspected, "Name">): string => Name.replace(/^\//, "");
/** The name of a container that was set aside (hosts/scripts/aside.sh, operations/up/bring-back.ts), with the name and the time in it. */
export const ASIDE = /^(.+)-set-aside-(\d+)$/;
export const shortId = (id: string): string => id.replace(/^sha256:/, "").slice(0, 12);

/** Labels of what others say in words. */
export const ECHOES = new Set([CONFIG_LABEL, IMAGE_LABEL].map((label) => `label ${label}`));

/** A fact as a person may see it: of variables whatever was found may be a secret. */
function shown({ fact, declared, found }: Difference): Pick<Row, "what" | "declared" | "found"> {
  if (fact.startsWith("env ")) {
    const is = found === undefined ? NOTHING : declared === undefined ? "(set)" : "(another value)";
    return { what: fact, declared: declared ?? NOTHING, found: is };
  }
  const text = (value = NOTHING) => (fact === "image id" ? shortId(value) : value);
  // What is found nowhere and may have any value has to be there.
  return { what: fact, declared: text(declared ?? (found === undefined ? "there" : undefined)), found: text(found) };
}

/** How it runs. */
function stateRow({ service, name }: Wanted, container: Container, stack: string): Row[] {
  const found = problem(service, container, stack);
  // Whose it is, its labels and its id tell.
  if (found === undefined || found === "not made by this stack") return [];
  const running = service.healthcheck ? "running, healthy" : "running";
  const declared = service.kind === "job" ? "ended with exit code 0" : running;
  const mend =
    found === "paused"
      ? byDocker(["unpause", name])
      : byUp(["starting", "unhealthy", "restarting"].includes(found) ? "make why says why" : undefined);
  return [{ where: name, what: "state", declared, found, mend }];
}

/** Whose container it is; none where it is the one that the last `up` made. */
function identityRows(name: string, before: AppliedContainer | undefined, container: Container): Row[] {
  if (container.Id === before?.id) return [];
  const declared = before ? shortId(before.id) : NOTHING;
  const found = `${shortId(container.Id)}, which this stack did not make`;
  const mend = { text: "make heal: stopped, renamed and kept; another in its place", aside: name, up: true as const };
  return [{ where: name, what: "container", declared, found, mend }];
}

/** The rows of one container. */
export function containerRows(args: {
  wanted: Wanted;
  /** Undefined: no `up` has made it. */
  before: AppliedContainer | undefined;
  /** What has its name. */
  container: Container | undefined;
  /** What has its id, where that is called otherwise. */
  renamed: Container | undefined;
  stack: string;
  /** What an image says, by its content; undefined: that image is not there. */
  imageOf: (id: string | undefined) => InspectedConfig | undefined;
}): Row[] {
  const { wanted, before, renamed, stack, imageOf } = args;
  const { name } = wanted;
  const old = renamed && nameOf(renamed);
  const rename: Row[] = old
    ? [{ where: name, what: "name", declared: name, found: old, mend: byDocker(["rename", old, name]) }]
    : [];
  const container = args.container ?? renamed;
  if (!container) return [{ where: name, what: "container", declared: "there", found: "missing", mend: byUp() }];
  const image = imageOf(wanted.args.imageId);
  const differing = differences(declaredFacts(wanted.args, image), foundFacts(container), image !== undefined);
  const applied = before && declaredFacts(before.args, imageOf(before.args.imageId));
  const identity = identityRows(name, before, container);
  const mend = (one: Difference) => {
    if (identity.length > 0) return { text: "with the container" };
    // Of what is set beside the provider its state knows nothing.
    const known = one.fact !== PIDS_LIMIT;
    return known && applied?.get(one.fact) === one.found ? NOT_APPLIED : mended(name, before!.urn, wanted.args, one);
  };
  return [
    ...rename,
    ...identity,
    ...stateRow(wanted, container, stack),
    ...differing.map((one) => ({ where: name, ...shown(one), mend: mend(one) })),
  ];
}

/** A container's rows without the labels that say again what others say in words. */
export function withoutEchoes(rows: Row[]): Row[] {
  const told = rows.filter(({ what }) => !ECHOES.has(what));
  return told.length > 0 ? told : rows;
}
