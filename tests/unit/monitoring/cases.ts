/** For each alert, what is measured while something is wrong; and what is measured when nothing is. Times are minutes. */

/** A day. */
export const DAY = 1_440;
/** From when on something is wrong. */
export const BEGIN = 20;

const CONTAINER = 'system="robotoff", service="api", name="robotoff_api_1", image="robotoff:1"';
const DATABASE = 'system="protea", service="postgres"';
const REDIS = 'system="robotoff", service="redis"';
const QUEUE = 'system="protea", queue="protea.embeddings"';
const MIB = 2 ** 20;

/** Series of a day on which nothing is wrong, by name and labels: a value, or values as promtool writes them. */
export const QUIET: Record<string, number | string> = {
  'up{job="cadvisor"}': 1,
  'up{job="node-exporter"}': 1,
  'up{job="rabbitmq-queues", system="protea", service="rabbitmq"}': 1,
  'up{job="elasticsearch", system="robotoff", service="elasticsearch"}': 1,
  [`declared_container_memory_bytes{${CONTAINER}, kind="service"}`]: 100 * MIB,
  // A job has ended.
  'declared_container_memory_bytes{system="robotoff", service="migrate", name="robotoff_migrate_1", image="robotoff:1", kind="job"}': 100 * MIB,
  [`declared_container_memory_bytes{${REDIS}, name="robotoff_redis_1", image="redis:1", kind="service"}`]: 100 * MIB,
  [`container_last_seen{${REDIS}, name="robotoff_redis_1", image="redis:1"}`]: 1,
  [`container_last_seen{${CONTAINER}}`]: 1,
  [`container_health_state{${CONTAINER}}`]: 1,
  // Somebody restarts it twice.
  [`container_cpu_usage_seconds_total{${CONTAINER}, cpu="total"}`]: "0+1x10 0+1x5 0+1x1500",
  [`container_memory_max_usage_bytes{${CONTAINER}}`]: 60 * MIB,
  [`container_memory_working_set_bytes{${CONTAINER}}`]: 60 * MIB,
  [`container_spec_memory_limit_bytes{${CONTAINER}}`]: 100 * MIB,
  node_vmstat_oom_kill: 3,
  'node_filesystem_avail_bytes{mountpoint="/", fstype="ext4"}': "60-0.01x1500",
  'node_filesystem_size_bytes{mountpoint="/", fstype="ext4"}': 100,
  'node_filesystem_avail_bytes{mountpoint="/run", fstype="tmpfs"}': 1,
  'node_filesystem_size_bytes{mountpoint="/run", fstype="tmpfs"}': 100,
  'node_filesystem_files_free{mountpoint="/", fstype="ext4"}': 50,
  'node_filesystem_files{mountpoint="/", fstype="ext4"}': 100,
  node_memory_MemAvailable_bytes: 50,
  node_memory_MemTotal_bytes: 100,
  node_timex_offset_seconds: 0.001,
  node_timex_sync_status: 1,
  node_timex_maxerror_seconds: 0.1,
  'probe_ssl_earliest_cert_expiry{instance="https://example.org/", service="example.org", system="public"}': 60 * 86_400,
  'probe_success{instance="https://example.org/", service="example.org", system="public"}': 1,
  'probe_duration_seconds{instance="https://example.org/", service="example.org", system="public"}': 0.2,
  [`pg_up{${DATABASE}}`]: 1,
  [`redis_up{${REDIS}}`]: 1,
  'elasticsearch_cluster_health_status{system="robotoff", service="elasticsearch", color="green"}': 1,
  'elasticsearch_cluster_health_status{system="robotoff", service="elasticsearch", color="red"}': 0,
  [`pg_stat_activity_count{${DATABASE}, state="idle"}`]: 20,
  [`pg_stat_activity_count{${DATABASE}, state="active", wait_event_type="Lock"}`]: 0,
  [`pg_settings_max_connections{${DATABASE}}`]: 100,
  [`pg_replication_slots_pg_wal_lsn_diff{${DATABASE}, slot_name="backup"}`]: 16 * MIB,
  'protea_jobs_oldest_seconds{system="protea", status="running"}': 3_600,
  'protea_jobs_oldest_seconds{system="protea", status="queued"}': 90_000,
  'declared_job_timeout_seconds{system="protea"}': 21_600,
  'elasticsearch_jvm_memory_used_bytes{system="robotoff", service="elasticsearch", area="heap"}': 70,
  'elasticsearch_jvm_memory_max_bytes{system="robotoff", service="elasticsearch", area="heap"}': 100,
  [`redis_memory_used_bytes{${REDIS}}`]: 10 * MIB,
  [`redis_rdb_last_bgsave_status{${REDIS}}`]: 1,
  'minio_cluster_drive_offline_total{system="protea", service="minio"}': 0,
  'rabbitmq_alarms_memory_used_watermark{system="protea", service="rabbitmq"}': 0,
  'rabbitmq_alarms_free_disk_space_watermark{system="protea", service="rabbitmq"}': 0,
  [`declared_consumers{${QUEUE}, single="yes"}`]: 1,
  [`rabbitmq_detailed_queue_consumers{${QUEUE}}`]: 1,
  'declared_consumers{system="robotoff", queue="robotoff-low", single="no"}': 1,
  'redis_key_size{system="robotoff", key="rq:workers:robotoff-low"}': 2,
  // Full for an hour, then worked off.
  'redis_key_size{system="robotoff", key="rq:queue:robotoff-low"}': "1 stale _ 3 stale _x4 2 stale _x49 5000-80x60 stale _x20 3 stale _x10 4 stale _x1400",
  [`rabbitmq_detailed_queue_messages{${QUEUE}}`]: "0x60 600-10x60 0x1400",
  [`rabbitmq_detailed_queue_messages_ready{${QUEUE}}`]: "0x60 600-10x60 0x1400",
  'rabbitmq_detailed_queue_messages{system="protea", queue="protea.dead-letter"}': 0,
  'rabbitmq_detailed_queue_messages_ready{system="protea", queue="protea.dead-letter"}': 0,
  'gunicorn_request_status{system="robotoff", status="200"}': "0+100x1500",
  'gunicorn_request_status{system="robotoff", status="500"}': "0+1x1500",
  'robotoff_protea_drift_differences{system="monitoring", service="node-exporter"}': 0,
  'robotoff_protea_drift_timestamp_seconds{system="monitoring", service="node-exporter"}': 0,
  'declared_backup_max_age_seconds{system="protea"}': 93_600,
  'declared_recoverable_window_seconds{system="protea"}': 86_400,
  'declared_backup_copy{system="protea"}': 1,
  // A backup three days before, one at the beginning, which is an hour's work until it is copied, and one every day.
  'robotoff_protea_backup_timestamp_seconds{system="protea"}': "0x1500",
  'robotoff_protea_backup_oldest_timestamp_seconds{system="protea"}': -259_200,
  'robotoff_protea_backup_copied_timestamp_seconds{system="protea"}': "-86400x30 0x1500",
  'robotoff_protea_recoverable_until_timestamp_seconds{system="protea"}': "0+60x1500",
  'prometheus_rule_evaluation_failures_total{rule_group="x"}': 0,
  'alertmanager_notifications_failed_total{integration="webhook", reason="other"}': 0,
  node_textfile_scrape_error: 0,
}; // prettier-ignore

