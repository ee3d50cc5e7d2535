/** A Prometheus whose measurements of the last hours are known: of a stack in which some things went wrong. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { standInTag } from "../../images/builder/tag.ts";
import { here, must } from "./host.ts";
import { marked, nameOf, removeNamed, sweep } from "./leftovers.ts";

const HOURS = 6;
/** Seconds between two measurements. */
const STEP = 30;
/** So long goes what is known beyond now, seconds: a test may take a while. */
const BEYOND = 600;
const MIB = 2 ** 20;
const GIB = 2 ** 30;
const HOUR = 3_600;

/** What somebody might hope to get into a page. */
export const HOSTILE = `<img src=x onerror="document.title='taken'">`;

/** Of a series what it is at a time: seconds from now, below 0. Undefined: it is not measured. */
type Value = (seconds: number) => number | undefined;
const ever = (value: number): Value => () => value; // prettier-ignore

const wave = (seconds: number, hours: number, least: number, most: number) =>
  Math.round(least + ((most - least) * (1 + Math.sin((seconds / HOUR / hours) * 2 * Math.PI))) / 2);

/** The series of a service's containers, as cAdvisor and the stack file have them. */
function service(system: string, name: string, memory: number, around: { gone?: Value; sick?: Value; restarts?: number[] } = {}): [string, Value][] {
  const container = `system="${system}",service="${name}",name="${system}-${name.replace(/\W+/g, "")}-1",image="i"`;
  const { gone, sick, restarts = [] } = around;
  const there = (value: Value): Value => (seconds) => (gone?.(seconds) || between(-2, -1.8)(seconds) ? undefined : value(seconds));
  const began = (seconds: number) => Math.max(-HOURS * HOUR - 10, ...restarts.filter((restart) => restart <= seconds));
  return [
    [`declared_container_memory_bytes{${container},kind="service"}`, ever(memory * MIB)],
    [`container_last_seen{${container}}`, there((seconds) => 2_000_000_000 + seconds)],
    [`container_health_state{${container}}`, there((seconds) => (sick?.(seconds) ? 0 : 1))],
    [`container_memory_working_set_bytes{${container}}`, there((seconds) => wave(seconds, 3, memory * 0.4, memory * 0.6) * MIB)],
    [`container_cpu_usage_seconds_total{${container},cpu="total"}`, there((seconds) => (seconds - began(seconds)) / 50)],
  ];
} // prettier-ignore

const queue = (name: string, waiting: Value, consumers: number): [string, Value][] => {
  const labels = `system="protea",queue="${name}"`;
  return [
    [`rabbitmq_detailed_queue_messages_ready{${labels}}`, waiting],
    [`rabbitmq_detailed_queue_consumers{${labels}}`, ever(consumers)],
    ...(consumers > 0 ? ([[`declared_consumers{${labels},single="no"}`, ever(consumers)]] as [string, Value][]) : []),
  ];
};

const between = (from: number, to: number): Value => (seconds) => Number(seconds >= from * HOUR && seconds < to * HOUR); // prettier-ignore
const disk = (mountpoint: string, size: number, free: Value): [string, Value][] => [
  [`node_filesystem_size_bytes{mountpoint="${mountpoint}",fstype="ext4"}`, ever(size)],
  [`node_filesystem_avail_bytes{mountpoint="${mountpoint}",fstype="ext4"}`, free],
];

const backup = (system: string, now: number, hours: { newest: number; oldest: number }): [string, Value][] => [
  [`robotoff_protea_backup_timestamp_seconds{system="${system}"}`, ever(now - hours.newest * HOUR)],
  [`robotoff_protea_backup_oldest_timestamp_seconds{system="${system}"}`, ever(now - hours.oldest * HOUR)],
  [`robotoff_protea_recoverable_until_timestamp_seconds{system="${system}"}`, (seconds) => now + seconds - 8],
  [`declared_backup_max_age_seconds{system="${system}"}`, ever(26 * HOUR)],
];

