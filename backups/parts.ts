/** What a backup of a system is made of, and how its scripts are called. Pure. */
import { backupDirectory, type HostSettings } from "../config/host.ts";
import type { Schedule } from "../hosts/schedule.ts";
import { script } from "../hosts/scripts.ts";
import { BACKUP_COPY } from "../systems/servers/backup-copy.ts";
import { ELASTICSEARCH_BACKUP } from "../systems/servers/elasticsearch.ts";
import { POSTGRES_BACKUP } from "../systems/servers/postgres-backup.ts";
import { REDIS_BACKUP } from "../systems/servers/redis.ts";
import { containerName, type SystemSpec } from "../systems/spec.ts";

/** A part of a backup, in the order in which parts are made: what points to objects comes before the objects. */
interface Part {
  /** Its folder in a backup. */
  name: string;
  /** The service in whose container it runs. */
  service: string;
  /** The user of that container. */
  user: string;
  /** hosts/scripts/SCRIPT.sh */
  script: string;
  /** Where its container sees what it keeps, where the stack file says whether there is any. */
  target?: string;
}

const POSTGRES: Part = { name: "postgres", service: POSTGRES_BACKUP, user: "postgres", script: "part-postgres" };

const PARTS: Record<SystemSpec["name"], Part[]> = {
  robotoff: [
    POSTGRES,
    { name: "public", service: POSTGRES_BACKUP, user: "postgres", script: "part-public" },
    { name: "redis", service: REDIS_BACKUP, user: "root", script: "part-redis" },
    { name: "elasticsearch", service: ELASTICSEARCH_BACKUP, user: "root", script: "part-elasticsearch" },
  ],
  protea: [
    POSTGRES,
    { name: "rabbitmq", service: "files-backup", user: "root", script: "part-rabbitmq" },
    { name: "bucket", service: "files-backup", user: "root", script: "part-bucket" },
    { name: "lab", service: "files-backup", user: "root", script: "part-lab", target: "/lab" },
    { name: "git", service: "git-backup", user: "root", script: "part-git", target: "/repository" },
  ],
  // Measurements are not kept.
  monitoring: [],
};

/** Whether anything of a system is kept where backups are declared. */
export const isKept = ({ name }: SystemSpec): boolean => PARTS[name].length > 0;

/** The parts of a system: those whose containers it declares, and of which there is anything to keep. */
export function partsOf(system: SystemSpec): (Part & { container: string })[] {
  const services = new Map(system.services.map((service) => [service.name, service]));
  return PARTS[system.name]
    .filter(({ service, target }) => {
      const declared = services.get(service);
      if (!declared || declared.replicas === 0) return false;
      return target === undefined || declared.mounts.some((mount) => mount.target === target);
    })
    .map((part) => ({ ...part, container: containerName(system, part.service, 1) }));
}

type NamedPart = ReturnType<typeof partsOf>[number];

/** The container that keeps a system's folder of backups in order, and in which PostgreSQL's part runs. */
export const agentOf = (system: SystemSpec): string => containerName(system, POSTGRES_BACKUP, 1);

/** The file of an installed script, as a script beside it sees it. */
export const installedName = (name: string) => script(name).path.split("/").at(-1)!;

/** The container that copies a system's backups off the host; undefined: none does. */
export function copierOf(system: SystemSpec): string | undefined {
  const declared = system.services.some(({ name, replicas }) => name === BACKUP_COPY && replicas > 0);
  return declared ? containerName(system, BACKUP_COPY, 1) : undefined;
}

/** The scripts that backup.sh and verify.sh look for beside themselves. */
export const scriptsBeside = (system: SystemSpec): string[] => [
  "vault",
  "part-restore",
  ...(copierOf(system) ? ["copy"] : []),
  ...new Set(partsOf(system).map((part) => part.script)),
];

/** A part as the scripts of the host are told of it. */
export const partWord = ({ name, container, user, script: own }: NamedPart): string =>
  [name, container, user, installedName(own)].join("=");

/**
 * The arguments of hosts/scripts/backup.sh; undefined where the system has no backups.
 * @param copied whether it is copied off the host as well, where that is declared
 */
export function backupArguments(system: SystemSpec, host: HostSettings, copied = true): string[] | undefined {
  return backupOf(system, host, agentOf(system), partsOf(system), copied ? copierOf(system) : undefined);
}

/** The same of some parts, in containers of others' names: before there are those of the stack (`make adopt`). */
export function backupOf(
  system: SystemSpec,
  host: HostSettings,
  agent: string,
  parts: NamedPart[],
  copier?: string,
): string[] | undefined {
  const { backups } = host;
  if (!backups || parts.length === 0) return undefined;
  const { last, daily, weekly, monthly } = backups.keep;
  return [
    system.name,
    backupDirectory(host)!,
    backups.mounted ? "1" : "0",
    agent,
    installedName("vault"),
    [last, daily, weekly, monthly].join(","),
    backups.ping === undefined ? "-" : `${backups.ping.replace(/\/$/, "")}/${system.name}`,
    copier === undefined ? "-" : `${copier}=${installedName("copy")}`,
    ...parts.map(partWord),
  ];
}

/** The arguments of hosts/scripts/copy.sh, of a system whose backups are copied off the host. */
export const copyArguments = (system: SystemSpec): string[] => [
  system.name,
  agentOf(system),
  installedName("vault"),
  copierOf(system)!,
];

/**
 * The arguments of hosts/scripts/verify.sh, of a system that has backups.
 * @param stamp of the backup, or latest
 */
export function verifyArguments(
  system: SystemSpec,
  host: HostSettings,
  stamp: string,
  how: "quick" | "deep",
): string[] {
  const agent = agentOf(system);
  return [
    ...[system.name, backupDirectory(host)!, agent, installedName("vault"), installedName("part-restore"), stamp, how],
    ...partsOf(system).map(partWord),
  ];
}

/** What the host runs by itself of a system's backups (host:backups.schedule); `run` is the setting's name as well. */
export function schedulesOf(system: SystemSpec, host: HostSettings): (Schedule & { run: "backup" | "verify" })[] {
  const backup = backupArguments(system, host);
  if (backup === undefined) return [];
  const runs = { backup, verify: verifyArguments(system, host, "latest", "deep") };
  return (["backup", "verify"] as const).flatMap((run) => {
    const when = host.backups?.schedule?.[run];
    // A project's name is unique on its host.
    const name = `robotoff-protea-${system.project}-${run}`;
    return when === undefined ? [] : [{ name, when, run, args: runs[run] }];
  });
}

/** The job of a system that changes its database's tables. */
export const MIGRATION = "migrate";

/** What job.sh is told besides, to set a checkpoint before a migration. */
export const beforeMigration = (system: SystemSpec) => ({
  args: [agentOf(system), installedName("vault")],
  beside: ["vault"],
});
