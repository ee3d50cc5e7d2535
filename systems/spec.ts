/**
 * What a service is, in Compose's words and free of any engine: engines/docker turns it into a container's arguments,
 * engines/compose into a service of a compose file.
 */
import type { Mount, Port } from "../config/units.ts";

/** Where a container has its secrets: a file for each variable, by its name. */
export const SECRETS = "/run/secrets";

/** A secret of the stack, by its configuration key (`protea:postgresPassword`). Its value is nowhere in a description. */
export interface SecretReference {
  secret: string;
  /** `url`: percent-encoded, for a password within a URL. */
  encode?: "url";
}

/** An environment value: plain text, one secret, or text with secrets in it. */
export type EnvironmentValue = string | SecretReference | (string | SecretReference)[];

/** A health check. Durations in milliseconds. */
export interface HealthCheck {
  /** Docker's list form: `["CMD", …]` or `["CMD-SHELL", "…"]`. */
  test: string[];
  interval: number;
  timeout: number;
  /** Consecutive failures that make it unhealthy. */
  retries: number;
  /** Time to start in: failures do not count, and checks run every `startInterval`. */
  startPeriod: number;
  startInterval: number;
}

/** One thing that must have happened before a service starts (Compose's `depends_on` conditions). */
export interface Need {
  service: string;
  condition: "service_healthy" | "service_completed_successfully";
}

/** Memory that a server takes for itself as soon as it runs: more than its limit, and it is killed for ever. */
export interface MemoryNeed {
  /** Its name, for a person: `shared_buffers`. */
  what: string;
  bytes: number;
  /** Where the stack file says it. */
  path: string;
}

/** A folder in memory that everybody in the container may write to. */
export interface Tmpfs {
  target: string;
  /** Bytes at most. */
  size: number;
}

/** A container's log: three files of 10 MB, the oldest goes. Docker's default grows until the disk is full. */
export const LOGGING = { driver: "json-file", options: { "max-size": "10m", "max-file": "3" } };

/** No process gains rights that its container was not started with (CIS Docker Benchmark 5.26). */
export const SECURITY_OPTIONS = ["no-new-privileges:true"];

/**
 * A system's own networks. `servers`: its databases, queues and whoever uses them; there is no way out of it. `default`: whoever must
 * reach what is outside. In this order: of two that have a gateway, Docker takes that of the network whose name comes first.
 */
export const OWN_NETWORKS = ["default", "servers"] as const;
export type OwnNetwork = (typeof OWN_NETWORKS)[number];

/**
 * Options of a network's driver. Without masquerading no answer finds the way back from outside; of a network that is `internal`
 * Docker would publish no port, and the servers' are published to the host.
 * https://docs.docker.com/engine/network/drivers/bridge/#options
 */
export const NETWORK_OPTIONS: Partial<Record<OwnNetwork, Record<string, string>>> = {
  servers: { "com.docker.network.bridge.enable_ip_masquerade": "false" },
};

/**
 * The name server of who is in no network with a way out: none. Docker's own knows the containers, and asks this one, of the container
 * itself, for all other names. Otherwise it would ask a host's name server on loopback (systemd-resolved) for them, which is a way out.
 */
const NO_NAMES = ["127.0.0.1"];