/** What was measured. @param now seconds since 1970 */
function known(now: number): [string, Value][] {
  const series: [string, Value][] = [
    // For a while nobody told of containers, and nothing was down then.
    ['up{job="cadvisor"}', (at) => 1 - between(-2, -1.8)(at)!],
    ...service("robotoff", "api", 1024),
    ...service("robotoff", "scheduler", 256, { restarts: [-3 * HOUR, -2.9 * HOUR, -2.8 * HOUR] }),
    ...service("robotoff", "worker-1", 512, { gone: between(-0.4, 9) }),
    ...service("robotoff", "redis", 256),
    ...service("robotoff", "postgres", 2048),
    ...service("robotoff", HOSTILE.replaceAll('"', '\\"'), 64),
    ...service("protea", "api", 512, { gone: between(-4, -3.7) }),
    ...service("protea", "worker-embeddings", 512),
    ...service("protea", "frontend", 256, { sick: between(-0.1, 9) }),
    ...service("protea", "rabbitmq", 512),
    ...queue("protea.jobs", (at) => Math.max(0, wave(at, 5, -20, 60)), 1),
    ...queue("protea.embeddings", (at) => wave(at, 2, 0, 12), 1),
    ...queue("protea.embeddings.batch", (at) => wave(at + HOUR, 4, 20, 180), 2),
    ...queue("protea.predictions.batch", (at) => wave(at, 7, 10, 90), 1),
    ...queue("protea.dead-letter", ever(3), 0),
    ['declared_consumers{system="robotoff",queue="robotoff-low",single="no"}', ever(1)],
    ['declared_consumers{system="robotoff",queue="robotoff-high-1",single="no"}', ever(1)],
    ['redis_up{system="robotoff",service="redis"}', ever(1)],
    ['redis_key_size{system="robotoff",key="rq:queue:robotoff-high-1"}', (at) => wave(at, 3, -30, 40) > 0 ? wave(at, 3, -30, 40) : undefined],
    ['redis_key_size{system="robotoff",key="rq:workers:robotoff-high-1"}', (at) => (at > -0.4 * HOUR ? undefined : 2)],
    ['redis_key_size{system="robotoff",key="rq:workers:robotoff-low"}', ever(1)],
    ['protea_jobs_count{status="running"}', (at) => wave(at, 4, 0, 6)],
    ['protea_jobs_count{status="queued"}', (at) => wave(at + HOUR, 4, 0, 20)],
    ['protea_jobs_oldest_seconds{status="running"}', (at) => wave(at, 4, 60, 4_000)],
    ['protea_jobs_oldest_seconds{status="queued"}', (at) => wave(at, 4, 0, 900)],
    ['declared_job_timeout_seconds{system="protea"}', ever(6 * HOUR)],
    ['probe_success{system="robotoff",service="api",instance="a"}', ever(1)],
    ['probe_success{system="protea",service="api",instance="b"}', (at) => 1 - between(-4, -3.7)(at)!],
    ['probe_duration_seconds{system="robotoff",service="api",instance="a"}', (at) => wave(at, 1, 20, 90) / 1_000],
    ['probe_duration_seconds{system="protea",service="api",instance="b"}', (at) => wave(at, 3, 5, 400) / 1_000],
    ...disk("/", 200 * GIB, (at) => 60 * GIB - (at / HOUR) * 0.4 * GIB),
    ...disk("/srv/backups", 500 * GIB, ever(320 * GIB)),
    ["node_memory_MemTotal_bytes", ever(32 * GIB)],
    ["node_memory_MemAvailable_bytes", (at) => wave(at, 3, 12, 20) * GIB],
    ['node_cpu_seconds_total{cpu="0",mode="user"}', (at) => (at + 7 * HOUR) * 0.3],
    ['node_cpu_seconds_total{cpu="0",mode="idle"}', (at) => (at + 7 * HOUR) * 0.7],
    ...backup("robotoff", now, { newest: 9, oldest: 24 * 12 }),
    ...backup("protea", now, { newest: 31, oldest: 24 * 5 }),
    ['declared_backup_copy{system="robotoff"}', ever(1)],
    ['robotoff_protea_backup_copied_timestamp_seconds{system="robotoff"}', ever(now - 33 * HOUR)],
    ['robotoff_protea_backup_verified_timestamp_seconds{system="robotoff",how="deep"}', ever(now - 50 * HOUR)],
  ]; // prettier-ignore
  return series;
}

