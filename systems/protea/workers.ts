/** PROTEA's workers: one process a queue. Facts: upstream's scripts/worker.py and docs/upstream.md. */
import { PROTEA_WORKERS, type ProteaSettings, type ProteaWorker } from "../../config/protea.ts";
import { connectedTo } from "../healthchecks.ts";
import { completed, healthy, imageReference, ONLINE, serviceSpec, TMP, withSettings } from "../service-spec.ts";
import type { ServiceSpec } from "../spec.ts";
import { environment } from "./environment.ts";

const MIB = 2 ** 20;
const GIB = 2 ** 30;

/** Volumes of the application by short name, and where the image has them: it runs as root in /app. */
export const FOLDERS = {
  /** The NCBI taxonomy (ete3), over 100 MB, downloaded and built by whoever finds none. */
  taxonomy: "/root/.etetoolkit",
  /** Language models from HuggingFace. */
  model_cache: "/root/.cache/huggingface",
  /** Artefacts of evaluations and, without MinIO, of everything: workers write what the API serves. */
  artefacts: "/app/storage",
} as const;
type Folder = keyof typeof FOLDERS;

/** Mounts of these volumes. */
export const mounts = (...folders: Folder[]) =>
  folders.map((folder) => ({ source: folder, target: FOLDERS[folder], readOnly: false }));

/** The worker that builds the taxonomy; the others that need it start when it has. */
const TAXONOMY_BUILDER = "worker-jobs";

/** A first start downloads the taxonomy and builds it (167 s on two cores, measured) before it connects. */
const TAXONOMY_START = 10 * 60_000;

/** What the worker of a queue takes: bytes, and folders. The build of the taxonomy took 2,267 MiB, an idle worker 170. */
const QUEUES: Record<string, { memory: number; folders: Folder[] }> = {
  "protea.jobs": { memory: 3 * GIB, folders: ["taxonomy", "artefacts"] },
  "protea.embeddings": { memory: 2 * GIB, folders: [] },
  "protea.embeddings.batch": { memory: 4 * GIB, folders: ["model_cache"] },
  "protea.embeddings.write": { memory: 1 * GIB, folders: [] },
  "protea.predictions": { memory: 2 * GIB, folders: ["artefacts"] },
  "protea.predictions.batch": { memory: 4 * GIB, folders: ["taxonomy", "artefacts"] },
  "protea.predictions.write": { memory: 1 * GIB, folders: [] },
  "protea.evaluations": { memory: 2 * GIB, folders: ["artefacts"] },
  "protea.training": { memory: 8 * GIB, folders: ["taxonomy", "artefacts"] },
  "protea.ping": { memory: 512 * MIB, folders: [] },
};
const ANY_QUEUE = { memory: 2 * GIB, folders: ["artefacts"] satisfies Folder[] };

const COORDINATED = "protea.embeddings";
const COORDINATOR = "the coordinator serialises GPU access; two cause RetryLaterError storms";

/** Signals: 0.3.0 hears none while idle (docs/upstream.md); later ones give a job 30 s after SIGTERM, then put it back. */
function worker(settings: ProteaSettings, name: string, queue: string): ServiceSpec {
  const { memory, folders } = QUEUES[queue] ?? ANY_QUEUE;
  const taxonomy = folders.some((folder) => folder === "taxonomy");
  const known = QUEUES[queue] !== undefined;
  return serviceSpec({
    name,
    image: imageReference(settings.images.protea),
    command: ["python", "scripts/worker.py", "--queue", queue],
    environment: environment(settings),
    mounts: mounts(...folders),
    tmpfs: [TMP],
    // ete3 unpacks the taxonomy where it stands, in /app; what the worker of a queue unknown here writes is not known.
    readOnly: known && !taxonomy,
    // The taxonomy and models are downloaded; the others work on what is in the servers.
    networks: taxonomy || !known || folders.some((folder) => folder === "model_cache") ? ONLINE : ["servers"],
    healthcheck: { ...connectedTo(5672), ...(taxonomy ? { startPeriod: TAXONOMY_START } : {}) },
    memory,
    soleConsumer: queue === COORDINATED ? { queue, why: COORDINATOR } : undefined,
    stopGracePeriod: 40_000,
    needs: [
      ...healthy("postgres", "rabbitmq", "minio"),
      ...completed("migrate", "queues", "bucket"),
      // Two that build it at once, into one volume, would spoil it.
      ...(taxonomy && name !== TAXONOMY_BUILDER ? healthy(TAXONOMY_BUILDER) : []),
    ],
    externalNetworks: settings.externalNetworks,
  });
}

/** Marks jobs that run for too long as failed. No queue: it looks at the database alone, every 60 s. */
function reaper(settings: ProteaSettings): ServiceSpec {
  const seconds = (milliseconds: number) => String(Math.round(milliseconds / 1_000));
  return serviceSpec({
    name: "worker-reaper",
    image: imageReference(settings.images.protea),
    command: ["python", "scripts/worker.py", "--queue", PROTEA_WORKERS["worker-reaper"]],
    environment: {
      ...environment(settings),
      PROTEA_TUNING__WORKER__REAPER_MAIN_TIMEOUT_SECONDS: seconds(settings.reaper.jobTimeout),
      PROTEA_TUNING__WORKER__REAPER_STALL_SECONDS: seconds(settings.reaper.stall),
    },
    tmpfs: [TMP],
    healthcheck: connectedTo(5432),
    memory: 512 * MIB,
    needs: [...healthy("postgres"), ...completed("migrate")],
    externalNetworks: settings.externalNetworks,
  });
}

/** The workers that are always there; `services` of the stack file changes them. */
export function workers(settings: ProteaSettings): ServiceSpec[] {
  return (Object.keys(PROTEA_WORKERS) as ProteaWorker[]).map((name) => {
    if (name === "worker-reaper") return reaper(settings);
    const service = worker(settings, name, PROTEA_WORKERS[name]);
    const batchOnGpu = name === "worker-embeddings-batch" && settings.gpu;
    return batchOnGpu ? { ...service, memory: 8 * GIB, gpus: "all" } : service;
  });
}

/** The workers that the stack file adds. */
export function extraWorkers(settings: ProteaSettings): ServiceSpec[] {
  return settings.workers.map(({ name, queue, single, ...changes }, index) => {
    const base = worker(settings, name, queue);
    const why = "the stack file says single";
    return withSettings(
      single ? { ...base, soleConsumer: base.soleConsumer ?? { queue, why } } : base,
      `protea:workers[${index}]`,
      changes,
    );
  });
}
