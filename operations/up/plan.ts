/** What has to be brought back on a host before Pulumi compares a program with its state. Pure. */
import { partsOf } from "../../backups/parts.ts";
import { applications } from "../../backups/restore.ts";
import type { Inspected } from "../../engines/docker/inspect.ts";
import { STACK_LABEL } from "../../engines/docker/labels.ts";
import { inOrder } from "../../systems/order.ts";
import { containersOf, networkNames, type ServiceSpec, type SystemSpec } from "../../systems/spec.ts";
import type { Declared } from "../containers/rows.ts";
import type { State } from "../recovery/leftovers.ts";

/** A container of the state, as far as it is compared with the engine's. */
interface Known {
  urn: string;
  id: string;
  /** Its creation ended half-way. */
  half: boolean;
}

/** Something that the state has and the engine has not. */
interface Lost {
  name: string;
  urn: string;
}

/** What the engine has, by name. */
export interface Existing {
  networks: Set<string>;
  volumes: Set<string>;
  /** By their content ids, sha256:…. */
  images: Set<string>;
}

export interface Plan {
  /** Made in part, when the way to the host ended: files may be missing in it, which nothing would ever bring there. Made anew. */
  half: Lost[];
  /** Stopped: started again, servers first. */
  start: string[];
  unpause: string[];
  /** Unhealthy applications: stopped gracefully, and started. */
  restart: string[];
  /** Known to the state, and not on the engine: their URNs, for Pulumi to look again and make them anew. */
  lost: Lost[];
  /** Networks that are gone; what was in them cannot be started and is made again with them. */
  lostNetworks: Lost[];
  /** Volumes that are gone, and what was in them. */
  lostVolumes: Lost[];
  /** Images that are gone: pulled again. */
  lostImages: Lost[];
  /** Under a name of this stack and with its label, but not the one that the state has: stopped and renamed, never removed. */
  setAside: string[];
  /** Unhealthy servers with data: left alone (one may be recovering), waited for at the end. */
  wait: string[];
}

const CONTAINER = "docker:index/container:Container";
const NETWORK = "docker:index/network:Network";
const VOLUME = "docker:index/volume:Volume";
const IMAGE = "docker:index/remoteImage:RemoteImage";

/** The state's objects of a type by Docker's name. */
function known(state: State, wanted: string): Map<string, Known> {
  const entries = (state.resources ?? []).flatMap(({ urn, id, type, inputs, initErrors }) =>
    type === wanted && id && typeof inputs?.name === "string"
      ? [[inputs.name, { urn, id, half: (initErrors ?? []).length > 0 }] as const]
      : [],
  );
  return new Map(entries);
}

type Verdict = "start" | "unpause" | "restart" | "wait";

/** What a service's container needs to run again; undefined: nothing. A job's has run, or Pulumi runs it again. */
function verdict(service: ServiceSpec, { Status: status, Health: health }: Inspected["State"]): Verdict | undefined {
  if (service.kind === "job") return undefined;
  if (status === "paused") return "unpause";
  if (["created", "exited", "dead"].includes(status)) return "start";
  if (status !== "running" || health?.Status !== "unhealthy") return undefined;
  return service.dataPorts.length > 0 ? "wait" : "restart";
}

/**
 * Compares what is declared and known to the state with what the engine has. What the state does not know is Pulumi's to
 * make; what belongs to another stack the checks refuse.
 * @param stack the stack's name, as the label has it
 * @param ended ids of containers of jobs that have run to their end, and that somebody removed since (a prune): those are not missed
 */
