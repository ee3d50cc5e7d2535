/** What a restore of PostgreSQL will do, in words and as the arguments of hosts/scripts/restore-postgres.sh. Pure. */
import { backupDirectory, type HostSettings } from "../config/host.ts";
import { inOrder } from "../systems/order.ts";
import { containerName, containersOf, type SystemSpec } from "../systems/spec.ts";
import { agentOf, installedName, partsOf, partWord } from "./parts.ts";
import type { Backup, Sizes, Target } from "./list.ts";

/** The service that is restored. */
export const SERVER = "postgres";

/** The containers of a system that use its data while they run, the last first: in this order they are stopped. */
export function applications(system: SystemSpec): string[] {
  const services = inOrder(system.services)
    .reverse()
    .filter(({ kind, server }) => kind === "service" && !server);
  return containersOf({ ...system, services }).map(({ name }) => name);
}

/** Docker's name of the volume with the database. */
export function dataVolume(system: SystemSpec): string {
  const mount = system.services
    .find(({ name }) => name === SERVER)!
    .mounts.find(({ target }) => target === "/var/lib/postgresql/data")!;
  return system.volumes.find(({ name }) => name === mount.source)!.dockerName;
}

const moment = (target: Target) =>
  target.kind === "latest" ? "the last moment that was received" : target.time.toISOString();

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;

/** How long it takes to read and write so much. The rate is one that disks of VMs have; where theirs is another, so is the time. */
const takes = (bytes: number) => `  takes: some ${Math.ceil(bytes / 1e8)} s, where the disk does 100 MB/s`;

/**
 * What a person is told before.
 * @param about.other a backup of another database system, of a server that was lost or thrown away
 * @param about.from another folder of backups than the stack's own
 */
export function describeRestore(
  system: SystemSpec,
  target: Target,
  base: Backup,
  { now, sizes, other, from }: { now: Date; sizes: Sizes; other?: Backup; from?: string },
): string {
  const [copied, wal] = [sizes.get(DATABASE) ?? 0, sizes.get("wal") ?? 0];
  const since =
    target.kind === "latest"
      ? "nothing that was received"
      : `everything committed since, ${Math.round((+now - +target.time) / 1_000)} s of it`;
  const lost = from ? "all that is not in that folder; the stack's own backups keep what they have of it" : since;
  return [
    `${system.name}: PostgreSQL goes back to ${target.kind === "name" ? `the checkpoint ${target.name}, ` : ""}${moment(target)}`,
    `  from the backup ${base.stamp}${from ? ` of ${from}` : ""} (verified ${base.verified!.at.toISOString()}) and the WAL after it`,
    // What is in the WAL is written a second time, into the data.
    `${takes(copied + 2 * wal)}: ${megabytes(copied)} to copy, and at most ${megabytes(wal)} of WAL`,
    `  replaced: the data in the volume ${dataVolume(system)}; it is kept, in a volume beside it`,
    `  lost from the live data: ${lost}`,
    `  stopped meanwhile: ${applications(system).join(", ")}`,
    ...(other
      ? [
          `  note: ${other.stamp} and others are of another database: this one was made anew. Was its disk lost? AT=${other.ended.toISOString()} and later moments before that go back to the other`,
        ]
      : []),
  ].join("\n");
}

/** PostgreSQL's form of a target. */
function targetWords(target: Target): [string, string] {
  switch (target.kind) {
    case "latest":
      return ["latest", "-"];
    case "time":
      return ["time", target.time.toISOString().replace("T", " ").replace("Z", "+00")];
    case "name":
      return ["name", target.name];
  }
}

/** The first argument of the scripts that fill what is empty. */
function whenEmpty(host: HostSettings, once?: "latest" | Date): string {
  const when = once ?? host.backups!.restoreWhenEmpty;
  return typeof when === "string" ? when : String(Math.floor(when.getTime() / 1_000));
}

/** What hosts/scripts/restore-postgres.sh is told of a system. */
const whose = (system: SystemSpec, host: HostSettings): string[] => [
  system.name,
  backupDirectory(host)!,
  containerName(system, SERVER, 1),
  agentOf(system),
  dataVolume(system),
];

/**
 * The arguments of hosts/scripts/fill-postgres.sh.
 * @param once RESTORE= of this `up`: latest, or a moment; undefined: as the stack file says
 */
export function fillArguments(system: SystemSpec, host: HostSettings, once?: "latest" | Date): string[] {
  return [
    whenEmpty(host, once),
    installedName("vault"),
    installedName("restore-postgres"),
    ...whose(system, host),
    ...applications(system),
  ];
}

/** The scripts that fill-postgres.sh looks for beside itself. */
export const BESIDE_FILL = ["vault", "restore-postgres"];

/**
 * After which service what is beside the database is filled: what waits for it waits for the contents, too. Of PROTEA the job that
 * makes room for them; of Robotoff the last of the containers that bring them back.
 */
