/** What the changes mean for a stack: which containers come, go and are away, for whom, and which jobs run. Pure. */
import { backupArguments, MIGRATION, partsOf } from "../../backups/parts.ts";
import { patience } from "../../engines/docker/container-args.ts";
import { PROJECT_LABEL } from "../../engines/docker/labels.ts";
import { BACKUP_COPY } from "../../systems/servers/backup-copy.ts";
import { POSTGRES_BACKUP } from "../../systems/servers/postgres-backup.ts";
import { containersOf, type ServiceSpec, type SystemSpec } from "../../systems/spec.ts";
import type { Stack } from "../../systems/stack.ts";
import { isHealing, labelsOf, nameOf, type Change, type Inputs } from "./changes.ts";

/** A container that changes. */
export interface Effect {
  change: Change;
  /** Docker's name. */
  name: string;
  /** The system's name, or the project where the system is no longer declared. */
  system: string;
  service: string;
  /** It keeps data that others use: a database, a queue, a bucket, a search. */
  stateful: boolean;
  /** Docker's names of the volumes that it writes to: those that it had and will have, those it loses, and new ones. */
  volumes: Record<"kept" | "left" | "added", string[]>;
  /** Seconds at most from its stop until it has stopped, and from its start until it is healthy. */
  stopping: number;
  starting?: number;
  /** Services that use it, directly or by another one. */
  usedBy: string[];
  /** Docker's names of containers that end with it, and that Docker starts again. */
  restarts: string[];
}

interface Mounted {
  type: string;
  source: string;
  readOnly?: boolean;
}

const volumesOf = (inputs: Inputs | undefined) =>
  ((inputs?.mounts ?? []) as Mounted[]).flatMap(({ type, source, readOnly }) =>
    type === "volume" && !readOnly ? [source] : [],
  );

/**
 * The services whose needs lead to this one, also through a job: what waits for a migration uses its database. Containers of backups
 * wait for one another and others for them, but nothing uses them.
 */
function users(system: SystemSpec, name: string): string[] {
  const backing = new Set([...partsOf(system).map(({ service }) => service), BACKUP_COPY]);
  const own = system.services.filter((service) => !backing.has(service.name));
  const reaches = (service: ServiceSpec): boolean =>
    service.needs.some(({ service: needed }) => {
      const next = own.find((one) => one.name === needed);
      return next !== undefined && (needed === name || reaches(next));
    });
  return own
    .filter((service) => service.kind === "service" && service.replicas > 0 && reaches(service))
    .map((service) => service.name);
}

/** What receives a server's WAL ends with its connection (systems/servers/receive-wal.sh). @param changing Docker's names */
function followers(system: SystemSpec, service: string, changing: ReadonlySet<string>): string[] {
  if (service !== "postgres") return [];
  const receivers = containersOf(system).filter((one) => one.service.name === POSTGRES_BACKUP);
  return receivers.map(({ name }) => name).filter((name) => !changing.has(name));
}

/** @param changing Docker's names of containers that come, go or are replaced */
function effect(stack: Stack, change: Change, changing: ReadonlySet<string>): Effect {
  const inputs = (change.after ?? change.before)!;
  const name = String(inputs.name);
  const labels = labelsOf(inputs);
  const system = stack.systems.find(({ project }) => project === labels.get(PROJECT_LABEL));
  const spec = system && containersOf(system).find((one) => one.name === name)?.service;
  const service = labels.get("com.docker.compose.service")!;
  const [had, has] = [volumesOf(change.before), volumesOf(change.after)];
  const volumes = {
    kept: had.filter((one) => has.includes(one)),
    left: had.filter((one) => !has.includes(one)),
    added: has.filter((one) => !had.includes(one)),
  };
  // Of one that is no longer declared only its mounts are known: rather one too many.
  const declared = system?.services.find((one) => one.name === service);
  return {
    ...{ change, name, service, volumes },
    system: system?.name ?? labels.get(PROJECT_LABEL)!,
    stateful: declared ? declared.dataPorts.length > 0 : had.length > 0,
    stopping: Number((change.before ?? inputs).stopTimeout ?? 10),
    starting: spec && patience(spec),
    usedBy: system ? users(system, service) : [],
    restarts: system && change.op === "replace" ? followers(system, service, changing) : [],
  };
}

