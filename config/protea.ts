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
  "postgres", "postgres-backup", "extension", "rabbitmq", "queues", "minio", "bucket", "migrate", "api", "frontend",
  "files-backup", "git-backup", "backup-copy",
  ...(Object.keys(PROTEA_WORKERS) as ProteaWorker[]),
] as const; // prettier-ignore

/** One more worker than the eight that are always there; a change of those is under `services`. */
const worker = z.strictObject({
  name: text.name,
  queue: z
    .string()
    .regex(/^protea\.[a-z0-9.-]+$/, { error: "a queue's name, protea.…" })
    .meta({ examples: ["protea.training", "protea.predictions", "protea.evaluations"] }),
  single: z.boolean().default(false).meta({ description: "The queue has exactly one consumer, always" }),
  ...field.serviceSettings.shape,
});
export type ExtraWorker = z.infer<typeof worker>;

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
    git: field.image.default("alpine/git:v2.47.2"),
  }),
  database: text.postgresName.default("protea"),
  user: text.serversUser.default("protea").meta({ description: "User of the database, RabbitMQ and MinIO" }),
  bucket: text.bucketName.default("protea"),
  lab: text.hostPath.optional().meta({
    description: "Lab folder on the host: its datasets, runs and experiments are part of a backup, nothing else of it",
  }),
  repository: text.hostPath.optional().meta({
    description: "Git repository on the host, bare or with a work tree: its refs are part of a backup",
  }),
  gpu: z.boolean().default(false).meta({ description: "worker-embeddings-batch gets every GPU, and 8g" }),
  reaper: z
    .strictObject({
      jobTimeout: field
        .durationOf(300)
        .prefault("6h")
        .meta({ description: "A job RUNNING for longer is FAILED, JobTimeout; at least 5m" }),
      stall: field
        .durationOf(60)
        .prefault("30m")
        .meta({ description: "… unless it reported an event within this time; at least 1m" }),
    })
    .prefault({})
    .meta({ description: "Read by versions after 0.3.0, which has 6h built in" }),
  allowedOrigins: z
    .array(
      z.string().regex(/^(\*|https?:\/\/[^\s/,]+)$/, { error: "an origin such as https://protea.example.org, or *" }),
    )
    .default([])
    .meta({ description: "PROTEA_ALLOWED_ORIGINS: pages elsewhere that may call the API; none: upstream's default" }),
  environment: field.environment.default({}).meta({ description: "For the API and every worker" }),
  workers: z.array(worker).default([]).meta({ description: "More workers, for queues of newer versions" }),
  services: field.settingsOf(PROTEA_SERVICES),
  volumes: z.record(text.name, field.volume).default({}),
  network: field.network,
  externalNetworks: field.externalNetworks,
});
export type ProteaSettings = z.infer<typeof protea>;