export function plan(
  wanted: Declared[],
  inspected: Inspected[],
  state: State,
  stack: string,
  ended: ReadonlyMap<string, string> = new Map(),
): Plan {
  const found = new Map(inspected.map((container) => [container.Name.replace(/^\//, ""), container]));
  const containers = known(state, CONTAINER);
  const result: Plan = {
    half: [],
    start: [],
    unpause: [],
    restart: [],
    lost: [],
    lostNetworks: [],
    lostVolumes: [],
    lostImages: [],
    setAside: [],
    wait: [],
  };
  for (const { service, name } of wanted) {
    const [container, own] = [found.get(name), containers.get(name)];
    if (!own) continue;
    if (!container && ended.get(name) === own.id) continue;
    if (!container || container.Id !== own.id) {
      if (container?.Config.Labels?.[STACK_LABEL] === stack) result.setAside.push(name);
      result.lost.push({ name, urn: own.urn });
      continue;
    }
    if (own.half) {
      result.half.push({ name, urn: own.urn });
      continue;
    }
    const needed = verdict(service, container.State);
    if (needed) result[needed].push(name);
  }
  return result;
}

/** The containers that need, by whatever way, one that is gone: before that is made again they cannot be healthy. */
export function needingLost({ lost }: Plan, systems: SystemSpec[]): Set<string> {
  const names = new Set(lost.map(({ name }) => name));
  return new Set(
    systems.flatMap((system) => {
      const containers = containersOf(system);
      const gone = new Set(containers.filter(({ name }) => names.has(name)).map(({ service }) => service.name));
      // Each comes after what it needs.
      for (const { name, needs } of inOrder(system.services))
        if (needs.some(({ service }) => gone.has(service))) gone.add(name);
      return containers.filter(({ service }) => gone.has(service.name)).map(({ name }) => name);
    }),
  );
}

/** Whether it must be asked what else is gone: what a running container uses is there. */
export const mayMissMore = (todo: Plan): boolean => todo.lost.length > 0 || todo.start.length > 0;

/** The plan with the networks, volumes and images of these systems that the state has and the engine has not. */
export function withLostObjects(todo: Plan, systems: SystemSpec[], existing: Existing, state: State): Plan {
  const lost = (type: string, names: string[], there: Set<string>) => {
    const own = known(state, type);
    return names.flatMap((name) => (own.has(name) && !there.has(name) ? [{ name, urn: own.get(name)!.urn }] : []));
  };
  // In the state an image's id is its content's, and its name after it.
  const contents = (id: string) => id.slice(0, "sha256:".length + 64);
  const images = [...known(state, IMAGE)].filter(([, { id }]) => !existing.images.has(contents(id)));
  const volumes = systems.flatMap((system) => system.volumes.map((volume) => volume.dockerName));
  return {
    ...todo,
    lostNetworks: lost(NETWORK, systems.flatMap(networkNames), existing.networks),
    lostVolumes: lost(VOLUME, volumes, existing.volumes),
    lostImages: images.map(([name, { urn }]) => ({ name, urn })),
  };
}

/** The scripts that the state has on the host, by name; on a host that was made anew they are gone. */
export const installedScripts = (state: State): string[] =>
  (state.resources ?? []).flatMap(({ urn }) => /::host-script-([^:]+)$/.exec(urn)?.[1] ?? []);

/** What writes the secrets of these systems on the host: their URNs. On a host that was made anew they are gone. */
export const secretFilesOf = (state: State, systems: SystemSpec[]): string[] =>
  (state.resources ?? []).flatMap(({ urn }) =>
    systems.some(({ name }) => urn.endsWith(`::${name}-secrets-files`)) ? [urn] : [],
  );

/** What makes the things of host:prepare: its URN, where an `up` has made them. */
export const preparingOf = (state: State): string[] =>
  (state.resources ?? []).flatMap(({ urn }) => (urn.endsWith("::host-prepare") ? [urn] : []));

/**
 * What a lost volume takes along: its system's applications would work on nothing, so they stop until all is made again,
 * and its jobs (all are idempotent) have to prepare the new one. A job that is gone itself has left the state by then: it is made, and runs.
 */
export function afterLoss(
  todo: Plan,
  systems: SystemSpec[],
  inspected: Inspected[],
  state: State,
): { stop: string[]; replace: string[] } {
  const lost = new Set(todo.lostVolumes.map(({ name }) => name));
  const hit = systems.filter((system) => system.volumes.some(({ dockerName }) => lost.has(dockerName)));
  const there = new Set(inspected.map((container) => container.Name.replace(/^\//, "")));
  const gone = new Set(todo.lost.map(({ name }) => name));
  const own = known(state, CONTAINER);
  return {
    stop: hit.flatMap(applications).filter((name) => there.has(name) && own.has(name)),
    replace: hit
      .flatMap(containersOf)
      .filter(({ service, name }) => service.kind === "job" && own.has(name) && !gone.has(name))
      .map(({ name }) => own.get(name)!.urn),
  };
}

/**
 * What asks anew whether a part of a backup is empty, and fills it (hosts/scripts/fill-parts.sh): their URNs, of systems in which a
 * container that has such a part is unhealthy, as it is when what it keeps was lost (systems/protea/backup-services.ts).
 */
export function asksAnew(todo: Plan, systems: SystemSpec[], state: State): string[] {
  const unhealthy = new Set(todo.restart);
  const hit = systems.filter((system) => partsOf(system).some(({ container }) => unhealthy.has(container)));
  const urns = (state.resources ?? []).map(({ urn }) => urn);
  return hit.flatMap((system) => urns.filter((urn) => urn.endsWith(`::${system.name}-fill-parts`)));
}

const WORDS: [keyof Plan, string][] = [
  ["lostVolumes", "volume gone, its data with it: made again, empty"],
  ["lostNetworks", "network gone: made again, with the containers that were in it"],
  ["lostImages", "image gone: pulled again"],
  ["setAside", "not the container that this stack made: stopped, renamed and kept"],
  ["lost", "gone: made again"],
  ["half", "made in part by an up that was interrupted: made anew"],
  ["start", "stopped: started"],
  ["unpause", "paused: resumed"],
  ["restart", "unhealthy: restarted"],
  ["wait", "unhealthy, with data: left alone"],
];

/** A line for each kind of what will be done; none when nothing is to be done. */
export function describePlan(todo: Plan): string[] {
  return WORDS.flatMap(([kind, words]) => {
    const names = todo[kind].map((one) => (typeof one === "string" ? one : one.name));
    return names.length > 0 ? [`  ${words}: ${names.join(", ")}`] : [];
  });
}
