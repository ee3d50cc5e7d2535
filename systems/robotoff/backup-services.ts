/**
 * The containers in which what Robotoff keeps beside its database is backed up. Made only where the host has backups, and for
 * the servers that run here. Why these images: docs/decisions/backup-parts.md.
 */
import { readdirSync, readFileSync } from "node:fs";
import type { RobotoffSettings } from "../../config/robotoff.ts";
import { backupContainer } from "../servers/backup-container.ts";
import { ELASTICSEARCH_BACKUP, SNAPSHOTS } from "../servers/elasticsearch.ts";
import { POSTGRES_BACKUP } from "../servers/postgres-backup.ts";
import { REDIS_BACKUP } from "../servers/redis.ts";
import { healthy, imageReference } from "../service-spec.ts";
import type { ServiceSpec } from "../spec.ts";

const SOURCES = "systems/robotoff/backup-parts";

/**
 * @param settings `robotoff:` of the stack file
 * @param servers as they are described, before what the stack file changes
 * @param directory the host's folder of backups
 */
export function backupServices(
  settings: RobotoffSettings,
  servers: Record<"redis" | "elasticsearch", ServiceSpec>,
  directory: string,
): ServiceSpec[] {
  const { redis, elasticsearch } = servers;
  const runs = ({ name }: ServiceSpec) => settings.services[name as "redis" | "elasticsearch"]?.replicas !== 0;
  const queues = backupContainer(directory, {
    name: REDIS_BACKUP,
    image: imageReference(settings.images.redis),
    environment: { REDIS_HOST: redis.name },
    // A verification loads all of it.
    memory: settings.services.redis?.memory ?? redis.memory,
    // After the database is filled: two restores at once refuse each other.
    needs: healthy(redis.name, POSTGRES_BACKUP),
  });
  const before = runs(redis) ? [queues] : [];
  const search = backupContainer(directory, {
    name: ELASTICSEARCH_BACKUP,
    image: imageReference(settings.images.robotoff),
    environment: {
      ELASTIC_URL: `http://${elasticsearch.name}:9200`,
      ...(settings.elasticsearch.security ? { ELASTIC_PASSWORD: { secret: "robotoff:elasticPassword" } } : {}),
    },
    files: readdirSync(SOURCES)
      .filter((name) => name.endsWith(".py"))
      .sort()
      .map((name) => ({ path: `/opt/backup-parts/${name}`, content: readFileSync(`${SOURCES}/${name}`, "utf8") })),
    mounts: [{ source: SNAPSHOTS.volume, target: "/snapshots", readOnly: false }],
    memory: 256 * 2 ** 20,
    // The last of all: after it both are filled, and asked again when one of the servers is another container.
    needs: healthy(elasticsearch.name, POSTGRES_BACKUP, ...before.flatMap(({ name }) => [redis.name, name])),
  });
  return [...before, ...(runs(elasticsearch) ? [search] : [])];
}
