/** What measures: the host, its containers, and the other systems' servers that do not do so themselves. */
import { readFileSync } from "node:fs";
import type { MonitoringSettings } from "../../config/monitoring.ts";
import type { ProteaSettings } from "../../config/protea.ts";
import type { RobotoffSettings } from "../../config/robotoff.ts";
import { healthcheck } from "../healthchecks.ts";
import { healthy, imageReference, NOBODY, ONLINE, serviceSpec } from "../service-spec.ts";
import { networkName, type EnvironmentValue, type ServiceSpec, type SystemSpec } from "../spec.ts";
import { blackboxFile } from "./prometheus.ts";
import { watched, type Target } from "./targets.ts";

const MIB = 2 ** 20;

/** Something that measures, and where it is asked. */
export interface Exporter {
  spec: ServiceSpec;
  target: Target;
}

/**
 * Healthy when a page answers, by busybox, which all of the images have. Seldom: Prometheus asks each of them anyway, and a check costs
 * more than a question.
 */
export const answers = (port: number, path: string) =>
  healthcheck(["CMD", "wget", "-q", "-O", "/dev/null", `http://127.0.0.1:${port}${path}`], { interval: 120_000 });

/** The host: disks, memory, clock, and the text files that backups write. @param backups the host's folder of backups */
export function nodeExporter(settings: MonitoringSettings, backups: string | undefined): Exporter {
  const collectors = ["filesystem", "meminfo", "loadavg", "cpu", "timex", "vmstat"];
  const texts =
    backups === undefined ? [] : ["--collector.textfile", "--collector.textfile.directory=/backups/*/metrics"];
  const spec = serviceSpec({
    name: "node-exporter",
    user: NOBODY,
    image: imageReference(settings.images.nodeExporter),
    entrypoint: ["/bin/node_exporter"],
    command: [
      ...["--path.rootfs=/host", "--path.procfs=/host/proc", "--path.sysfs=/host/sys", "--collector.disable-defaults"],
      ...collectors.map((name) => `--collector.${name}`),
      ...texts,
    ],
    // Read only, and as nobody: it reads what anybody may.
    mounts: [
      { source: "/", target: "/host", readOnly: true, path: "monitoring:services.node-exporter" },
      // By itself: folders above it may be somebody's own.
      ...(backups === undefined
        ? []
        : [{ source: backups, target: "/backups", readOnly: true, path: "host:backups.directory" }]),
    ],
    healthcheck: answers(9100, "/"),
    memory: 64 * MIB,
  });
  const target = {
    job: "node-exporter",
    address: "node-exporter:9100",
    system: "monitoring" as const,
    service: spec.name,
  };
  return { spec, target };
}

/** Where the way to Docker's socket that can only look has its own. */
const SOCKET = "/run/read-only/docker.sock";

/**
 * cAdvisor needs Docker's names of containers; whoever has its socket has the host. So it gets one of HAProxy's, which answers the
 * questions of a reader, without containers' variables (hosts/read-only).
 */
export function dockerProxy(settings: MonitoringSettings): ServiceSpec {
  const file = (name: string) => ({
    path: `/usr/local/etc/haproxy/${name}`,
    content: readFileSync(`hosts/read-only/${name}`, "utf8"),
  });
  return serviceSpec({
    name: "docker-proxy",
    server: true,
    image: imageReference(settings.images.haproxy),
    command: ["haproxy", "-f", "/usr/local/etc/haproxy/haproxy.cfg"],
    // Docker's socket is root's.
    user: "0:0",
    files: [file("haproxy.cfg"), file("inspect.lua")],
    readOnly: false,
    mounts: [
      { source: "/var/run/docker.sock", target: "/var/run/docker.sock", readOnly: true, path: "monitoring:services.docker-proxy" },
      { source: "docker_socket", target: "/run/read-only", readOnly: false },
    ],
    healthcheck: healthcheck(["CMD", "test", "-S", SOCKET], { interval: 120_000 }),
    memory: 64 * MIB,
  }); // prettier-ignore
}

/** Containers: whether they run, are healthy, and what they take. */
export function cadvisor(settings: MonitoringSettings): Exporter {
  const labels = ["com.docker.compose.project", "com.docker.compose.service"];
  const spec = serviceSpec({
    name: "cadvisor",
    // Of its socket and of Docker's folders the owner.
    user: "0:0",
    image: imageReference(settings.images.cadvisor),
    entrypoint: ["/usr/bin/cadvisor", "-logtostderr"],
    command: [
      ...[`--docker=unix://${SOCKET}`, "--docker_only=true", "--store_container_labels=false"],
      `--whitelisted_container_labels=${labels.join(",")}`,
      `--housekeeping_interval=${settings.interval / 1_000}s`,
      ...["--allow_dynamic_housekeeping=false", "--storage_duration=2m", "--enable_metrics=cpu,memory"],
    ],
    mounts: [
      { source: "docker_socket", target: "/run/read-only", readOnly: false },
      { source: "/sys", target: "/sys", readOnly: true, path: "monitoring:services.cadvisor" },
      // Of each container's layers their names, without which it does not take the container for one.
      { source: "/var/lib/docker/image", target: "/var/lib/docker/image", readOnly: true, path: "monitoring:services.cadvisor" },
    ],
    healthcheck: answers(8080, "/healthz"),
    needs: healthy("docker-proxy"),
    memory: 128 * MIB,
  }); // prettier-ignore
  return {
    spec,
    target: { job: "cadvisor", address: "cadvisor:8080", system: "monitoring" as const, service: spec.name },
  };
}

