/** From a service's description to a container's arguments. Pure: tests assert the whole result. */
import { formatDuration, type Mount } from "../../config/units.ts";
import {
  containerName,
  containersOf,
  LOGGING,
  networkName,
  nameServers,
  SECURITY_OPTIONS,
  type ServiceSpec,
  type SystemSpec,
  type Tmpfs,
} from "../../systems/spec.ts";
import { configHash, containerLabels } from "./labels.ts";
import { entrypointOf } from "./secrets.ts";

const mebibytes = (bytes: number | undefined) => (bytes === undefined ? undefined : Math.round(bytes / 2 ** 20));
/**
 * How long a container may take to become healthy, in seconds: as long as Docker needs to call it unhealthy.
 * Undefined: it has no check.
 */
export function patience({ healthcheck: check }: ServiceSpec): number | undefined {
  return check && seconds(check.startPeriod + check.retries * (check.interval + check.timeout));
}

/** The arguments of hosts/scripts/healthy.sh: each container of these services that has a health check, and its seconds. */
export function healthArguments(system: SystemSpec, services: ServiceSpec[]): string[] {
  return containersOf({ ...system, services }).flatMap(({ service, name }) => {
    const limit = patience(service);
    return limit === undefined ? [] : [`${name}=${limit}`];
  });
}

/**
 * The arguments of hosts/scripts/pids-limit.sh: LIMIT:CONTAINER,CONTAINER…. The Docker provider has no argument for it
 * (docs/decisions/least-privilege.md).
 */
export function pidsLimitArguments(system: SystemSpec): string[] {
  const names = new Map<number, string[]>();
  for (const { service, name } of containersOf(system))
    names.set(service.pidsLimit, [...(names.get(service.pidsLimit) ?? []), name]);
  return [...names].sort(([a], [b]) => a - b).map(([limit, all]) => `${limit}:${all.join(",")}`);
}

const seconds = (milliseconds: number) => Math.ceil(milliseconds / 1_000);

/** As `docker run --tmpfs`: Docker's own defaults let nothing in it be run, be a device or change users. */
const tmpfsOptions = ({ size }: Tmpfs) => `mode=1777,size=${size}`;

function mountArgument(system: SystemSpec, service: ServiceSpec, { source, target, readOnly }: Mount) {
  if (source.startsWith("/")) return { type: "bind", source, target, readOnly };
  const volume = system.volumes.find((known) => known.name === source);
  if (!volume) throw new Error(`${service.path}: no volume "${source}"`);
  return { type: "volume", source: volume.dockerName, target, readOnly };
}

/** What a container cannot change while it exists; of the environment, secrets by their names. */
function fixed(system: SystemSpec, service: ServiceSpec) {
  const check = service.healthcheck;
  return {
    image: service.image,
    entrypoints: entrypointOf(service),
    command: service.command,
    hostname: service.hostname,
    user: service.user,
    networksAdvanced: [
      ...service.networks.map((network) => ({ name: networkName(system, network), aliases: [service.name] })),
      ...service.externalNetworks.map((name) => ({ name })),
    ] as { name: string; aliases?: string[] }[],
    dns: nameServers(service),
    // As the provider lists them.
    ports: [...service.ports]
      .sort((one, other) => one.container - other.container)
      .map((port) => ({
        internal: port.container,
        external: port.host,
        ip: port.address,
        protocol: port.protocol,
      })),
    mounts: service.mounts.map((mount) => mountArgument(system, service, mount)),
    uploads: service.files.map((file) => ({ file: file.path, content: file.content })),
    healthcheck: check && {
      tests: check.test,
      interval: formatDuration(check.interval),
      timeout: formatDuration(check.timeout),
      retries: check.retries,
      startPeriod: formatDuration(check.startPeriod),
      startInterval: formatDuration(check.startInterval),
    },
    shmSize: mebibytes(service.shmSize),
    cpus: service.cpus === undefined ? undefined : String(service.cpus),
    gpus: service.gpus,
    ulimits: service.ulimits,
    stopSignal: service.stopSignal,
    stopTimeout: seconds(service.stopGracePeriod),
    logDriver: LOGGING.driver,
    logOpts: LOGGING.options,
    securityOpts: SECURITY_OPTIONS,
    capabilities: { adds: service.capAdd.map((name) => `CAP_${name}`).sort(), drops: ["ALL"] },
    readOnly: service.readOnly,
    tmpfs: Object.fromEntries(service.tmpfs.map((folder) => [folder.target, tmpfsOptions(folder)])),
  };
}

/** What the Docker provider changes in place (`docker update`). */
function changeable(service: ServiceSpec) {
  return {
    restart: service.restart,
    cpuShares: service.cpuShares,
    memory: mebibytes(service.memory),
    // Declared although equal: memory without it differs after every refresh.
    memorySwap: mebibytes(service.memory),
    memoryReservation: mebibytes(service.memoryReservation),
  };
}

/** How the provider makes and removes the container; the container itself does not have it. */
function handling(service: ServiceSpec, keepAnonymousVolumes: boolean) {
  const job = service.kind === "job";
  return {
    // Nobody waits here: a Command does, for as long as it takes and no longer. A job is run by its Command.
    start: !job,
    mustRun: !job,
    // Without it the provider kills at once.
    destroyGraceSeconds: seconds(service.stopGracePeriod),
    // A job's hold nothing: its image may declare a volume for the server that it is not.
    removeVolumes: job || !keepAnonymousVolumes,
  };
}

/** Arguments of docker.Container, except those only known at run time (the image's label, the folder of secrets), and the environment. */
export type ContainerArguments = ReturnType<typeof containerArguments>;

/**
 * The arguments of the n-th container of a service.
 * @param n from 1
 * @param stack the stack's name, for the label
 * @param keepAnonymousVolumes what an image keeps outside its declared mounts outlives the container
 */
export function containerArguments(
  system: SystemSpec,
  service: ServiceSpec,
  n: number,
  stack: string,
  keepAnonymousVolumes: boolean,
) {
  const unchanging = fixed(system, service);
  // A label cannot change while the container exists, so what can (memory, restart policy) stays out of the hash.
  const hash = configHash({ ...unchanging, environment: service.environment });
  return {
    name: containerName(system, service.name, n),
    labels: containerLabels(system, service, n, stack, hash),
    ...unchanging,
    ...changeable(service),
    ...handling(service, keepAnonymousVolumes),
  };
}