export const filledAfter = (system: SystemSpec): string | undefined =>
  system.name === "protea" ? "bucket" : otherParts(system).at(-1)?.service;

/**
 * The parts that go back to a backup alone, while the database goes back to any moment. A copy for others to download is never
 * brought back.
 */
const otherParts = (system: SystemSpec) => partsOf(system).filter(({ name }) => name !== DATABASE && name !== "public");

/** In the order of their restore: what is pointed to before what points to it. */
const restored = (parts: ReturnType<typeof partsOf>): string[] => parts.map(partWord).reverse();

/** The arguments of hosts/scripts/fill-parts.sh, of a system with parts beside the database. */
export function fillPartsArguments(system: SystemSpec, host: HostSettings, once?: "latest" | Date): string[] {
  return [
    whenEmpty(host, once),
    installedName("vault"),
    installedName("restore-parts"),
    installedName("part-restore"),
    system.name,
    backupDirectory(host)!,
    agentOf(system),
    ...restored(otherParts(system)),
    "--",
    ...applications(system),
  ];
}

/** The scripts that fill-parts.sh looks for beside itself. */
export const besideFillParts = (system: SystemSpec): string[] => ["vault", "restore-parts", ...besideParts(system)];

/** A backup as the scripts of a restore are told it: by its name, or, in another folder than the stack's own, by its whole path. */
const placeOf = (system: SystemSpec, { stamp }: Backup, from?: string): string =>
  from ? `${from}/${system.name}/${stamp}` : stamp;

/**
 * The arguments of hosts/scripts/restore-postgres.sh.
 * @param how look: only opened beside the live data, to be looked at; from: another folder of backups than the stack's own
 */
export function restoreArguments(
  system: SystemSpec,
  host: HostSettings,
  target: Target,
  base: Backup,
  { look = false, from }: { look?: boolean; from?: string } = {},
): string[] {
  const [kind, word] = targetWords(target);
  const begin = [placeOf(system, base, from), base.line];
  return [...whose(system, host), ...begin, look ? `look-${kind}` : kind, word, ...applications(system)];
}

/** Of the same script, to finish what a run that was interrupted left undone, and no more; the server's container may be gone. */
export const finishArguments = (system: SystemSpec, host: HostSettings): string[] => [
  ...whose(system, host),
  ...["-", "-", "finish", system.services.find(({ name }) => name === SERVER)!.image],
];

/** What ONLY= may name. */
const DATABASE = "postgres";

/**
 * Reads ONLY=: parts of a system's backup, with commas between. Left out: the database alone, which goes back to any moment
 * while the others go back to a backup, and what came since would be put aside.
 * @throws Error when the system has no such part
 */
export function chosenParts(system: SystemSpec, only: string | undefined): { database: boolean; others: string[] } {
  if (only === undefined) return { database: true, others: [] };
  const others = otherParts(system).map(({ name }) => name);
  const known = [DATABASE, ...others];
  const names = only.split(",");
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0)
    throw new Error(`found ONLY=${only}; ${system.name} has ${known.join(", ")} (with commas between several)`);
  return {
    database: names.includes(DATABASE),
    others: others.filter((name) => names.includes(name)),
  };
}

/** What a person is told before other parts than the database go back. */
export function describeParts(system: SystemSpec, names: string[], base: Backup, sizes: Sizes, from?: string): string {
  const bytes = (name: string) => sizes.get(name) ?? 0;
  return [
    `${system.name}: ${names.map((name) => `${name} (${megabytes(bytes(name))})`).join(" and ")} as in the backup ${base.stamp}${from ? ` of ${from}` : ""} (verified ${base.verified!.at.toISOString()})`,
    // What is written is read back and compared.
    `${takes(2 * names.reduce((sum, name) => sum + bytes(name), 0))}, and where all of it has changed`,
    "  what is there and is replaced or removed is kept beside, and named at the end",
    `  stopped meanwhile: ${applications(system).join(", ")}`,
  ].join("\n");
}

/** The scripts that restore-parts.sh looks for beside itself. */
export const besideParts = (system: SystemSpec): string[] => [
  "part-restore",
  ...new Set(partsOf(system).map((part) => part.script)),
];

/**
 * The arguments of hosts/scripts/restore-parts.sh.
 * @param how database: whether it is restored next, and the applications start when it is; from: another folder of backups than the
 *   stack's own
 */
export function partsArguments(
  system: SystemSpec,
  names: string[],
  base: Backup,
  { database = false, from }: { database?: boolean; from?: string } = {},
): string[] {
  const parts = partsOf(system).filter(({ name }) => names.includes(name));
  return [
    system.name,
    agentOf(system),
    installedName("part-restore"),
    placeOf(system, base, from),
    database ? "wait" : "start",
    ...restored(parts),
    "--",
    ...applications(system),
  ];
}