/** As OpenMetrics has it: a family's series together, each in the order of its time. */
function openMetrics(now: number): string {
  const families = new Map<string, string[]>();
  for (const [name, value] of known(now)) {
    const family = name.split("{")[0]!;
    const lines = families.get(family) ?? [`# TYPE ${family} unknown`];
    for (let at = -HOURS * HOUR; at <= BEYOND; at += STEP) {
      const measured = value(at);
      if (measured !== undefined) lines.push(`${name} ${measured} ${now + at}`);
    }
    families.set(family, lines);
  }
  return `${[...families.values()].flat().join("\n")}\n# EOF\n`;
}

/** Alerts that burn at once. */
const RULES = {
  groups: [
    {
      name: "known",
      rules: [
        {
          ...{ alert: "ContainerDown", expr: 'vector(1)', labels: { system: "robotoff", service: HOSTILE } },
          annotations: { summary: `robotoff's worker-1 is down ${HOSTILE}`, command: "make why STACK=known SYSTEM=robotoff", runbook: "docs/runbooks.md#containerdown" },
        },
        {
          ...{ alert: "QueueWithoutConsumer", expr: 'vector(1)', labels: { system: "robotoff", symptom: "yes" } },
          annotations: { summary: "nobody works on the queue robotoff-high-1", command: "make queues STACK=known SYSTEM=robotoff", runbook: "docs/runbooks.md#queuewithoutconsumer" },
        },
        { alert: "Watchdog", expr: "vector(1)", annotations: { summary: "alerts work" } },
      ],
    },
  ],
}; // prettier-ignore

const CONFIGURATION = { global: { evaluation_interval: "1s" }, rule_files: ["/prometheus/rules.yml"] };

export class KnownPrometheus {
  readonly name = `${nameOf(process.pid)}n9`;
  private readonly folder = mkdtempSync(join(tmpdir(), "robotoff-protea-known-"));
  /** When it began, seconds since 1970: what is known is relative to it. */
  readonly began = Math.floor(Date.now() / 1_000);

  /** Starts it, published at a port of this machine. */
  static async start(port: number): Promise<KnownPrometheus> {
    sweep(here);
    const one = new KnownPrometheus();
    const data = join(one.folder, "data");
    mkdirSync(data);
    const text = join(one.folder, "known.txt");
    writeFileSync(text, openMetrics(one.began));
    must("promtool", "tsdb", "create-blocks-from", "openmetrics", text, data);
    writeFileSync(join(data, "rules.yml"), JSON.stringify(RULES));
    writeFileSync(join(data, "prometheus.yml"), JSON.stringify(CONFIGURATION));
    must("chown", "-R", "65534:65534", data);
    chmodSync(one.folder, 0o755);
    here.docker(
      ...["run", "--detach", "--name", one.name, ...marked(one.name), "--publish", `127.0.0.1:${port}:9090`],
      ...["--volume", `${data}:/prometheus`, "--entrypoint", "/bin/prometheus", standInTag("images/monitoring")],
      ...["--config.file=/prometheus/prometheus.yml", "--storage.tsdb.path=/prometheus"],
    );
    for (const end = Date.now() + 60_000; ; await pause(100)) {
      const answer = await fetch(`http://127.0.0.1:${port}/api/v1/alerts`).then((one) => one.text(), String);
      if (answer.includes("QueueWithoutConsumer")) return one;
      if (Date.now() > end) throw new Error(`${answer}\n${here.tryDocker("logs", one.name).text}`);
    }
  }

  remove(): void {
    removeNamed(here, (name) => name === this.name);
    rmSync(this.folder, { recursive: true, force: true });
  }
}
