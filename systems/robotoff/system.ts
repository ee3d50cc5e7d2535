/** Robotoff, service by service. Facts: the runbook "Services maintenance" and upstream's docker-compose.yml. */
import type { RobotoffSettings, WorkerPool } from "../../config/robotoff.ts";
import { networkName, type EnvironmentValue, type ServiceSpec, type SystemSpec } from "../spec.ts";
import { elasticsearch } from "../servers/elasticsearch.ts";
import { postgres } from "../servers/postgres.ts";
import { redis } from "../servers/redis.ts";
import { triton } from "../servers/triton.ts";
import { REPORTING_API, robotoffExporters } from "./exporters.ts";
import { connectedTo, healthcheck, httpAnswers, listeningOn } from "../healthchecks.ts";
import { completed, healthy, imageReference, loopback, serviceSpec, withSettings } from "../service-spec.ts";

const GIB = 2 ** 30;
const FOLDERS = ["data", "cache", "datasets", "models"] as const;

/** The variables every Robotoff process gets. Names with the network's suffix: on a shared network `redis` may be another's. */
function environment(settings: RobotoffSettings, has: (secret: string) => boolean): Record<string, EnvironmentValue> {
  const at = (name: string) => `${name}.${networkName(settings)}`;
  const secrets = {
    POSTGRES_PASSWORD: "robotoff:postgresPassword",
    ELASTIC_PASSWORD: "robotoff:elasticPassword",
    OFF_PASSWORD: "robotoff:offPassword",
    SENTRY_DSN: "robotoff:sentryDsn",
    INFLUXDB_AUTH_TOKEN: "robotoff:influxdbAuthToken",
    GOOGLE_CREDENTIALS: "robotoff:googleCredentials",
    BATCH_JOB_KEY: "robotoff:batchJobKey",
  };
  return {
    ROBOTOFF_INSTANCE: settings.instance,
    ROBOTOFF_TLD: settings.tld,
    LOG_LEVEL: "INFO",
    POSTGRES_HOST: at("postgres"),
    POSTGRES_DB: settings.postgres.database,
    POSTGRES_USER: settings.postgres.user,
    REDIS_HOST: at("redis"),
    // What `rq info` reads, so that it needs no arguments.
    RQ_REDIS_URL: `redis://${at("redis")}:6379`,
    REDIS_UPDATE_HOST: settings.redisUpdates.host ?? at("redis"),
    REDIS_UPDATE_PORT: String(settings.redisUpdates.port),
    REDIS_STREAM_NAME: settings.redisUpdates.stream,
    ELASTIC_HOST: at("elasticsearch"),
    ELASTIC_USER: "elastic",
    DEFAULT_TRITON_URI: settings.triton.run ? `${at("triton")}:8001` : settings.triton.uri!,
    ...(settings.fasttext ? { FASTTEXT_HOST: at("fasttext"), FASTTEXT_PORT: "8000" } : {}),
    NUM_RQ_WORKERS: String(settings.highPriorityQueues),
    ...settings.environment,
    ...Object.fromEntries(
      Object.entries(secrets)
        .filter(([, key]) => has(key))
        .map(([name, key]) => [name, { secret: key }]),
    ),
  };
}

/** A pool's services: NAME-1 … NAME-n of one container each, or one service NAME of n containers. */
function poolServices(pool: WorkerPool, path: string, base: (name: string) => ServiceSpec): ServiceSpec[] {
  const { name, replicas, numbered, queues, ...changes } = pool;
  const worker = (service: string, n: number, containers: number) =>
    withSettings(
      {
        ...base(service),
        command: ["python", "-m", "robotoff", "run-worker", ...queues.map((queue) => queue.replace("{n}", String(n)))],
        replicas: containers,
      },
      path,
      changes,
    );
  if (!numbered) return [worker(name, 1, replicas)];
  return Array.from({ length: replicas }, (_, index) => worker(`${name}-${index + 1}`, index + 1, 1));
}

/**
 * Describes Robotoff.
 * @param settings `robotoff:` of the stack file
 * @param has whether the stack has a secret, by its key
 */
