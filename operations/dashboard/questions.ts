/** What the dashboard asks Prometheus. PromQL; each name says what is answered. */
import { QUESTIONS } from "../report/text.ts";

/** How far back one looks, as Prometheus and the page's address have it, and the seconds. */
export const BACK = { "15m": 900, "1h": 3_600, "6h": 21_600, "24h": 86_400, "7d": 604_800, "30d": 2_592_000 } as const;
export type Back = keyof typeof BACK;

/** So many points has a line at most. */
export const POINTS = 240;

const SOME_DISK = 'fstype!~"tmpfs|ramfs|squashfs|iso9660"';

/** rq keeps in Redis a key for each queue that is not empty, and for each that has workers. */
const rq = (key: string) =>
  `max by (system, queue) (label_replace(redis_key_size{key=~"rq:${key}:.+"}, "queue", "$1", "key", "rq:${key}:(.+)"))
   or on (system, queue) (0 * max by (system, queue) (declared_consumers{system="robotoff"}) and on (system) redis_up == 1)`;

const waiting = `max by (system, queue) (rabbitmq_detailed_queue_messages_ready) or ${rq("queue")}`;
const workers = `max by (system, queue) (rabbitmq_detailed_queue_consumers) or ${rq("workers")}`;
const jobs = "max by (status) (protea_jobs_count)";
const oldestJobs = "max by (status) (protea_jobs_oldest_seconds)";

const { free, size, trend, backups, oldest, drills } = QUESTIONS;

/** Of now, and of the time since. */
export const now = (back: Back) => ({
  declared: 'declared_container_memory_bytes{kind="service"}',
  /** Whether what tells of containers answered: of what it does not tell then nothing is known. */
  watched: 'max(up{job="cadvisor"})',
  running: "max by (name, image) (container_last_seen)",
  /** 1: healthy; 0: not, or not yet; -1: it has no health check. */
  health: "max by (name) (container_health_state)",
  memory: "max by (name) (container_memory_working_set_bytes)",
  restarts: `sum by (system, service) (resets(container_cpu_usage_seconds_total[${back}]))`,
  waiting,
  workers,
  /** How many workers a queue is to have. */
  wanted: "declared_consumers",
  pages: `avg by (system, service, instance) (avg_over_time(probe_success[${back}]))`,
  jobs,
  oldestJobs,
  jobTimeout: "max(declared_job_timeout_seconds)",
  ...{ free, size, trend, backups, oldest, drills },
  /** What is watched as a disk: others are the engine's, or in memory. */
  disks: `max by (mountpoint) (node_filesystem_size_bytes{${SOME_DISK}})`,
  until: "robotoff_protea_recoverable_until_timestamp_seconds",
  copied: "robotoff_protea_backup_copied_timestamp_seconds",
  copies: "declared_backup_copy",
  maxAge: "declared_backup_max_age_seconds",
  memoryFree: "max(node_memory_MemAvailable_bytes)",
  memoryTotal: "max(node_memory_MemTotal_bytes)",
});

/** Over the time. */
export const OVER = {
  declared:
    'count by (system, service) (declared_container_memory_bytes{kind="service"}) and on () (up{job="cadvisor"} == 1)',
  running: "count by (system, service) (container_last_seen)",
  unhealthy: "count by (system, service) (container_health_state == 0)",
  waiting,
  workers,
  pages: "max by (system, service, instance) (probe_duration_seconds)",
  jobs,
  oldestJobs,
  used: `1 - max by (mountpoint) (node_filesystem_avail_bytes{${SOME_DISK}} / node_filesystem_size_bytes)`,
  memory: "1 - max(node_memory_MemAvailable_bytes) / max(node_memory_MemTotal_bytes)",
  cores: 'sum(rate(node_cpu_seconds_total{mode!~"idle|iowait"}[2m])) / count(count by (cpu) (node_cpu_seconds_total))',
} as const;
