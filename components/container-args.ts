/** From a service's description to a container's arguments. Pure: tests assert the whole result. */
import { createHash } from "node:crypto";
import { formatDuration } from "../config/units.ts";
import { containerName, networkName, type Service, type System } from "../systems/description.ts";

const mebibytes = (bytes: number | undefined) => (bytes === undefined ? undefined : Math.round(bytes / 2 ** 20));
const seconds = (milliseconds: number) => Math.ceil(milliseconds / 1_000);

/** Label on everything this program makes: which stack it belongs to. */
export const STACK_LABEL = "robotoff-protea.stack";

/**
 * The labels that make an object a member of its Compose project, so that `docker compose -p PROJECT …` works.
 * https://github.com/docker/compose/blob/main/pkg/api/labels.go
 */
export function projectLabels(system: Pick<System, "project">, stack: string): Record<string, string> {
  return { "com.docker.compose.project": system.project, [STACK_LABEL]: stack };
}

/** Labels in the Docker provider's form. */
export function labelList(labels: Record<string, string>): { label: string; value: string }[] {
  return Object.entries(labels).map(([label, value]) => ({ label, value }));
}

/**
 * What a container cannot change while it exists. A label can neither, so what it can (memory, restart policy) and
 * what is not its own (its siblings' number) stay out of the hash.
 */
function configHash(service: Service): string {
  const { memory, memoryReservation, restart, replicas, single, path, urls, dataPorts, ...fixed } = service;
  return createHash("sha256").update(JSON.stringify(fixed)).digest("hex");
}

function composeLabels(system: System, service: Service, n: number, stack: string): Record<string, string> {
  const needs = service.needs.map((need) => `${need.service}:${need.condition}:false`);
  return {
    ...projectLabels(system, stack),
    "com.docker.compose.service": service.name,
    "com.docker.compose.container-number": String(n),
    "com.docker.compose.oneoff": "False",
    // Compose starts and stops in the order of what needs what.
    "com.docker.compose.depends_on": needs.join(","),
    // Compose warns about a project without them; there is no compose file.
    "com.docker.compose.project.config_files": "",
    "com.docker.compose.project.working_dir": "",
    "com.docker.compose.config-hash": configHash(service),
  };
}

/** Arguments of docker.Container, except those only known at run time: image label and environment. */
export type ContainerArguments = ReturnType<typeof containerArguments>;

/**
 * The arguments of the n-th container of a service.
 * @param n from 1
 * @param stack the stack's name, for the label
 * @param keepAnonymousVolumes what an image keeps outside its declared mounts outlives the container
 */
export function containerArguments(
  system: System,
  service: Service,
  n: number,
  stack: string,
  keepAnonymousVolumes: boolean,
) {
  const job = service.kind === "job";
  const check = job ? undefined : service.healthcheck;
  return {
    name: containerName(system, service.name, n),
    image: service.image,
    entrypoints: service.entrypoint,
    command: service.command,
    hostname: service.hostname,
    user: service.user,
    labels: composeLabels(system, service, n, stack),
    networksAdvanced: [
      { name: networkName(system), aliases: [service.name] },
      ...service.externalNetworks.map((name) => ({ name })),
    ],
    ports: service.ports.map((port) => ({
      internal: port.container,
      external: port.host,
      ip: port.address,
      protocol: port.protocol,
    })),
    mounts: service.mounts.map((mount) => {
      if (mount.source.startsWith("/"))
        return { type: "bind", source: mount.source, target: mount.target, readOnly: mount.readOnly };
      const volume = system.volumes.find((known) => known.name === mount.source);
      if (!volume) throw new Error(`${service.path}: no volume "${mount.source}"`);
      return { type: "volume", source: volume.dockerName, target: mount.target, readOnly: mount.readOnly };
    }),
    uploads: service.files.map((file) => ({ file: file.path, content: file.content })),
    healthcheck: check && {
      tests: check.test,
      interval: formatDuration(check.interval),
      timeout: formatDuration(check.timeout),
      retries: check.retries,
      startPeriod: formatDuration(check.startPeriod),
      startInterval: formatDuration(check.startInterval),
    },
    // Created and its readiness awaited: what depends on it starts when it is healthy. A job is run by its Command.
    wait: check !== undefined,
    waitTimeout: check && seconds(check.startPeriod + check.retries * (check.interval + check.timeout)),
    start: !job,
    mustRun: !job,
    restart: service.restart,
    memory: mebibytes(service.memory),
    // Declared although equal: memory without it differs after every refresh.
    memorySwap: mebibytes(service.memory),
    memoryReservation: mebibytes(service.memoryReservation),
    shmSize: mebibytes(service.shmSize),
    cpus: service.cpus === undefined ? undefined : String(service.cpus),
    gpus: service.gpus,
    ulimits: service.ulimits,
    stopSignal: service.stopSignal,
    stopTimeout: seconds(service.stopGracePeriod),
    // Without it the provider kills at once.
    destroyGraceSeconds: seconds(service.stopGracePeriod),
    // A job's hold nothing: its image may declare a volume for the server that it is not.
    removeVolumes: job || !keepAnonymousVolumes,
    logDriver: "json-file",
    logOpts: { "max-size": "10m", "max-file": "3" },
    securityOpts: ["no-new-privileges:true"],
  };
}