/** Something wrong. */
export interface Case {
  alert: string;
  /** What it is, where an alert has several. */
  what?: string;
  /** Series as they are while it is wrong; `_`: there are none. */
  wrong: Record<string, number | string>;
  /** How long it is so. */
  minutes: number;
  /** When it is over, in minutes after that; default: 15. */
  over?: number;
  /** What else burns, which Alertmanager keeps to itself or which belongs to it. */
  also?: string[];
}

const key = (start: string) => {
  const found = Object.keys(QUIET).filter((one) => one.startsWith(start));
  if (found.length !== 1) throw new Error(`${start}: ${found.length} series`);
  return found[0]!;
};
const one = (start: string, value: number | string) => ({ [key(start)]: value });

export const CASES: Case[] = [
  { alert: "ContainerDown", wrong: one(`container_last_seen{${CONTAINER}`, "_"), minutes: 3 },
  { alert: "ContainerRestarting", wrong: one("container_cpu_usage_seconds_total", "5 1 5 1 5 1 5 1"), minutes: 8 },
  { alert: "ContainerUnhealthy", wrong: one("container_health_state", 0), minutes: 8 },
  { alert: "ContainerOutOfMemory", wrong: one("node_vmstat_oom_kill", "4x1500"), minutes: 2 },
  { alert: "ContainerNearMemoryLimit", wrong: one("container_memory_working_set_bytes", 97 * MIB), minutes: 12 },
  { alert: "ContainerNotAsDeclared", what: "memory", wrong: one("container_spec_memory_limit_bytes", 120 * MIB), minutes: 18 },
  { alert: "ContainerNotAsDeclared", what: "image", wrong: { ...one(`container_last_seen{${CONTAINER}`, "_"), [`container_last_seen{${CONTAINER.replace("robotoff:1", "robotoff:2")}}`]: 1 }, minutes: 18 },
  { alert: "HostUnreachable", wrong: { ...one('up{job="node', 0), ...one('up{job="rabbitmq', 0), ...one('up{job="elastic', 0) }, minutes: 2, also: [] },
  { alert: "DiskFull", wrong: one('node_filesystem_avail_bytes{mountpoint="/"', 9), minutes: 8, over: 400 },
  { alert: "DiskFillsUp", wrong: one('node_filesystem_avail_bytes{mountpoint="/"', "38-0.1x250"), minutes: 250, over: 700 },
  { alert: "InodesLow", wrong: one("node_filesystem_files_free", 4), minutes: 8 },
  { alert: "HostMemoryLow", wrong: one("node_memory_MemAvailable_bytes", 4), minutes: 12 },
  { alert: "ClockOff", what: "away", wrong: one("node_timex_offset_seconds", -0.7), minutes: 70 },
  { alert: "ClockOff", what: "nobody sets it", wrong: { ...one("node_timex_sync_status", 0), ...one("node_timex_maxerror_seconds", 16) }, minutes: 70 },
  { alert: "CertificateExpires", wrong: one("probe_ssl_earliest_cert_expiry", 10 * 86_400), minutes: 12 },
  { alert: "ServerUnreachable", what: "PostgreSQL", wrong: one("pg_up", 0), minutes: 3 },
  { alert: "ServerUnreachable", what: "Redis", wrong: one("redis_up", 0), minutes: 3 },
  { alert: "ServerUnreachable", what: "Elasticsearch", wrong: { [key('elasticsearch_cluster_health_status{system="robotoff", service="elasticsearch", color="green"')]: "_", [key('elasticsearch_cluster_health_status{system="robotoff", service="elasticsearch", color="red"')]: "_" }, minutes: 8 },
  { alert: "PostgresConnections", wrong: one(`pg_stat_activity_count{${DATABASE}, state="idle"`, 85), minutes: 7 },
  { alert: "PostgresLocks", wrong: one(`pg_stat_activity_count{${DATABASE}, state="active"`, 2), minutes: 12 },
  { alert: "ReplicationSlotGrows", wrong: one("pg_replication_slots_pg_wal_lsn_diff", 2 * 2 ** 30), minutes: 7 },
  { alert: "JobTooLong", wrong: one('protea_jobs_oldest_seconds{system="protea", status="running"', 25_000), minutes: 4 },
  { alert: "ElasticsearchRed", wrong: one('elasticsearch_cluster_health_status{system="robotoff", service="elasticsearch", color="red"', 1), minutes: 4 },
  { alert: "ElasticsearchMemory", wrong: one("elasticsearch_jvm_memory_used_bytes", 97), minutes: 17 },
  { alert: "RedisMemory", wrong: one("redis_memory_used_bytes", 85 * MIB), minutes: 7 },
  { alert: "RedisNotSaving", wrong: one("redis_rdb_last_bgsave_status", 0), minutes: 7 },
  { alert: "MinioDriveOffline", wrong: one("minio_cluster_drive_offline_total", 1), minutes: 3 },
  { alert: "RabbitmqBlocked", what: "memory", wrong: one("rabbitmq_alarms_memory", 1), minutes: 3 },
  { alert: "RabbitmqBlocked", what: "disk", wrong: one("rabbitmq_alarms_free", 1), minutes: 3 },
  { alert: "QueueWithoutConsumer", what: "RabbitMQ", wrong: one("rabbitmq_detailed_queue_consumers", 0), minutes: 4 },
  { alert: "QueueWithoutConsumer", what: "not made yet", wrong: one("rabbitmq_detailed_queue_consumers", "_"), minutes: 9 },
  { alert: "QueueWithoutConsumer", what: "rq", wrong: one('redis_key_size{system="robotoff", key="rq:workers', "_"), minutes: 9 },
  { alert: "QueueHasTwoConsumers", wrong: one("rabbitmq_detailed_queue_consumers", 2), minutes: 4 },
  { alert: "QueueGrows", what: "RabbitMQ", wrong: one(`rabbitmq_detailed_queue_messages_ready{${QUEUE}`, "10+1x180"), minutes: 180 },
  { alert: "QueueGrows", what: "rq", wrong: one('redis_key_size{system="robotoff", key="rq:queue', "10+1x180"), minutes: 180 },
  { alert: "QueueTooLong", what: "RabbitMQ", wrong: one(`rabbitmq_detailed_queue_messages{${QUEUE}`, 20_000), minutes: 7 },
  { alert: "QueueTooLong", what: "rq", wrong: one('redis_key_size{system="robotoff", key="rq:queue', 20_000), minutes: 7 },
  { alert: "DeadLetters", wrong: one('rabbitmq_detailed_queue_messages{system="protea", queue="protea.dead', 1), minutes: 3 },
  { alert: "PageDown", wrong: one("probe_success", 0), minutes: 4 },
  { alert: "ApiSlow", wrong: one("probe_duration_seconds", 4), minutes: 17 },
  { alert: "ApiErrors", wrong: one('gunicorn_request_status{system="robotoff", status="500"', "200+50x20"), minutes: 20, over: 30 },
  { alert: "BackupTooOld", wrong: one("robotoff_protea_backup_timestamp", -100_000), minutes: 7, also: [] },
  { alert: "BackupMissing", wrong: { ...one("robotoff_protea_backup_timestamp", "_"), ...one("robotoff_protea_backup_oldest", "_") }, minutes: 70 },
  { alert: "RecoverableWindowEnds", wrong: one("robotoff_protea_recoverable_until", "1200x20"), minutes: 20 },
  { alert: "BackupCopyBehind", what: "older", wrong: one("robotoff_protea_backup_copied", -86_400), minutes: 70 },
  { alert: "BackupCopyBehind", what: "never", wrong: one("robotoff_protea_backup_copied", "_"), minutes: 80 },
  { alert: "DriftFound", wrong: one("robotoff_protea_drift_differences", 3), minutes: 4 },
  { alert: "DriftNotLookedFor", wrong: one("robotoff_protea_drift_timestamp", -250_000), minutes: 70 },
  { alert: "MonitoringTargetDown", wrong: one('up{job="elastic', 0), minutes: 4 },
  { alert: "MonitoringRulesFail", wrong: one("prometheus_rule_evaluation", "1x1500"), minutes: 2 },
  { alert: "AlertsNotSent", wrong: one("alertmanager_notifications", "1x1500"), minutes: 2 },
  { alert: "MonitoringTextFileBroken", wrong: one("node_textfile_scrape_error", 1), minutes: 7 },
]; // prettier-ignore
