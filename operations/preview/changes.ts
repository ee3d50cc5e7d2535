/**
 * What `pulumi preview --json` says, as one change for each thing of the host. Pure.
 * https://github.com/pulumi/pulumi/blob/master/pkg/display/json.go
 */
import { IMAGE_LABEL } from "../../engines/docker/labels.ts";

/** A resource as the digest has it; secrets are `[secret]` in it. */
export interface Resource {
  type: string;
  id?: string;
  inputs?: Record<string, unknown>;
  /** What its plug-in reads back from the host. */
  outputs?: Record<string, unknown>;
  retainOnDelete?: boolean;
}

/** One step. A refreshed preview begins with a step `refresh` for each resource, with what the state has of it. */
export interface Step {
  op: string;
  urn: string;
  oldState?: Resource;
  newState?: Resource;
  /** The inputs whose change makes the step. */
  diffReasons?: string[] | null;
}

/** The whole answer. */
export interface Digest {
  steps?: Step[];
  diagnostics?: { message?: string; severity?: string }[];
}

export type Inputs = Record<string, unknown>;

export interface Change {
  op: "create" | "update" | "replace" | "delete";
  /** The last part of Pulumi's type: `Container`, `Volume`, `Command`. */
  kind: string;
  /** Pulumi's name of the resource: `robotoff-api-1`. */
  resource: string;
  /** What the state knows it by: a container's id. */
  id?: string;
  /** What the last `up` declared; undefined: it is new. */
  before?: Inputs;
  /** What is declared now; undefined: no longer. */
  after?: Inputs;
  /** What the host has, where it was asked and the thing is there; as far as its plug-in reads it. */
  found?: Inputs;
  /** The inputs that another declaration changes. */
  declared: string[];
  /** The inputs that differ only because the host was changed by hand. */
  drifted: string[];
  /** It is in the state, and the host, which was asked, does not have it. */
  gone: boolean;
  /** It leaves the program and stays on the host. */
  kept: boolean;
}

/** What stands for a value that only the `up` will know (a new image's id). */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

const OPS: Record<string, Change["op"]> = {
  create: "create",
  "create-replacement": "replace",
  update: "update",
  replace: "replace",
  "delete-replaced": "replace",
  delete: "delete",
};

/** Without what the SDK notes beside the values. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([key]) => key !== "__defaults");
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, inner]) => [key, plain(inner)]));
}

export const same = (one: unknown, other: unknown): boolean =>
  JSON.stringify(plain(one)) === JSON.stringify(plain(other));

const inputsOf = (resource: Resource | undefined) => resource && (plain({ ...resource.inputs }) as Inputs);

interface Label {
  label: string;
  value: string;
}
export const labelsOf = (inputs: Inputs | undefined): Map<string, string> =>
  new Map(((inputs?.labels ?? []) as Label[]).map(({ label, value }) => [label, value]));

/** Whether an input was declared otherwise by the last `up`. */
function isDeclared(key: string, before: Inputs | undefined, after: Inputs | undefined): boolean {
  if (key !== "labels" || before?.image !== after?.image) return !same(before?.[key], after?.[key]);
  const others = (inputs: Inputs | undefined) => [...labelsOf(inputs)].filter(([label]) => label !== IMAGE_LABEL);
  return !same(others(before), others(after));
}

function change(step: Step, known: Map<string, Step>): Change {
  const { op, urn, oldState, newState } = step;
  const noted = known.get(urn);
  const [before, after] = [inputsOf(noted?.oldState ?? oldState), inputsOf(op === "delete" ? undefined : newState)];
  const gone = op === "create" && noted !== undefined;
  const all = Object.keys({ ...before, ...after });
  // Of what is made, and of Commands, Pulumi does not say which.
  const keys = gone || !step.diffReasons ? all.filter((key) => !same(before?.[key], after?.[key])) : step.diffReasons;
  const declared = keys.filter((key) => isDeclared(key, before, after));
  return {
    op: OPS[op]!,
    kind: (newState ?? oldState)!.type.split(":").at(-1)!,
    resource: urn.split("::").at(-1)!,
    id: (noted ?? step).oldState?.id,
    before,
    after,
    found: noted && !gone ? (plain({ ...oldState?.outputs }) as Inputs) : undefined,
    declared,
    drifted: gone ? [] : keys.filter((key) => !declared.includes(key)),
    gone,
    kept: op === "delete" && oldState?.retainOnDelete === true,
  };
}

/** A Command that runs again only because containers are made anew by which a change by hand is put right. */
function withConsequences(all: Change[]): Change[] {
  const healed = new Set(all.filter(isHealing).map(({ id }) => id));
  return all.map((one) => {
    if (one.kind !== "Command" || one.declared.join() !== "triggers") return one;
    const [before, after] = [one.before, one.after].map((inputs) => (inputs?.triggers ?? []) as string[]) as [
      string[],
      string[],
    ];
    const causes = before.filter((id, index) => after[index] !== id);
    const follows = before.length === after.length && causes.every((id) => healed.has(id));
    return follows ? { ...one, declared: [], drifted: one.declared } : one;
  });
}

/** Of a type of this program: a tree's branch, nothing on the host. */
const isBranch = ({ newState, oldState }: Step) =>
  /^(robotoff-protea:|pulumi:pulumi:)/.test((newState ?? oldState)!.type);

/**
 * Everything that would change.
 * @returns also `asked`, whether the host was (a refreshed preview), and steps that are none of these changes, as `OP RESOURCE`
 */
export function changesOf({ steps = [] }: Digest): { changes: Change[]; asked: boolean; others: string[] } {
  const refreshed = steps.filter(({ op }) => op === "refresh");
  const known = new Map(refreshed.map((step) => [step.urn, step]));
  const todo = steps
    .filter((step) => step.op !== "refresh" && step.op !== "same" && !isBranch(step))
    // Pulumi's order is another one each time.
    .sort((a, b) => (a.urn < b.urn ? -1 : 1));
  return {
    changes: withConsequences(todo.filter(({ op }) => OPS[op]).map((step) => change(step, known))),
    asked: refreshed.length > 0,
    others: todo.filter(({ op }) => !OPS[op]).map(({ op, urn }) => `${op} ${urn.split("::").at(-1)!}`),
  };
}

/** Docker's name of a thing; Pulumi's of a Command, which has none. */
export function nameOf({ after, before, resource }: Change): string {
  const name = (after ?? before)?.name;
  return typeof name === "string" ? name : resource;
}

/** Whether only a change by hand makes it: `make up`, which does not ask the host for it, would leave it out. */
export const isHealing = ({ op, declared, drifted, gone }: Change): boolean =>
  declared.length === 0 && (gone || (op !== "create" && op !== "delete" && drifted.length > 0));
