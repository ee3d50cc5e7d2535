/** The system that watches the others: Prometheus, Alertmanager and what measures. Why so: docs/decisions/monitoring.md. */
import type { HostSettings } from "../../config/host.ts";
import { backupDirectory } from "../../config/host.ts";
import type { MonitoringSettings } from "../../config/monitoring.ts";
import type { ProteaSettings } from "../../config/protea.ts";
import type { RobotoffSettings } from "../../config/robotoff.ts";
import {
  imageReference,
  loopback,
  NOBODY,
  ONE_SERVER,
  ONLINE,
  serviceSpec,
  TMP,
  withSettings,
} from "../service-spec.ts";
import { pulledThrough } from "../registry.ts";
import { networkName, type ServiceSpec, type SystemSpec } from "../spec.ts";
import { alertmanagerFile, SECRETS } from "./alertmanager.ts";
import { answers, blackboxExporter, cadvisor, dockerProxy, nodeExporter, serverExporters } from "./exporters.ts";
import { declaredFile, prometheusFile } from "./prometheus.ts";
import { paced, ruleFiles } from "./rules.ts";
import { ownTargets, probes, type Target } from "./targets.ts";

const MIB = 2 ** 20;

/** What is watched. */
export interface Watched {
  /** The stack's name. */
  stack: string;
  host: HostSettings;
  /** The other systems. */
  systems: SystemSpec[];
  robotoff?: RobotoffSettings;
  protea?: ProteaSettings;
}

/** The networks of these systems' servers. */
const networksOf = (names: Set<string | undefined>, systems: SystemSpec[]) =>
  systems.filter(({ name }) => names.has(name)).map((system) => networkName(system, "servers"));

/** Keeps the alerts' state, silences among it, and tells people. */
function alertmanager(settings: MonitoringSettings): ServiceSpec {
  const { mail, slack } = settings.receivers;
  const secrets = [...(mail?.user ? ["mailPassword"] : []), ...(slack ? ["slackUrl"] : [])];
  const program = "/bin/alertmanager";
  // It reads secrets from files alone.
  const script = [
    `umask 077; mkdir -p ${SECRETS}`,
    ...secrets.map((name) => `printf %s "$${name}" > ${SECRETS}/${name}; unset ${name}`),
    `exec ${program} "$@"`,
  ].join("\n");
  return serviceSpec({
    name: "alertmanager",
    user: NOBODY,
    readOnly: false,
    tmpfs: [TMP],
    image: imageReference(settings.images.alertmanager),
    entrypoint: secrets.length === 0 ? [program] : ["sh", "-euc", script, program],
    command: [
      "--config.file=/etc/alertmanager/alertmanager.yml",
      "--storage.path=/alertmanager",
      // There is one.
      "--cluster.listen-address=",
    ],
    environment: Object.fromEntries(secrets.map((name) => [name, { secret: `monitoring:${name}` }])),
    files: [{ path: "/etc/alertmanager/alertmanager.yml", content: alertmanagerFile(settings) }],
    mounts: [{ source: "alertmanager_data", target: "/alertmanager", readOnly: false }],
    ports: [loopback(9093, 9093)],
    healthcheck: answers(9093, "/-/healthy"),
    networks: ONLINE,
    single: ONE_SERVER,
    memory: 128 * MIB,
    urls: { Alertmanager: "http://{9093}/" },
  });
}

/** Asks, keeps what it is told, and evaluates the rules. */
function prometheus(settings: MonitoringSettings, networks: string[], files: Record<string, string>): ServiceSpec {
  return serviceSpec({
    name: "prometheus",
    user: NOBODY,
    readOnly: false,
    image: imageReference(settings.images.prometheus),
    entrypoint: ["/bin/prometheus"],
    command: [
      "--config.file=/etc/prometheus/prometheus.yml",
      "--storage.tsdb.path=/prometheus",
      `--storage.tsdb.retention.time=${settings.retention / 1_000}s`,
      `--storage.tsdb.retention.size=${Math.round(settings.retentionSize / MIB)}MB`,
    ],
    files: Object.entries(files).map(([name, content]) => ({ path: `/etc/prometheus/${name}`, content })),
    mounts: [{ source: "prometheus_data", target: "/prometheus", readOnly: false }],
    ports: [loopback(9090, 9090)],
    healthcheck: answers(9090, "/-/ready"),
    externalNetworks: networks,
    single: ONE_SERVER,
    memory: 512 * MIB,
    // It writes what it has in memory.
    stopGracePeriod: 30_000,
    urls: { Prometheus: "http://{9090}/" },
  });
}

/**
 * Describes the system.
 * @param settings `monitoring:` of the stack file
 */
export function describeMonitoring(settings: MonitoringSettings, watched: Watched): SystemSpec {
  const { stack, host, systems } = watched;
  const servers = serverExporters(settings, systems, watched);
  const measuring = [nodeExporter(settings, backupDirectory(host)), cadvisor(settings), ...servers];
  const own = ownTargets(systems);
  const pages = probes(systems, settings.certificates);
  const its = (name: string, port: number): Target => ({
    ...{ job: name, address: `${name}:${port}`, system: "monitoring", service: name },
  });
  const targets = [
    ...measuring.map(({ target }) => target),
    ...own,
    its("prometheus", 9090),
    its("alertmanager", 9093),
  ];
  const networks = (of: { system?: string }[]) => networksOf(new Set(of.map(({ system }) => system)), systems);

  // What is declared is told to Prometheus as well, of this system too: so with a first description of itself, without files.
  const described = (files: Record<string, string>): SystemSpec =>
    pulledThrough({
    name: "monitoring",
    project: settings.project,
    separator: "-",
    services: [
      prometheus(settings, networks(own), files),
      alertmanager(settings),
      dockerProxy(settings),
      ...measuring.map(({ spec }) => spec),
      ...(pages.length > 0 ? [blackboxExporter(settings, networks(pages))] : []),
    ].map((base) =>
      withSettings(base, `monitoring:services.${base.name}`, settings.services[base.name as keyof typeof settings.services]),
    ),
    volumes: ["prometheus_data", "alertmanager_data", "docker_socket"].map((name) => ({
      name,
      dockerName: settings.volumes[name]?.name ?? `${settings.project}_${name}`,
      external: settings.volumes[name]?.external ?? false,
    })),
  }, host.registry); // prettier-ignore
  const all = [...systems, described({})];
  return described({
    "prometheus.yml": prometheusFile(stack, settings, all, targets, pages),
    "rules/declared.yml": declaredFile(settings, host, all, watched.protea?.reaper.jobTimeout),
    ...Object.fromEntries(
      ruleFiles().map(({ name, text }) => [`rules/${name}`, paced(text, settings.interval)] as const),
    ),
  });
}
