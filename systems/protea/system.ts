/** PROTEA, service by service. Facts: the "Operational Runbook" and upstream's docker-compose.yml. */
import type { CopySettings } from "../../config/host.ts";
import type { ProteaSettings } from "../../config/protea.ts";
import type { ServiceSpec, SystemSpec } from "../spec.ts";
import { backupCopy } from "../servers/backup-copy.ts";
import { bucket, minio } from "../servers/minio.ts";
import { backupVolumes, migratable, withBackup } from "../servers/postgres-backup.ts";
import { postgres } from "../servers/postgres.ts";
import { queues, rabbitmq } from "../servers/rabbitmq.ts";
import { bashHttp, healthcheck, httpAnswers } from "../healthchecks.ts";
import { completed, healthy, imageReference, loopback, serviceSpec, TMP, withSettings } from "../service-spec.ts";
import { backupServices, fillable, RABBITMQ_MEMORY } from "./backup-services.ts";
import { DEAD_LETTERS } from "./queues.ts";
import { apiEnvironment, environment } from "./environment.ts";
import { FOLDERS, extraWorkers, mounts, workers } from "./workers.ts";

const MIB = 2 ** 20;
const GIB = 2 ** 30;

function servers(settings: ProteaSettings, backups: string | undefined, monitored: boolean): ServiceSpec[] {
  const { user, database } = settings;
  const image = imageReference(settings.images.postgres);
  const server = postgres({
    image,
    database,
    user,
    password: "protea:postgresPassword",
    volume: "postgres_data",
    temporary: "postgres_tmp",
    ports: [loopback(5432, 5432)],
    memory: 2 * GIB,
    // Docker's 64 MB end a parallel build of a large vector index (https://github.com/pgvector/pgvector#indexing).
    shmSize: 1 * GIB,
  });
  return [
    ...(backups === undefined ? [server] : withBackup(server, "protea", backupVolumes("_"), backups)),
    // A job, not an initdb script: it also reaches a volume that was initialized without it.
    serviceSpec({
      name: "extension",
      kind: "job",
      image,
      user: "postgres",
      entrypoint: ["psql"],
      command: ["-v", "ON_ERROR_STOP=1", "-c", "CREATE EXTENSION IF NOT EXISTS vector"],
      environment: {
        PGHOST: "postgres",
        PGUSER: user,
        PGDATABASE: database,
        PGPASSWORD: { secret: "protea:postgresPassword" },
      },
      memory: 256 * MIB,
      needs: healthy("postgres"),
    }),
    rabbitmq({
      image: imageReference(settings.images.rabbitmq),
      user,
      password: "protea:rabbitmqPassword",
      volume: "rabbitmq_data",
      ports: [loopback(5672, 5672), loopback(15672, 15672)],
      memory: RABBITMQ_MEMORY,
    }),
    queues({
      image: imageReference(settings.images.rabbitmq),
      user,
      password: "protea:rabbitmqPassword",
      queues: [DEAD_LETTERS],
    }),
    minio({
      image: imageReference(settings.images.minio),
      user,
      password: "protea:minioPassword",
      volume: "minio_data",
      ports: [loopback(9000, 9000), loopback(9001, 9001)],
      memory: 2 * GIB,
      monitored,
    }),
    bucket({
      image: imageReference(settings.images.mc),
      user,
      password: "protea:minioPassword",
      bucket: settings.bucket,
      after: fillable(settings, backups),
    }),
    ...(backups === undefined ? [] : backupServices(settings, backups)),
  ];
}

/**
 * Describes PROTEA.
 * @param settings `protea:` of the stack file
 * @param has whether the stack has a secret, by its key
 * @param backups the host's folder of backups, absolute; undefined: none are made
 * @param copy where they are copied to
 * @param monitored whether the stack watches it
 */
export function describeProtea(
  settings: ProteaSettings,
  has: (secret: string) => boolean,
  backups?: string,
  copy?: CopySettings,
  monitored = false,
): SystemSpec {
  const image = imageReference(settings.images.protea);
  const services = [
    ...servers(settings, backups, monitored),
    ...(backups === undefined || !copy ? [] : [backupCopy("protea", settings.project, backups, copy)]),
    serviceSpec({
      name: "migrate",
      kind: "job",
      image,
      command: ["alembic", "upgrade", "head"],
      environment: environment(settings),
      tmpfs: [TMP],
      memory: 1 * GIB,
      needs: [...migratable(backups), ...completed("extension")],
    }),
    serviceSpec({
      name: "api",
      image,
      // Upstream's own command: secrets are read before it.
      command: ["uvicorn", "protea.api.app:app", "--host", "0.0.0.0", "--port", "8000"],
      environment: apiEnvironment(settings, has),
      mounts: mounts("artefacts"),
      // What a person uploads passes through it.
      tmpfs: [{ ...TMP, size: 256 * MIB }],
      ports: [loopback(8000, 8000)],
      healthcheck: httpAnswers(8000, "/health"),
      memory: 1 * GIB,
      stopGracePeriod: 30_000,
      needs: [...healthy("postgres", "rabbitmq", "minio"), ...completed("migrate", "queues", "bucket")],
      externalNetworks: settings.externalNetworks,
      urls: { api: "http://{8000}/health/ready" },
    }),
    ...workers(settings),
    serviceSpec({
      name: "frontend",
      image: imageReference(settings.images.frontend),
      // Next.js listens there alone; Docker's default, the container's id, is not where the check asks. Where its API is
      // was decided when its image was built (docs/upstream.md).
      environment: { HOSTNAME: "0.0.0.0" },
      ports: [loopback(3000, 3000)],
      // bash in the stand-in, busybox in upstream's image.
      healthcheck: healthcheck([
        "CMD-SHELL",
        `wget -q -O /dev/null http://127.0.0.1:3000/ || bash -c '${bashHttp(3000, "/")}'`,
      ]),
      memory: 512 * MIB,
      // Next.js keeps pictures that it made smaller.
      tmpfs: [TMP, { target: "/app/.next/cache", size: 64 * MIB }],
      needs: healthy("api"),
      urls: { frontend: "http://{3000}/" },
    }),
  ];
  return {
    name: "protea",
    project: settings.project,
    externalNetwork: settings.network.external,
    separator: "-",
    services: [
      ...services.map((base) =>
        withSettings(
          base,
          `protea:services.${base.name}`,
          settings.services[base.name as keyof typeof settings.services],
        ),
      ),
      ...extraWorkers(settings),
    ],
    volumes: volumes(settings, backups !== undefined),
  };
}

function volumes(settings: ProteaSettings, backedUp: boolean): SystemSpec["volumes"] {
  const names = new Set([
    "postgres_data", "postgres_tmp", "rabbitmq_data", "minio_data", ...(backedUp ? Object.values(backupVolumes("_")) : []), ...Object.keys(FOLDERS), ...Object.keys(settings.volumes),
  ]); // prettier-ignore
  return [...names].map((name) => ({
    name,
    dockerName: settings.volumes[name]?.name ?? `${settings.project}_${name}`,
    external: settings.volumes[name]?.external ?? false,
  }));
}
