import { z } from "zod";
import * as field from "./fields.ts";
import * as text from "./names.ts";

export const ROBOTOFF_SERVICES = [
  "api", "scheduler", "update-listener", "migrate", "init-elasticsearch", "checkout", "langid-model", "postgres", "postgres-backup", "redis", "redis-backup", "elasticsearch", "elasticsearch-backup", "triton",
  "fasttext", "statsd", "postgres-exporter", "backup-copy",
] as const; // prettier-ignore

/** A pool of rq workers. */
const workers = z.strictObject({
  name: text.name,
  replicas: z.number().int().min(0).default(1),
  numbered: z
    .boolean()
    .default(true)
    .meta({ description: "true: services NAME-1 … NAME-n, `{n}` in queues is the number; false: one service NAME" }),
  queues: z.array(text.queueName).min(1),
  ...field.serviceSettings.omit({ replicas: true }).shape,
});
export type WorkerPool = z.infer<typeof workers>;

/** `robotoff:`, everything that differs between stacks. Upstream's facts: openfoodfacts/robotoff docker-compose.yml. */
export const robotoff = z
  .strictObject({
    enabled: z.boolean().default(true),
    project: text.name.default("robotoff"),
    images: z.strictObject({
      robotoff: field.image,
      postgres: field.image.default("postgres:16.3-alpine"),
      redis: field.image.default("redis:7.0.5-alpine"),
      elasticsearch: field.image.default("elasticsearch:8.5.3"),
      triton: field.image.default("nvcr.io/nvidia/tritonserver:24.08-py3"),
      fasttext: field.image.optional(),
      git: field.image.default("alpine/git:v2.47.2"),
      statsd: field.image.default("prom/statsd-exporter:v0.22.2"),
      postgresExporter: field.image.default("prometheuscommunity/postgres-exporter:v0.11.1"),
    }),
    instance: z.enum(["dev", "prod"]).default("dev"),
    tld: z.enum(["net", "org"]).default("net"),
    environment: field.environment.default({}).meta({ description: "For every Robotoff process" }),
    postgres: z
      .strictObject({
        database: text.postgresName.default("robotoff"),
        user: text.postgresName.default("postgres"),
        sharedBuffers: field.postgresSize.default("128MB"),
        workMem: field.postgresSize.default("4MB"),
      })
      .prefault({}),
    elasticsearch: z
      .strictObject({
        security: z.boolean().default(true).meta({ description: "User and password; the local stand-in has none" }),
        heap: field.size.prefault("512m"),
      })
      .prefault({}),
    redis: z
      .strictObject({
        appendOnly: z
          .boolean()
          .default(true)
          .meta({
            description:
              "Keep every write. Before turning it on for a volume in use, run `redis-cli config set appendonly yes`: " +
              "a server that starts with it reads the append-only file alone and ignores an existing snapshot",
          }),
      })
      .prefault({}),
    triton: z
      .strictObject({
        run: z.boolean().default(true).meta({ description: "Run Triton on this host" }),
        uri: text.hostAndPort
          .optional()
          .meta({ description: "HOST:PORT (gRPC) of a Triton elsewhere, when run is false" }),
      })
      .refine((triton) => triton.run || triton.uri, {
        path: ["uri"],
        error: "HOST:PORT of a Triton elsewhere, since triton.run is false",
      })
      .prefault({}),
    highPriorityQueues: z
      .number()
      .int()
      .min(1)
      .default(1)
      .meta({ description: "NUM_RQ_WORKERS: jobs are spread over robotoff-high-1 … robotoff-high-n by barcode" }),
    redisUpdates: z
      .strictObject({
        host: text.hostName.optional().meta({ description: "Redis with the product updates. Default: Robotoff's own" }),
        port: text.portNumber.default(6379),
        stream: text.streamName
          .default("product_updates")
          .meta({ description: "Upstream's listener, at 1.85.10, reads product_updates whatever this says" }),
      })
      .prefault({}),
    fasttext: z.boolean().default(false).meta({ description: "Run the language identification server" }),
    exporters: z.boolean().default(false).meta({ description: "Run the statsd and PostgreSQL exporters" }),
    workers: z.array(workers).default([]),
    services: field.settingsOf(ROBOTOFF_SERVICES),
    volumes: z.record(text.name, field.volume).default({}),
    network: field.network,
    checkout: z
      .strictObject({
        repository: z
          .string()
          .regex(/^(https:\/\/|\/)\S+$/, { error: "the https:// address of a git repository, or an absolute path" })
          .default("https://github.com/openfoodfacts/robotoff"),
        commit: z
          .string()
          .regex(/^[0-9a-f]{40}$/, { error: "the commit that the image was built from, 40 hexadecimal digits" })
          .meta({ description: "Of the same version as images.robotoff: change both together" }),
        folder: text.hostPath.optional().meta({ description: "The checkout on the host. Left out: volumes" }),
      })
      .optional()
      .meta({ description: "What the image lacks (data, cache, datasets, models), brought to a commit by a job" }),
    folders: z
      .strictObject({
        data: text.hostPath.optional(),
        cache: text.hostPath.optional(),
        datasets: text.hostPath.optional(),
        models: text.hostPath.optional(),
        tritonModels: text.hostPath.optional(),
      })
      .prefault({})
      .meta({ description: "Host folders for the application's files, in place of the checkout's" }),
    externalNetworks: field.externalNetworks,
  })
  .refine((settings) => !settings.fasttext || settings.images.fasttext, {
    path: ["images", "fasttext"],
    error: "an image reference with a tag or digest, since fasttext is true",
  })
  .refine((settings) => !settings.enabled || settings.checkout || settings.folders.data, {
    path: ["checkout"],
    error: "the commit of images.robotoff (or folders.data): it does not start without its data folder",
  });
export type RobotoffSettings = z.infer<typeof robotoff>;