/** A job that runs. */
export interface Run {
  system: string;
  service: string;
  /** Docker's name of its container. */
  name: string;
  /** Of the Command that runs it. */
  change: Change;
  /** Of its container; undefined: that stays. */
  effect?: Effect;
  /** It changes its database's tables. */
  migration: boolean;
  /** A checkpoint is set before it. */
  checkpoint: boolean;
}

/** A job runs when the Command that runs it is made anew; another script alone does not run it. */
function runs(stack: Stack, changes: Change[], containers: Effect[]): Run[] {
  const commands = new Map(changes.filter(({ kind }) => kind === "Command").map((one) => [one.resource, one]));
  return stack.systems.flatMap((system) =>
    containersOf(system).flatMap(({ service, name }) => {
      const command = service.kind === "job" ? commands.get(`${system.name}-${service.name}-run-1`) : undefined;
      if (command?.op !== "create" && command?.op !== "replace") return [];
      const migration = service.name === MIGRATION;
      const checkpoint = migration && backupArguments(system, stack.host) !== undefined;
      const effect = containers.find((one) => one.name === name);
      return [{ system: system.name, service: service.name, name, change: command, effect, migration, checkpoint }];
    }),
  );
}

/** The items that belong together, in the order of the first of each. */
export function grouped<K, T>(items: T[], by: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) groups.set(by(item), [...(groups.get(by(item)) ?? []), item]);
  return groups;
}

export const isJob = ({ change }: Effect): boolean => (change.before ?? change.after)?.mustRun === false;

export interface Effects {
  containers: Effect[];
  runs: Run[];
}

/** The effects of changes, in the order of the stack's services; what is no longer declared comes last. */
export function effectsOf(stack: Stack, changes: Change[]): Effects {
  const order = stack.systems.flatMap(containersOf).map(({ name }) => name);
  const place = ({ name }: Effect) => (order.includes(name) ? order.indexOf(name) : order.length);
  const changed = changes.filter(({ kind }) => kind === "Container");
  const changing = new Set(changed.filter(({ op }) => op !== "update").map(nameOf));
  const containers = changed.map((one) => effect(stack, one, changing));
  return { containers: containers.sort((a, b) => place(a) - place(b)), runs: runs(stack, changes, containers) };
}

/** Docker's names of containers. */
export interface Prediction {
  created: string[];
  replaced: string[];
  deleted: string[];
  /** Services of which one that runs stops: it is replaced or deleted, or ends with one that is. */
  away: string[];
  /** Jobs that run. */
  run: string[];
  /** Systems in whose database a moment is named, before a migration that may change its tables; where there is a backup of it. */
  checkpoints: string[];
}

/**
 * What an `up` will do to containers, to be held against what it did.
 * @param refreshing whether it asks the host first (`make up ARGS=--refresh`), and puts right what was changed by hand
 */
export function predict({ containers, runs }: Effects, refreshing: boolean): Prediction {
  const counts = (change: Change) => refreshing || !isHealing(change);
  const all = containers.filter(({ change }) => counts(change));
  const names = (op: Change["op"], list = all) => list.filter(({ change }) => change.op === op).map(({ name }) => name);
  const running = runs.filter(({ change }) => counts(change));
  // A job that has ended does not stop.
  const serving = all.filter((one) => !isJob(one));
  return {
    created: names("create").sort(),
    replaced: names("replace").sort(),
    deleted: names("delete").sort(),
    away: [
      ...names("replace", serving),
      ...names("delete", serving),
      ...serving.flatMap(({ restarts }) => restarts),
    ].sort(),
    run: running.map(({ name }) => name).sort(),
    checkpoints: running
      .filter(({ checkpoint }) => checkpoint)
      .map(({ system }) => system)
      .sort(),
  };
}
