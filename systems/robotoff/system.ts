/** Robotoff, service by service. Facts: the runbook "Services maintenance" and upstream's docker-compose.yml. */
import type { CopySettings } from "../../config/host.ts";
import type { RobotoffSettings } from "../../config/robotoff.ts";
import type { ServiceSpec, SystemSpec } from "../spec.ts";
import { backupCopy } from "../servers/backup-copy.ts";
import { elasticsearch } from "../servers/elasticsearch.ts";
import { backupVolumes, migratable, withBackup } from "../servers/postgres-backup.ts";
import { postgres } from "../servers/postgres.ts";
import { redis } from "../servers/redis.ts";
import { triton } from "../servers/triton.ts";
import { httpAnswers, listeningOn } from "../healthchecks.ts";
import {
  completed,
  healthy,
  imageReference,
  loopback,
  NOBODY,
  ONLINE,
  serviceSpec,
  withSettings,
} from "../service-spec.ts";
import { backupServices } from "./backup-services.ts";
import { environment } from "./environment.ts";
import { reporting, robotoffExporters } from "./exporters.ts";
import {
  afterCheckout,
  checkoutJob,
  folderMounts,
  languageModelJob,
  source,
  tritonModels,
  volumes,
} from "./folders.ts";
import { asleep, connectedToServer, LOADING } from "./healthchecks.ts";
import { poolServices } from "./workers.ts";

const GIB = 2 ** 30;

/**
 * Describes Robotoff.
 * @param settings `robotoff:` of the stack file
 * @param has whether the stack has a secret, by its key
 * @param backups the host's folder of backups, absolute; undefined: none are made
 * @param copy where they are copied to
 */