/** Asks pages as a client does. @param networks of the systems whose pages they are */
export function blackboxExporter(settings: MonitoringSettings, networks: string[]): ServiceSpec {
  return serviceSpec({
    name: "blackbox-exporter",
    user: NOBODY,
    image: imageReference(settings.images.blackboxExporter),
    entrypoint: ["/bin/blackbox_exporter"],
    command: ["--config.file=/etc/blackbox_exporter/config.yml"],
    files: [{ path: "/etc/blackbox_exporter/config.yml", content: blackboxFile }],
    readOnly: false,
    healthcheck: answers(9115, "/-/healthy"),
    // Certificates are those of pages outside.
    ...(settings.certificates.length > 0 ? { networks: ONLINE } : {}),
    externalNetworks: networks,
    memory: 64 * MIB,
  });
}

/** How long PROTEA's jobs run and wait. Upstream's statuses are capitals, 0.3.0's are not. */
const JOBS = `protea_jobs:
  query: >-
    SELECT status, count(started) AS count, coalesce(max(extract(epoch FROM now() - started)), 0) AS oldest_seconds
    FROM (VALUES ('running'), ('queued')) AS every (status)
    LEFT JOIN (SELECT lower(status::text) AS status, coalesce(started_at, created_at) AS started FROM job) AS jobs USING (status)
    GROUP BY status
  metrics:
    - status: { usage: LABEL, description: Status of the jobs }
    - count: { usage: GAUGE, description: How many there are }
    - oldest_seconds: { usage: GAUGE, description: Since when the oldest has it }
`;

/** A system's PostgreSQL, from its own network. */
function postgresExporter(
  settings: MonitoringSettings,
  system: SystemSpec,
  database: { user: string; database: string; queries?: string },
): Exporter {
  const queries = "/etc/postgres_exporter/queries.yml";
  const network = networkName(system, "servers");
  const spec = serviceSpec({
    name: `${system.name}-postgres-exporter`,
    user: NOBODY,
    // Files are put into a root that can be written to.
    readOnly: database.queries === undefined,
    image: imageReference(settings.images.postgresExporter),
    entrypoint: ["/bin/postgres_exporter"],
    command: [
      // A series for each table, of which nobody is told anything.
      "--no-collector.stat_user_tables",
      "--no-collector.statio_user_tables",
      ...(database.queries === undefined ? [] : [`--extend.query-path=${queries}`]),
    ],
    environment: {
      DATA_SOURCE_URI: `postgres.${network}:5432/${database.database}?sslmode=disable`,
      DATA_SOURCE_USER: database.user,
      DATA_SOURCE_PASS: { secret: `${system.name}:postgresPassword` },
    },
    secrets: "files",
    files: database.queries === undefined ? [] : [{ path: queries, content: database.queries }],
    healthcheck: answers(9187, "/"),
    externalNetworks: [network],
    memory: 64 * MIB,
  });
  const target = { job: "postgres", address: `${spec.name}:9187`, system: system.name, service: "postgres" };
  return { spec, target };
}

/** The exporters of the other systems' servers. */
export function serverExporters(
  settings: MonitoringSettings,
  systems: SystemSpec[],
  others: { robotoff?: RobotoffSettings; protea?: ProteaSettings },
): Exporter[] {
  const [robotoff, protea] = ["robotoff", "protea"].map((name) => systems.find((system) => system.name === name));
  const of = (name: SystemSpec["name"], service: string) => watched(systems, name, service) !== undefined;
  const exporters: Exporter[] = [];
  if (others.robotoff && of("robotoff", "postgres"))
    exporters.push(postgresExporter(settings, robotoff!, others.robotoff.postgres));
  if (others.protea && of("protea", "postgres"))
    exporters.push(postgresExporter(settings, protea!, { ...others.protea, queries: JOBS }));
  const exporter = (
    server: string,
    port: number,
    rest: { image: string; entrypoint: string; command: string[]; environment: Record<string, EnvironmentValue> },
  ) => {
    const spec = serviceSpec({
      ...{
        ...rest,
        user: NOBODY,
        name: `${server}-exporter`,
        entrypoint: [rest.entrypoint],
        healthcheck: answers(port, "/"),
      },
      ...{ externalNetworks: [networkName(robotoff!, "servers")], memory: 64 * MIB },
    });
    const target = { job: server, address: `${spec.name}:${port}`, system: "robotoff" as const, service: server };
    exporters.push({ spec, target });
  };
  if (of("robotoff", "redis"))
    exporter("redis", 9121, {
      image: imageReference(settings.images.redisExporter),
      entrypoint: "/redis_exporter",
      // How many wait in each of rq's queues, and how many workers each has.
      command: ["--check-keys=rq:queue:*,rq:workers:*"],
      environment: { REDIS_ADDR: `redis://redis.${networkName(robotoff!, "servers")}:6379` },
    }); // prettier-ignore
  if (others.robotoff && of("robotoff", "elasticsearch"))
    exporter("elasticsearch", 9114, {
      image: imageReference(settings.images.elasticsearchExporter),
      entrypoint: "/bin/elasticsearch_exporter",
      command: [`--es.uri=http://elasticsearch.${networkName(robotoff!, "servers")}:9200`],
      environment: others.robotoff.elasticsearch.security
        ? { ES_USERNAME: "elastic", ES_PASSWORD: { secret: "robotoff:elasticPassword" } }
        : {},
    });
  return exporters;
}