export function describeRobotoff(settings: RobotoffSettings, has: (secret: string) => boolean): SystemSpec {
  const image = imageReference(settings.images.robotoff);
  const folder = (name: (typeof FOLDERS)[number]) => settings.folders[name] ?? name;
  const models = settings.folders.tritonModels ?? "triton-models";

  const app = (name: string, memory: number, needs: ServiceSpec["needs"], rest: Partial<ServiceSpec>) =>
    serviceSpec({
      name,
      image,
      environment: environment(settings, has),
      mounts: [
        ...FOLDERS.map((name) => ({ source: folder(name), target: `/opt/robotoff/${name}`, readOnly: false })),
        { source: "tmp", target: "/tmp", readOnly: false },
        { source: "home_cache", target: "/home/off/.cache", readOnly: false },
      ],
      memory,
      needs,
      externalNetworks: settings.externalNetworks,
      // rq finishes the job at hand on SIGTERM (a warm shutdown).
      stopGracePeriod: 30_000,
      ...rest,
    });
  const migrated = completed("migrate");
  const queueServers = [...healthy("postgres", "redis"), ...migrated];
  const run = (...command: string[]) => ["python", "-m", "robotoff", ...command];

  const servers = [
    postgres({
      image: imageReference(settings.images.postgres),
      database: settings.postgres.database,
      user: settings.postgres.user,
      password: "robotoff:postgresPassword",
      volume: "postgres-data",
      tuning: { ...settings.postgres, path: "robotoff:postgres" },
      ports: [loopback(5501, 5432)],
      memory: 20 * GIB,
      shmSize: 1 * GIB,
    }),
    redis({
      image: imageReference(settings.images.redis),
      appendOnly: settings.redis.appendOnly,
      volume: "redis-data",
      ports: [loopback(5502, 6379)],
      memory: 4 * GIB,
    }),
    elasticsearch({
      image: imageReference(settings.images.elasticsearch),
      security: settings.elasticsearch.security,
      password: "robotoff:elasticPassword",
      heap: { bytes: settings.elasticsearch.heap, path: "robotoff:elasticsearch.heap" },
      mounts: [
        { source: "es-data", target: "/usr/share/elasticsearch/data", readOnly: false },
        { source: "es-logs", target: "/usr/share/elasticsearch/logs", readOnly: false },
        { source: "elasticsearch_tmp", target: "/tmp", readOnly: false },
      ],
      ports: [],
      memory: 15 * GIB,
    }),
  ].map((server) =>
    server.name === "postgres"
      ? {
          ...server,
          mounts: [...server.mounts, { source: "backup", target: "/opt/robotoff-backups", readOnly: false }],
        }
      : server,
  );
  const model = triton({
    image: imageReference(settings.images.triton),
    models,
    ports: [loopback(5503, 8000), loopback(5504, 8001), loopback(5505, 8002)],
    memory: 30 * GIB,
  });
  const application = [
    app("migrate", 6 * GIB, healthy("postgres"), { kind: "job", command: run("migrate-db"), restart: "no" }),
    app("api", 6 * GIB, [...healthy("postgres", "redis", "elasticsearch"), ...migrated], {
      command: settings.exporters ? REPORTING_API : undefined,
      ports: [loopback(5500, 5500)],
      healthcheck: httpAnswers(5500, "/api/v1/health"),
      urls: { api: "http://{5500}/api/v1/health" },
    }),
    app("scheduler", 6 * GIB, queueServers, {
      command: run("run-scheduler"),
      // It keeps no connection between two runs, so what can be asked is whether process 1 is the scheduler still.
      healthcheck: healthcheck(["CMD", "grep", "-q", "run-scheduler", "/proc/1/cmdline"]),
    }),
    app("update-listener", 1 * GIB, [...healthy("redis"), ...migrated], {
      command: run("run-update-listener"),
      healthcheck: connectedTo(settings.redisUpdates.port),
    }),
  ];
  const optional = [
    ...(settings.triton.run ? [model] : []),
    ...(settings.fasttext ? [fasttext(settings, folder("models"))] : []),
    ...(settings.exporters ? robotoffExporters(settings) : []),
  ];
  const named = [...servers, ...optional, ...application].map((base) =>
    withSettings(
      base,
      `robotoff:services.${base.name}`,
      settings.services[base.name as keyof typeof settings.services],
    ),
  );
  const pools = settings.workers.flatMap((pool, index) =>
    poolServices(pool, `robotoff:workers[${index}]`, (name) =>
      app(name, 8 * GIB, queueServers, { healthcheck: connectedTo(6379) }),
    ),
  );
  return {
    name: "robotoff",
    project: settings.project,
    separator: "_",
    services: [...named, ...pools],
    volumes: volumes(settings),
  };
}

/** The language identification server; its model, lid.176.bin, is in Robotoff's models folder. */
function fasttext(settings: RobotoffSettings, models: string): ServiceSpec {
  return serviceSpec({
    name: "fasttext",
    server: true,
    image: imageReference(settings.images.fasttext!),
    entrypoint: ["fasttext-serving"],
    command: ["--model=/models/lid.176.bin", "--port", "8000", "--address", "0.0.0.0"],
    mounts: [{ source: models, target: "/models", readOnly: true }],
    healthcheck: listeningOn(8000),
    memory: 4 * GIB,
  });
}

/** Robotoff's volumes: upstream's, those of folders that the host does not provide, and what the stack file adds. */
function volumes(settings: RobotoffSettings): SystemSpec["volumes"] {
  const folders = FOLDERS.filter((name) => settings.folders[name] === undefined);
  const names = [
    "postgres-data", "es-data", "es-logs", "redis-data", "backup", "tmp", "home_cache", "elasticsearch_tmp",
    ...folders,
    ...(settings.triton.run && !settings.folders.tritonModels ? ["triton-models"] : []),
  ]; // prettier-ignore
  return [...new Set([...names, ...Object.keys(settings.volumes)])].map((name) => ({
    name,
    dockerName: settings.volumes[name]?.name ?? `${settings.project}_${name}`,
    external: settings.volumes[name]?.external ?? false,
  }));
}
