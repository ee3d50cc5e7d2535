/** A database of a backup into another server: what is said, and as the arguments of hosts/scripts/restore-into.sh. Pure. */
import { backupDirectory, type HostSettings } from "../config/host.ts";
import { containerName, type SystemSpec } from "../systems/spec.ts";
import type { Backup } from "./list.ts";
import { installedName } from "./parts.ts";
import { SERVER } from "./restore.ts";

/** A PostgreSQL that is none of this stack's, as the stack's host reaches it. */
export interface OtherServer {
  host: string;
  port: string;
  user: string;
  /** libpq's: prefer, require, verify-full … */
  sslmode: string;
}

/**
 * Reads INTO=.
 * @throws Error that says what is expected; a password is not repeated
 */
export function parseInto(text: string): OtherServer {
  const url = URL.parse(text);
  if (!url || !/^postgres(ql)?:$/.test(url.protocol) || !url.hostname || !url.username)
    throw new Error("INTO= is not of the form postgresql://user@host:5432 (?sslmode=require, where it is asked for)");
  if (url.password)
    throw new Error("INTO= has a password: give it as PGPASSWORD in the environment, where nobody reads it");
  if (url.pathname.length > 1)
    throw new Error(
      `found INTO= with a database, ${url.pathname.slice(1)}: it gets the name that it has in the backup`,
    );
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: url.port || "5432",
    user: decodeURIComponent(url.username),
    sslmode: url.searchParams.get("sslmode") ?? "prefer",
  };
}

/**
 * What a person is told before.
 * @param from another folder of backups than the stack's own
 */
export const describeInto = (
  system: SystemSpec,
  base: Backup,
  { host, port, user }: OtherServer,
  from?: string,
): string =>
  [
    `${system.name}: PostgreSQL's dump in the backup ${base.stamp}${from ? ` of ${from}` : ""} goes into the server ${host}:${port}, as its user ${user}`,
    "  as of the backup, without the WAL after it; a database of that name must not be there yet, the roles must",
    "  nothing of this stack is touched",
  ].join("\n");

/** The scripts that restore-into.sh looks for beside itself. */
export const BESIDE_INTO = ["into-postgres", "part-postgres"];

/** The arguments of hosts/scripts/restore-into.sh. */
export const intoArguments = (
  system: SystemSpec,
  host: HostSettings,
  base: Backup,
  { host: other, port, user, sslmode }: OtherServer,
  from?: string,
): string[] => [
  system.name,
  from ?? backupDirectory(host)!,
  containerName(system, SERVER, 1),
  installedName("into-postgres"),
  installedName("part-postgres"),
  base.stamp,
  ...[other, port, user, sslmode],
];
