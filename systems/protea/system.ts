/** PROTEA, service by service. Facts: the "Operational Runbook" and upstream's docker-compose.yml. */
import { PROTEA_WORKERS, type ProteaSettings, type ProteaWorker } from "../../config/protea.ts";
import type { EnvironmentValue, ServiceSpec, SystemSpec } from "../spec.ts";
import { bucket, minio } from "../servers/minio.ts";
import { postgres } from "../servers/postgres.ts";
import { queues, rabbitmq } from "../servers/rabbitmq.ts";
import { bashHttp, connectedTo, healthcheck, httpAnswers } from "../healthchecks.ts";
import { completed, healthy, imageReference, loopback, serviceSpec, withSettings } from "../service-spec.ts";

const MIB = 2 ** 20;
const GIB = 2 ** 30;

const MEMORY: Record<ProteaWorker, number> = {
  "worker-jobs": 2 * GIB,
  "worker-embeddings": 2 * GIB,
  "worker-embeddings-batch": 4 * GIB,
  "worker-embeddings-write": 1 * GIB,
  "worker-predictions-batch": 4 * GIB,
  "worker-predictions-write": 1 * GIB,
  "worker-ping": 1 * GIB,
  "worker-reaper": 256 * MIB,
};

/** The variables the API and every worker get. */
function environment(settings: ProteaSettings): Record<string, EnvironmentValue> {
  const { user, database } = settings;
  const password = (secret: string) => ({ secret, encode: "url" as const });
  return {
    PROTEA_DB_URL: [`postgresql+psycopg://${user}:`, password("protea:postgresPassword"), `@postgres/${database}`],
    PROTEA_AMQP_URL: [`amqp://${user}:`, password("protea:rabbitmqPassword"), "@rabbitmq/"],
    PROTEA_MINIO_ENDPOINT: "minio:9000",
    PROTEA_MINIO_ACCESS_KEY: user,
    PROTEA_MINIO_SECRET_KEY: { secret: "protea:minioPassword" },
    PROTEA_MINIO_BUCKET: settings.bucket,
    ...settings.environment,
  };
}

function servers(settings: ProteaSettings): ServiceSpec[] {
  const { user, database } = settings;
  const image = imageReference(settings.images.postgres);
  return [
    postgres({
      image,
      database,
      user,
      password: "protea:postgresPassword",
      volume: "postgres_data",
      ports: [loopback(5432, 5432)],
      memory: 2 * GIB,
    }),
    // A job, not an initdb script: it also reaches a volume that was initialized without it.
    serviceSpec({
      name: "extension",
      kind: "job",
      image,
      command: ["psql", "-v", "ON_ERROR_STOP=1", "-c", "CREATE EXTENSION IF NOT EXISTS vector"],
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
      memory: 512 * MIB,
    }),
    queues({
      image: imageReference(settings.images.rabbitmq),
      user,
      password: "protea:rabbitmqPassword",
      queues: ["protea.dead-letter"],
    }),
    minio({
      image: imageReference(settings.images.minio),
      user,
      password: "protea:minioPassword",
      volume: "minio_data",
      ports: [loopback(9000, 9000), loopback(9001, 9001)],
      memory: 2 * GIB,
    }),
    bucket({
      image: imageReference(settings.images.mc),
      user,
      password: "protea:minioPassword",
      bucket: settings.bucket,
    }),
  ];
}

/** The worker of a queue. The reaper has none: it looks at the database only. */
function worker(settings: ProteaSettings, name: ProteaWorker): ServiceSpec {
  const queue = PROTEA_WORKERS[name];
  const reaper = queue === "reaper";
  const batchOnGpu = name === "worker-embeddings-batch" && settings.gpu;
  const seconds = (milliseconds: number) => String(Math.round(milliseconds / 1_000));
  return serviceSpec({
    name,
    image: imageReference(settings.images.protea),
    command: ["python", "scripts/worker.py", "--queue", queue],
    environment: {
      ...environment(settings),
      ...(reaper
        ? {
            PROTEA_REAPER_INTERVAL: seconds(settings.reaper.interval),
            PROTEA_JOB_TIMEOUT: seconds(settings.reaper.jobTimeout),
          }
        : {}),
    },
    healthcheck: connectedTo(reaper ? 5432 : 5672),
    memory: batchOnGpu ? 8 * GIB : MEMORY[name],
    gpus: batchOnGpu ? "all" : undefined,
    stopGracePeriod: 30_000,
    needs: reaper
      ? [...healthy("postgres"), ...completed("migrate")]
      : [...healthy("postgres", "rabbitmq", "minio"), ...completed("migrate", "queues", "bucket")],
    externalNetworks: settings.externalNetworks,
  });
}

/** Describes PROTEA from `protea:` of the stack file. */
export function describeProtea(settings: ProteaSettings): SystemSpec {
  const image = imageReference(settings.images.protea);
  const services = [
    ...servers(settings),
    serviceSpec({
      name: "migrate",
      kind: "job",
      image,
      command: ["alembic", "upgrade", "head"],
      environment: environment(settings),
      memory: 1 * GIB,
      needs: [...healthy("postgres"), ...completed("extension")],
    }),
    serviceSpec({
      name: "api",
      image,
      environment: environment(settings),
      ports: [loopback(8000, 8000)],
      healthcheck: httpAnswers(8000, "/health"),
      memory: 1 * GIB,
      stopGracePeriod: 30_000,
      needs: [...healthy("postgres", "rabbitmq", "minio"), ...completed("migrate", "queues", "bucket")],
      externalNetworks: settings.externalNetworks,
      urls: { api: "http://{8000}/health/ready" },
    }),
    ...(Object.keys(PROTEA_WORKERS) as ProteaWorker[]).map((name) => worker(settings, name)),
    serviceSpec({
      name: "frontend",
      image: imageReference(settings.images.frontend),
      environment: { PROTEA_API_URL: "http://api:8000", NEXT_PUBLIC_API_URL: "/api-proxy" },
      ports: [loopback(3000, 3000)],
      // bash in the stand-in, busybox in upstream's image.
      healthcheck: healthcheck([
        "CMD-SHELL",
        `wget -q -O /dev/null http://127.0.0.1:3000/ || bash -c '${bashHttp(3000, "/")}'`,
      ]),
      memory: 512 * MIB,
      needs: healthy("api"),
      urls: { frontend: "http://{3000}/" },
    }),
  ];
  return {
    name: "protea",
    project: settings.project,
    separator: "-",
    services: services.map((base) =>
      withSettings(
        base,
        `protea:services.${base.name}`,
        settings.services[base.name as keyof typeof settings.services],
      ),
    ),
    volumes: volumes(settings),
  };
}

function volumes(settings: ProteaSettings): SystemSpec["volumes"] {
  const names = new Set(["postgres_data", "rabbitmq_data", "minio_data", ...Object.keys(settings.volumes)]);
  return [...names].map((name) => ({
    name,
    dockerName: settings.volumes[name]?.name ?? `${settings.project}_${name}`,
    external: settings.volumes[name]?.external ?? false,
  }));
}