/** A service (runs for ever) or a job (runs to its end, exit code 0). */
export interface ServiceSpec {
  /** Compose service name, unique within its system. */
  name: string;
  kind: "service" | "job";
  /** Serves the applications (a database, a queue, models): it stays when they alone are stopped. */
  server: boolean;
  /** Where the stack file changes it: `robotoff:services.api`, `robotoff:workers[0]`. */
  path: string;
  /** Image reference. */
  image: string;
  /** Undefined: the image's own. */
  entrypoint?: string[];
  command?: string[];
  /** Fixed host name; undefined: Docker's choice, the container's id. */
  hostname?: string;
  user?: string;
  environment: Record<string, EnvironmentValue>;
  /**
   * How its processes get the variables that have a secret in them; each is a file, none stands in the container's configuration
   * (docs/decisions/secrets.md). `variables`: a shell reads them before the entrypoint; the image's own entrypoint and command have to be
   * declared then. `files`: NAME_FILE has the file's path, for an image that reads it, or for programs that are run in it later.
   */
  secrets: "variables" | "files";
  ports: Port[];
  /** The ports (of the container) that carry data: never on a public address. */
  dataPorts: number[];
  mounts: Mount[];
  /** Files written into the container before it starts; never secrets, which are in `environment`. */
  files: { path: string; content: string }[];
  /** A job has none: its exit code says all. */
  healthcheck?: HealthCheck;
  restart: "no" | "always" | "unless-stopped" | "on-failure";
  /** Number of containers. */
  replicas: number;
  /** Why there may be at most one container; undefined: any number. */
  single?: string;
  /** A queue that has exactly one consumer, whichever services consume it, and why; undefined: any number. */
  soleConsumer?: { queue: string; why: string };
  /** Bytes. Swap is not granted beyond it. */
  memory: number;
  /** What of it the program takes at once. */
  memoryNeeds: MemoryNeed[];
  /** Bytes the host keeps for it. */
  memoryReservation?: number;
  /** Bytes of /dev/shm. */
  shmSize?: number;
  /** Cores, for instance 1.5; undefined: no limit. */
  cpus?: number;
  /** Its weight where all want more cores than there are (5.12; Docker's default: 1024). No limit: idle cores are anybody's. */
  cpuShares: number;
  /** Docker's --gpus, for instance `all`. */
  gpus?: string;
  ulimits: { name: string; soft: number; hard: number }[];
  /** The kernel's capabilities that it keeps, as Docker names them (`CHOWN`): all others are dropped (CIS Docker Benchmark 5.4). */
  capAdd: string[];
  /** Its root file system cannot be written to (5.13): where it writes there are mounts and `tmpfs`. */
  readOnly: boolean;
  /** Folders in memory, which go when it stops; what is in them counts as its memory. */
  tmpfs: Tmpfs[];
  /** Processes and threads that it may have at a time (5.29). */
  pidsLimit: number;
  stopSignal?: string;
  /** Milliseconds between the stop signal and SIGKILL. */
  stopGracePeriod: number;
  needs: Need[];
  /** Which of the system's own networks it is in. */
  networks: OwnNetwork[];
  /** Names of existing networks it joins besides the system's own. */
  externalNetworks: string[];
  /** What a person opens or calls, by label; `{5500}` stands for where container port 5500 is published. */
  urls: Record<string, string>;
}

/** A volume of a system. */
export interface Volume {
  /** Short name, as services mount it. */
  name: string;
  /** Docker's name. */
  dockerName: string;
  /** Exists already: referenced, never created or destroyed. */
  external: boolean;
}

/** A system: one Compose project. */
export interface SystemSpec {
  name: "robotoff" | "protea" | "monitoring";
  /** Compose project name; the container, volume and network names begin with it. */
  project: string;
  /** Between the parts of a container's name: `_` (robotoff_api_1) or `-` (protea-api-1), as the runbooks have them. */
  separator: "_" | "-";
  /** Its network `default` exists already: referenced, never created or destroyed. Default: false. */
  externalNetwork?: boolean;
  services: ServiceSpec[];
  volumes: Volume[];
}

/** Docker's name of a service's n-th container (n from 1). */
export function containerName(system: Pick<SystemSpec, "project" | "separator">, service: string, n: number): string {
  return [system.project, service, n].join(system.separator);
}

/** A system's containers in the order of the description, with their service and Docker's name. */
export function containersOf(system: SystemSpec): { service: ServiceSpec; name: string }[] {
  return system.services.flatMap((service) =>
    Array.from({ length: service.replicas }, (_, index) => ({
      service,
      name: containerName(system, service.name, index + 1),
    })),
  );
}

/** Docker's names of all a system's containers. */
export function containerNames(system: SystemSpec): string[] {
  return containersOf(system).map(({ name }) => name);
}

/** Docker's name of one of a system's own networks, as Compose would name it. */
export function networkName(system: Pick<SystemSpec, "project">, network: OwnNetwork): string {
  return `${system.project}_${network}`;
}

/** Whether a system's network is somebody else's: compose's, of a deployment that was adopted. `servers` never is. */
export const isExternal = (system: SystemSpec, network: OwnNetwork): boolean =>
  network === "default" && system.externalNetwork === true;

/** Whether a service has a way out. */
export const isOnline = ({ networks }: Pick<ServiceSpec, "networks">): boolean => networks.includes("default");

/** The name servers of a service; undefined: the host's. */
export const nameServers = (service: Pick<ServiceSpec, "networks">): string[] | undefined =>
  isOnline(service) ? undefined : NO_NAMES;

/** Whether who is not handed over yet, while a system is adopted, finds it in compose's network only where it is put there for as long. */
export const leavesComposes = (system: SystemSpec, service: ServiceSpec): boolean =>
  isExternal(system, "default") && !isOnline(service) && service.kind !== "job";

/** Docker's names of all a system's own networks. */
export const networkNames = (system: Pick<SystemSpec, "project">): string[] =>
  OWN_NETWORKS.map((network) => networkName(system, network));
