/** What backups need of the services beside them. */
import type { Problem } from "../../config/problems.ts";
import { POSTGRES_BACKUP } from "../servers/postgres-backup.ts";
import type { SystemSpec } from "../spec.ts";

/**
 * A server that keeps WAL for a receiver says how much at most: without that, a receiver that is away fills its disk. Only a
 * command of the stack file's own can lack it.
 * https://www.postgresql.org/docs/current/runtime-config-replication.html#GUC-MAX-SLOT-WAL-KEEP-SIZE
 */
export function slotLimit(systems: SystemSpec[]): Problem[] {
  return systems.flatMap(({ services }) => {
    const running = (name: string) => services.find((service) => service.name === name && service.replicas > 0);
    const server = running("postgres");
    if (!server || !running(POSTGRES_BACKUP)) return [];
    if (server.command?.some((word) => /^(--)?max_slot_wal_keep_size=/.test(word))) return [];
    return [
      {
        path: `${server.path}.command`,
        message:
          "says no max_slot_wal_keep_size; add -c and max_slot_wal_keep_size=8GB: the WAL kept for backups while nobody receives it, " +
          "without which it fills the server's disk",
      },
    ];
  });
}
