import { z } from "zod";
import * as field from "./fields.ts";
import * as text from "./names.ts";

export const PROTEA_WORKERS = {
  "worker-jobs": "protea.jobs",
  "worker-embeddings": "protea.embeddings",
  "worker-embeddings-batch": "protea.embeddings.batch",
  "worker-embeddings-write": "protea.embeddings.write",
  "worker-predictions-batch": "protea.predictions.batch",
  "worker-predictions-write": "protea.predictions.write",
  "worker-ping": "protea.ping",
  "worker-reaper": "reaper",
} as const;
export type ProteaWorker = keyof typeof PROTEA_WORKERS;

const PROTEA_SERVICES = [
  "postgres", "extension", "rabbitmq", "queues", "minio", "bucket", "migrate", "api", "frontend",
  ...(Object.keys(PROTEA_WORKERS) as ProteaWorker[]),
] as const; // prettier-ignore

/** `protea:`, everything that differs between stacks. Upstream's facts: frapercan/PROTEA docker-compose.yml. */
export const protea = z.strictObject({
  enabled: z.boolean().default(true),
  project: text.name.default("protea"),
  images: z.strictObject({
    protea: field.image,
    frontend: field.image,
    postgres: field.image.default("pgvector/pgvector:pg16"),
    rabbitmq: field.image.default("rabbitmq:3-management"),
    minio: field.image.default("minio/minio:RELEASE.2025-09-07T16-13-09Z"),
    mc: field.image.default("minio/mc:RELEASE.2025-08-13T08-35-41Z"),
  }),
  database: text.postgresName.default("protea"),
  user: text.serversUser.default("protea").meta({ description: "User of the database, RabbitMQ and MinIO" }),
  bucket: text.bucketName.default("protea"),
  gpu: z.boolean().default(false).meta({ description: "worker-embeddings-batch gets every GPU, and 8g" }),
  reaper: z
    .strictObject({
      interval: field.durationInSeconds.prefault("60s").meta({ description: "Between two looks" }),
      jobTimeout: field.durationInSeconds
        .prefault("6h")
        .meta({ description: "A job RUNNING for longer is FAILED, JobTimeout" }),
    })
    .prefault({}),
  environment: field.environment.default({}).meta({ description: "For the API and every worker" }),
  services: field.settingsOf(PROTEA_SERVICES),
  volumes: z.record(text.name, field.volume).default({}),
  externalNetworks: field.externalNetworks,
});
export type ProteaSettings = z.infer<typeof protea>;
