/** What makes PostgreSQL's backups possible: a container beside the server that receives its WAL, and in which dumps run. */
import { readFileSync } from "node:fs";
import { healthcheck, OPENING } from "../healthchecks.ts";
import { healthy, ONE_SERVER, serviceSpec, STEP_DOWN } from "../service-spec.ts";
import type { ServiceSpec, SystemSpec } from "../spec.ts";
import { SOCKET } from "./postgres.ts";

/** Where the backup containers of a system see the host's folder of backups. */
export const BACKUPS = "/backups";

/** The service beside the server. */
export const POSTGRES_BACKUP = "postgres-backup";

/** What a migration waits for. With backups a checkpoint is set before it, by the service beside the server. */
export const migratable = (backups: string | undefined) =>
  healthy("postgres", ...(backups === undefined ? [] : [POSTGRES_BACKUP]));

const DATA = "/var/lib/postgresql/data";
const RECEIVER = "/usr/local/bin/receive-wal";

/** WAL that the server keeps for a receiver that is away: more, and a dead receiver would fill the database's disk. */
const KEPT_FOR_RECEIVER = "8GB";

/** Short names of the volumes that a server's backup needs. */
export function backupVolumes(separator: "-" | "_"): { socket: string; scratch: string } {
  return { socket: `postgres${separator}socket`, scratch: `postgres${separator}scratch` };
}

/**
 * The server with its socket shared, and the container beside it. The image's pg_hba lets nobody replicate but over the
 * socket; so the receiver is of the same image, shares that folder, and needs no password.
 * @param directory the host's folder of backups, absolute
 */
export function withBackup(
  server: ServiceSpec,
  system: SystemSpec["name"],
  volumes: { socket: string; scratch: string },
  directory: string,
): [ServiceSpec, ServiceSpec] {
  const socket = { source: volumes.socket, target: SOCKET, readOnly: false };
  const { POSTGRES_USER, POSTGRES_DB } = server.environment;
  return [
    {
      ...server,
      command: [...(server.command ?? ["postgres"]), "-c", `max_slot_wal_keep_size=${KEPT_FOR_RECEIVER}`],
      mounts: [...server.mounts, socket],
      tmpfs: server.tmpfs.filter(({ target }) => target !== SOCKET),
    },
    serviceSpec({
      name: POSTGRES_BACKUP,
      server: true,
      image: server.image,
      entrypoint: ["sh", RECEIVER],
      files: [{ path: RECEIVER, content: readFileSync("systems/servers/receive-wal.sh", "utf8") }],
      environment: { POSTGRES_USER: POSTGRES_USER!, POSTGRES_DB: POSTGRES_DB!, BACKUPS: `${BACKUPS}/${system}` },
      mounts: [
        socket,
        { source: directory, target: BACKUPS, readOnly: false, path: "host:backups.directory" },
        // The image declares a volume there, for a server: without a name each container would leave one behind.
        { source: volumes.scratch, target: DATA, readOnly: false },
      ],
      healthcheck: healthcheck(
        [
          "CMD-SHELL",
          `psql -qAtX -U "$POSTGRES_USER" -d postgres -c "select active from pg_replication_slots where slot_name = 'backup'" | grep -qx t`,
        ],
        { startPeriod: OPENING },
      ),
      memory: 512 * 2 ** 20,
      // KILL: what a killed backup left running is another user's.
      capAdd: [...STEP_DOWN, "KILL"],
      readOnly: false,
      single: ONE_SERVER,
      // Not the server's SIGINT, which the image declares.
      stopSignal: "SIGTERM",
      needs: healthy("postgres"),
    }),
  ];
}