export function describeRobotoff(
  settings: RobotoffSettings,
  has: (secret: string) => boolean,
  backups?: string,
  copy?: CopySettings,
): SystemSpec {
  const image = imageReference(settings.images.robotoff);
  const app = (name: string, memory: number, needs: ServiceSpec["needs"], rest: Partial<ServiceSpec>) =>
    serviceSpec({
      name,
      image,
      // The image's own is in shell form: the shell stays process 1, and the signal to stop is lost (docs/upstream.md).
      entrypoint: ["/docker-entrypoint.sh"],
      environment: environment(settings, has),
      mounts: [
        ...folderMounts(settings),
        { source: "tmp", target: "/tmp", readOnly: false },
        { source: "home_cache", target: "/home/off/.cache", readOnly: false },
      ],
      // The key of its batch jobs, which it writes (GOOGLE_CREDENTIALS).
      tmpfs: [{ target: "/opt/robotoff/credentials", size: 2 ** 20 }],
      memory,
      needs,
      // The website's API, pictures, product updates, models of others.
      networks: ONLINE,
      externalNetworks: settings.externalNetworks,
      // rq finishes the job at hand on SIGTERM (a warm shutdown).
      stopGracePeriod: 30_000,
      ...rest,
    });
  // With the data that it reads, and the tables of its version.
  const checkout = checkoutJob(settings);
  const migrated = completed("migrate", ...checkout.map((job) => job.name));
  const run = (...command: string[]) => ["python", "-m", "robotoff", ...command];

  const database = postgres({
    image: imageReference(settings.images.postgres),
    database: settings.postgres.database,
    user: settings.postgres.user,
    password: "robotoff:postgresPassword",
    volume: "postgres-data",
    temporary: "postgres-tmp",
    tuning: { ...settings.postgres, path: "robotoff:postgres" },
    ports: [loopback(5501, 5432)],
    memory: 20 * GIB,
    shmSize: 1 * GIB,
  });
  const withDumps = {
    ...database,
    mounts: [...database.mounts, { source: "backup", target: "/opt/robotoff-backups", readOnly: false }],
  };
  const queues = redis({
    image: imageReference(settings.images.redis),
    appendOnly: settings.redis.appendOnly,
    volume: "redis-data",
    ports: [loopback(5502, 6379)],
    memory: 4 * GIB,
  });
  const search = elasticsearch({
    image: imageReference(settings.images.elasticsearch),
    security: settings.elasticsearch.security,
    password: "robotoff:elasticPassword",
    heap: { bytes: settings.elasticsearch.heap, path: "robotoff:elasticsearch.heap" },
    mounts: [
      { source: "es-data", target: "/usr/share/elasticsearch/data", readOnly: false },
      { source: "es-logs", target: "/usr/share/elasticsearch/logs", readOnly: false },
      { source: "elasticsearch_tmp", target: "/tmp", readOnly: false },
    ],
    snapshots: backups !== undefined,
    ports: [],
    memory: 15 * GIB,
  });
  const backedUp =
    backups === undefined ? [] : backupServices(settings, { redis: queues, elasticsearch: search }, backups);
  // With the containers of their backups: what came up empty is filled after the last of these, and before any application starts.
  const filled = healthy(...backedUp.map(({ name }) => name));
  const redisFilled = [...healthy("redis"), ...filled];
  const queueServers = [...healthy("postgres"), ...redisFilled, ...migrated];
  const servers = [
    ...(backups === undefined ? [withDumps] : withBackup(withDumps, "robotoff", backupVolumes("-"), backups)),
    ...(backups === undefined || !copy ? [] : [backupCopy("robotoff", settings.project, backups, copy)]),
    queues,
    search,
    ...backedUp,
  ];
  const model = triton({
    image: imageReference(settings.images.triton),
    models: tritonModels(settings),
    ports: [loopback(5503, 8000), loopback(5504, 8001), loopback(5505, 8002)],
    memory: 30 * GIB,
  });
  const application = [
    app("migrate", 6 * GIB, migratable(backups), { kind: "job", command: run("migrate-db"), restart: "no", networks: ["servers"] }),
    // Nothing waits for it: the index is written to by jobs and read by searches, not at any start.
    app("init-elasticsearch", 1 * GIB, [...healthy("elasticsearch"), ...filled], {
      kind: "job",
      command: run("init-elasticsearch"),
      restart: "no",
      networks: ["servers"],
    }),
    app("api", 6 * GIB, [...queueServers, ...healthy("elasticsearch", ...(settings.exporters ? ["statsd"] : []))], {
      // Upstream's own command: declaring the entrypoint takes it away.
      command: ["gunicorn", "--config", "/opt/robotoff/gunicorn.py", ...(settings.exporters ? reporting(settings) : []), "--log-file=-", "robotoff.app.api:api"],
      ports: [loopback(5500, 5500)],
      // Asks no backend; /api/v1/health asks six, the public website among them (operations/health.ts).
      healthcheck: { ...httpAnswers(5500, "/api/v1/status"), startPeriod: LOADING },
      urls: { api: "http://{5500}/api/v1/health" },
    }),
    app("scheduler", 6 * GIB, queueServers, {
      command: run("run-scheduler"),
      healthcheck: asleep("run-scheduler"),
      stopSignal: "SIGINT",
    }),
    app("update-listener", 1 * GIB, [...redisFilled, ...migrated], {
      command: run("run-update-listener"),
      healthcheck: connectedToServer("REDIS_UPDATE_HOST", "REDIS_UPDATE_PORT"),
      stopSignal: "SIGINT",
    }),
  ]; // prettier-ignore
  const optional = [
    ...(settings.triton.run ? [model] : []),
    ...(settings.fasttext ? [languageModelJob(settings), fasttext(settings)] : []),
    ...(settings.exporters ? robotoffExporters(settings) : []),
  ];
  const named = [...servers, ...checkout, ...optional, ...application].map((base) =>
    withSettings(
      afterCheckout(settings, base),
      `robotoff:services.${base.name}`,
      settings.services[base.name as keyof typeof settings.services],
    ),
  );
  const pools = settings.workers.flatMap((pool, index) =>
    poolServices(pool, `robotoff:workers[${index}]`, (name) =>
      app(name, 8 * GIB, queueServers, { healthcheck: connectedToServer("REDIS_HOST", "REDIS_PORT") }),
    ),
  );
  return {
    name: "robotoff",
    project: settings.project,
    externalNetwork: settings.network.external,
    separator: "_",
    services: [...named, ...pools],
    volumes: volumes(settings, backups !== undefined),
  };
}

/** The language identification server; its model, lid.176.bin, is in Robotoff's models folder. */
function fasttext(settings: RobotoffSettings): ServiceSpec {
  return serviceSpec({
    name: "fasttext",
    server: true,
    image: imageReference(settings.images.fasttext!),
    entrypoint: ["fasttext-serving"],
    command: ["--model=/models/lid.176.bin", "--port", "8000", "--address", "0.0.0.0"],
    mounts: [{ ...source(settings, "models"), target: "/models", readOnly: true }],
    healthcheck: listeningOn(8000),
    memory: 4 * GIB,
    user: NOBODY,
    needs: completed("langid-model"),
  });
}
