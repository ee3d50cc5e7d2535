/** What an interrupted `up` left behind, and what to do about it. Pure; operations/recovery/recover.ts does it. */
import { STACK_LABEL } from "../../engines/docker/labels.ts";

/** A lock of Pulumi's. */
export interface Lock {
  pid: number;
  username: string;
  hostname: string;
  timestamp: string;
}

/** What is read of a stack's state. */
export interface State {
  resources?: {
    urn: string;
    id?: string;
    type?: string;
    inputs?: Record<string, unknown>;
    /** Why its creation ended half-way; it is in the state all the same. */
    initErrors?: string[];
  }[];
  pending_operations?: { type: string; resource: { urn: string; type: string; inputs?: Record<string, unknown> } }[];
}

type Kind = "container" | "network" | "volume";

/** Something that an interrupted creation may have made: its id never reached the state. */
export interface Suspect {
  kind: Kind;
  name: string;
}

/** A suspect as the engine has it. */
export interface Found extends Suspect {
  id: string;
  labels: Record<string, string>;
  /** Containers in the network. */
  containers: number;
}

/**
 * Who holds the stack: undefined when nobody does any more. Where the backend is shared, another machine may be of the same
 * name, so that no lock is known to be nobody's.
 * @param isPulumi whether a process of this host is a Pulumi that runs
 */
export function holder(
  lock: Lock,
  hostname: string,
  isPulumi: (pid: number) => boolean,
  shared: boolean,
): string | undefined {
  const gone = lock.hostname === hostname && !isPulumi(lock.pid);
  if (gone && !shared) return undefined;
  const who = `${lock.username}@${lock.hostname}, process ${lock.pid}, since ${lock.timestamp}`;
  return gone ? `${who} (this machine is called ${hostname}, and has no such process)` : who;
}

const KINDS: Record<string, Kind> = {
  "docker:index/container:Container": "container",
  "docker:index/network:Network": "network",
  "docker:index/volume:Volume": "volume",
};

/**
 * What interrupted creations may have left on the engine.
 * @param volumes the system whose volumes count too, or `all`. Only for a `destroy` of volumes that may go: an `up` has
 *   no need, since creating one that exists gives that one, with whatever data it has
 */
export function suspects(state: State, volumes?: string): Suspect[] {
  const wanted = (kind: Kind, urn: string) =>
    kind !== "volume" ||
    volumes === "all" ||
    (volumes !== undefined && urn.split("::").at(-1)!.startsWith(`${volumes}-`));
  return (state.pending_operations ?? [])
    .filter((operation) => operation.type === "creating")
    .flatMap(({ resource }) => {
      const [kind, name] = [KINDS[resource.type], resource.inputs?.name];
      return kind && typeof name === "string" && wanted(kind, resource.urn) ? [{ kind, name }] : [];
    });
}

/** Of what was found, what this stack made without knowing it. A network in use is not removed. */
export function leftovers(found: Found[], state: State, stack: string): Found[] {
  const known = new Set(state.resources?.map((resource) => resource.id));
  return found.filter((one) => one.labels[STACK_LABEL] === stack && !known.has(one.id) && one.containers === 0);
}

/** Resources whose update or deletion was interrupted: only the engine knows how far it came. */
export function unknown(state: State): string[] {
  return (state.pending_operations ?? []).filter(({ type }) => type !== "creating").map(({ resource }) => resource.urn);
}
