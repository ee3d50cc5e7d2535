/** Prometheus' own file, and what is declared as series of their own, for the rules to compare with. Pure. JSON is YAML. */
import type { HostSettings } from "../../config/host.ts";
import type { MonitoringSettings } from "../../config/monitoring.ts";
import { consumedQueues } from "../protea/queues.ts";
import { containersOf, type SystemSpec } from "../spec.ts";
import { rqQueues, type Probe, type Target } from "./targets.ts";

type Labels = Record<string, string>;
/** Prometheus knows no fractions. */
const seconds = (milliseconds: number) => `${Math.round(milliseconds / 1_000)}s`;
const yaml = (value: unknown) => `${JSON.stringify(value, undefined, 2)}\n`;

/** cAdvisor's labels by the names that everything else has; what is of no system is not kept. */
function cadvisorRelabeling(systems: SystemSpec[]) {
  const project = "container_label_com_docker_compose_project";
  const service = "container_label_com_docker_compose_service";
  return [
    // What it tells of the host, node-exporter tells as well.
    { source_labels: [project], regex: systems.map((one) => one.project).join("|"), action: "keep" },
    ...systems.map((one) => ({
      ...{ source_labels: [project], regex: one.project, target_label: "system", replacement: one.name },
    })),
    { source_labels: [service], target_label: "service" },
    { regex: `${project}|${service}|id`, action: "labeldrop" },
  ];
}

/**
 * prometheus.yml.
 * @param stack the stack's name, a label of every alert
 * @param systems every system, this one as well
 */
export function prometheusFile(
  stack: string,
  settings: MonitoringSettings,
  systems: SystemSpec[],
  targets: Target[],
  pages: Probe[],
): string {
  const interval = seconds(settings.interval);
  // What one job asks, it asks in one way.
  const jobs = [...new Map(targets.map((target) => [target.job, target])).values()].map(({ job, path, params }) => ({
    job_name: job,
    ...(path === undefined ? {} : { metrics_path: path }),
    ...(params === undefined ? {} : { params }),
    // What backups write says itself whose it is.
    ...(job === "node-exporter" ? { honor_labels: true } : {}),
    // cAdvisor dates some of its measurements, and what is dated stays five minutes after its container went.
    ...(job === "cadvisor" ? { honor_timestamps: false, metric_relabel_configs: cadvisorRelabeling(systems) } : {}),
    static_configs: targets
      .filter((target) => target.job === job)
      .map(({ address, system, service }) => ({ targets: [address], labels: { system, service } })),
  }));
  const blackbox = {
    job_name: "pages",
    metrics_path: "/probe",
    params: { module: ["page"] },
    static_configs: pages.map(({ url, system, service }) => ({ targets: [url], labels: { system, service } })),
    relabel_configs: [
      { source_labels: ["__address__"], target_label: "__param_target" },
      { source_labels: ["__address__"], target_label: "instance" },
      { target_label: "__address__", replacement: "blackbox-exporter:9115" },
    ],
  };
  return yaml({
    global: {
      scrape_interval: interval,
      evaluation_interval: interval,
      scrape_timeout: seconds(Math.min(settings.interval, 10_000)),
      external_labels: { stack },
    },
    rule_files: ["/etc/prometheus/rules/*.yml"],
    alerting: { alertmanagers: [{ static_configs: [{ targets: ["alertmanager:9093"] }] }] },
    scrape_configs: [...jobs, ...(pages.length > 0 ? [blackbox] : [])],
  });
}

/** blackbox.yml: GET, in HTTP and HTTPS, over IPv4 (Docker's networks have no other). */
export const blackboxFile = yaml({
  modules: { page: { prober: "http", timeout: "10s", http: { preferred_ip_protocol: "ip4", ip_protocol_fallback: false } } },
}); // prettier-ignore

/** A constant as a series. */
const series = (record: string, labels: Labels, value = 1) => ({ record, expr: `vector(${value})`, labels });

/**
 * declared.yml: what the stack file declares, as series. A container that is gone has no measurement, and without these nobody would
 * miss it.
 * @param systems every system, this one as well
 * @param jobTimeout of protea:reaper, milliseconds; undefined: the stack has no PROTEA
 */
export function declaredFile(
  settings: MonitoringSettings,
  host: HostSettings,
  systems: SystemSpec[],
  jobTimeout: number | undefined,
): string {
  const containers = systems.flatMap((system) =>
    containersOf(system).map(({ service: { name: service, kind, image, memory }, name }) =>
      series("declared_container_memory_bytes", { system: system.name, service, kind, name, image }, memory),
    ),
  );
  const protea = systems.find(({ name }) => name === "protea");
  const queues = (protea ? consumedQueues(protea) : []).filter(({ consumers }) => consumers > 0);
  const consumers = queues.map(({ name, consumers, single }) =>
    series("declared_consumers", { system: "protea", queue: name, single: single ? "yes" : "no" }, consumers),
  );
  const robotoff = systems.find(({ name }) => name === "robotoff");
  const rq = (robotoff ? rqQueues(robotoff) : []).map((queue) =>
    series("declared_consumers", { system: "robotoff", queue, single: "no" }),
  );
  const backups = systems
    .filter(({ name }) => name !== "monitoring" && host.backups !== undefined)
    .flatMap(({ name }) => [
      series("declared_backup_max_age_seconds", { system: name }, host.backups!.maxAge / 1_000),
      series("declared_recoverable_window_seconds", { system: name }, settings.recoverableWindow / 1_000),
      ...(host.backups!.copy ? [series("declared_backup_copy", { system: name })] : []),
    ]);
  const jobs = jobTimeout === undefined ? [] : [series("declared_job_timeout_seconds", { system: "protea" }, jobTimeout / 1_000)]; // prettier-ignore
  return yaml({ groups: [{ name: "declared", rules: [...containers, ...consumers, ...rq, ...backups, ...jobs] }] });
}
