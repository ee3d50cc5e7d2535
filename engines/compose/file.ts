/** A system as the compose file that makes the same containers, volumes and network. Pure. */
import { formatDuration } from "../../config/units.ts";
import {
  LOGGING,
  SECURITY_OPTIONS,
  NETWORK_OPTIONS,
  networkName,
  nameServers,
  OWN_NETWORKS,
  isExternal,
  containerName,
  type EnvironmentValue,
  type ServiceSpec,
  type SystemSpec,
} from "../../systems/spec.ts";

/** Compose reads `$` as a variable. */
const escape = (text: string) => text.replaceAll("$", "$$$$");

/** The variable that carries a secret: ROBOTOFF_POSTGRES_PASSWORD for robotoff:postgresPassword. */
export function variable(key: string): string {
  return key
    .replace(/[^A-Za-z0-9]+/g, "_")
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toUpperCase();
}

/** Secrets become variables. Not required ones (`:?`): without them even `docker compose down` would refuse. */
function environmentValue(value: EnvironmentValue): string {
  const parts = Array.isArray(value) ? value : [value];
  return parts.map((part) => (typeof part === "string" ? escape(part) : `\${${variable(part.secret)}}`)).join("");
}

/** Without what is undefined or empty. */
function compact(entries: Record<string, unknown>): Record<string, unknown> {
  const isEmpty = (value: unknown) =>
    value === undefined || (typeof value === "object" && value !== null && Object.keys(value).length === 0);
  return Object.fromEntries(Object.entries(entries).filter(([, value]) => !isEmpty(value)));
}

function gpus(request: string) {
  const [, ids] = /^device=(.+)$/.exec(request) ?? [];
  const which = ids ? { device_ids: ids.split(",") } : { count: request === "all" ? request : Number(request) };
  return { resources: { reservations: { devices: [{ driver: "nvidia", ...which, capabilities: ["gpu"] }] } } };
}

const configName = (service: ServiceSpec, index: number) => `${service.name}-${index + 1}`;

function composeService(system: SystemSpec, service: ServiceSpec): Record<string, unknown> {
  const check = service.healthcheck;
  return compact({
    image: service.image,
    // What set-up made is in no registry.
    pull_policy: service.image.startsWith("robotoff-protea/") ? "never" : undefined,
    // Compose's own name has other separators; of several containers it names each itself.
    container_name: service.replicas === 1 ? containerName(system, service.name, 1) : undefined,
    scale: service.replicas === 1 ? undefined : service.replicas,
    entrypoint: service.entrypoint?.map(escape),
    command: service.command?.map(escape),
    hostname: service.hostname,
    user: service.user,
    environment: Object.fromEntries(
      Object.entries(service.environment).map(([name, value]) => [name, environmentValue(value)]),
    ),
    ports: service.ports.map((port) => {
      const address = port.address.includes(":") ? `[${port.address}]` : port.address;
      return `${address}:${port.host}:${port.container}/${port.protocol}`;
    }),
    volumes: service.mounts.map(({ source, target, readOnly }) => ({
      type: source.startsWith("/") ? "bind" : "volume",
      source,
      target,
      ...(readOnly ? { read_only: true } : {}),
    })),
    configs: service.files.map((file, index) => ({ source: configName(service, index), target: file.path })),
    networks: [...service.networks, ...service.externalNetworks],
    dns: nameServers(service),
    depends_on: Object.fromEntries(service.needs.map(({ service: name, condition }) => [name, { condition }])),
    healthcheck: check && {
      test: check.test.map(escape),
      interval: formatDuration(check.interval),
      timeout: formatDuration(check.timeout),
      retries: check.retries,
      start_period: formatDuration(check.startPeriod),
      start_interval: formatDuration(check.startInterval),
    },
    restart: service.restart,
    mem_limit: service.memory,
    memswap_limit: service.memory,
    mem_reservation: service.memoryReservation,
    shm_size: service.shmSize,
    cpus: service.cpus,
    cpu_shares: service.cpuShares,
    deploy: service.gpus === undefined ? undefined : gpus(service.gpus),
    ulimits: Object.fromEntries(service.ulimits.map(({ name, soft, hard }) => [name, { soft, hard }])),
    stop_signal: service.stopSignal,
    stop_grace_period: formatDuration(service.stopGracePeriod),
    logging: LOGGING,
    security_opt: SECURITY_OPTIONS,
    cap_drop: ["ALL"],
    cap_add: service.capAdd,
    read_only: service.readOnly || undefined,
    tmpfs: service.tmpfs.map(({ target, size }) => `${target}:mode=1777,size=${size}`),
    pids_limit: service.pidsLimit,
  });
}

/** The compose file, as the object that YAML is made of. Nothing in it carries this program's label: Compose would own it. */
export function composeFile(system: SystemSpec): Record<string, unknown> {
  const external = new Set(system.services.flatMap((service) => service.externalNetworks));
  const files = system.services.flatMap((service) =>
    service.files.map((file, index) => [configName(service, index), { content: escape(file.content) }] as const),
  );
  return compact({
    name: system.project,
    services: Object.fromEntries(system.services.map((service) => [service.name, composeService(system, service)])),
    volumes: Object.fromEntries(
      system.volumes.map((volume) => [
        volume.name,
        { name: volume.dockerName, ...(volume.external ? { external: true } : {}) },
      ]),
    ),
    networks: {
      ...Object.fromEntries(
        OWN_NETWORKS.map((network) => [
          network,
          isExternal(system, network)
            ? { name: networkName(system, network), external: true }
            : compact({ name: networkName(system, network), driver_opts: NETWORK_OPTIONS[network] }),
        ]),
      ),
      ...Object.fromEntries([...external].map((name) => [name, { external: true }])),
    },
    configs: Object.fromEntries(files),
  });
}

/** The variables a compose file of this system needs. */
export function variables(system: SystemSpec): string[] {
  const values = system.services.flatMap((service) => Object.values(service.environment)).flat();
  return [...new Set(values.flatMap((value) => (typeof value === "string" ? [] : [variable(value.secret)])))].sort();
}
