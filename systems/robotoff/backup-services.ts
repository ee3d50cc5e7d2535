/**
 * The containers in which what Robotoff keeps beside its database is backed up. Made only where the host has backups, and for
 * the servers that run here.
 */
import type { RobotoffSettings } from "../../config/robotoff.ts";
import { backupContainer } from "../servers/backup-container.ts";
import { POSTGRES_BACKUP } from "../servers/postgres-backup.ts";
import { REDIS_BACKUP } from "../servers/redis.ts";
import { healthy, imageReference } from "../service-spec.ts";
import type { ServiceSpec } from "../spec.ts";

/**
 * @param settings `robotoff:` of the stack file
 * @param redis the server's description
 * @param directory the host's folder of backups; undefined: none are made
 */
export function backupServices(
  settings: RobotoffSettings,
  redis: ServiceSpec,
  directory: string | undefined,
): ServiceSpec[] {
  const { replicas = redis.replicas, memory = redis.memory } = settings.services.redis ?? {};
  if (directory === undefined || replicas === 0) return [];
  return [
    backupContainer(directory, {
      name: REDIS_BACKUP,
      image: imageReference(settings.images.redis),
      environment: { REDIS_HOST: redis.name },
      // A verification loads all of it.
      memory,
      // After the database is filled: two restores at once refuse each other.
      needs: healthy(redis.name, POSTGRES_BACKUP),
    }),
  ];
}
