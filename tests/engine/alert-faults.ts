/** Faults of a stack that is watched: how each is done and mended, and what is told of it. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { EXEC } from "../../engines/docker/secrets.ts";
import type { TestStack } from "./stack.harness.ts";

/** A fault: what is told of it, how it is done and mended. */
export interface Fault {
  name: string;
  /** Alert and service or queue. */
  told: string[];
  begin: () => unknown;
  mend: () => unknown;
}

/** What is paused. */
export const HANGING = [
  ["robotoff", "update-listener"],
  ["protea", "frontend"],
  ["protea", "worker-reaper"],
  ["protea", "postgres-backup"],
  ["monitoring", "elasticsearch-exporter"],
] as const;

const JOB = "11111111-1111-1111-1111-111111111111";

const PUBLISH = `import os, pika
pika.BlockingConnection(pika.URLParameters(os.environ["PROTEA_AMQP_URL"])).channel().basic_publish("", "protea.dead-letter", b"x")`;

/** @param stack that runs both systems and `monitoring`, with backups; a fault needs what it names alone */
export function faultsOf(stack: TestStack): Fault[] {
  const { container, docker } = { container: stack.container.bind(stack), docker: stack.docker.bind(stack) };
  const metrics = (name: string) => join(stack.folder, ".local/backups/protea/metrics", name);
  let kept = "";

  const stopped = (system: "robotoff" | "protea" | "monitoring", service: string): Fault => ({
    name: `${service} of ${system} is stopped`,
    told: [`ContainerDown ${service}`],
    begin: () => docker("stop", "--time", "1", container(system, service)),
    mend: () => docker("start", container(system, service)),
  });

  /** Its health check fails besides, a while after what it did not answer. */
  const hangs = (service: string): string => `ContainerUnhealthy ${service}`;

  const paused = (system: "robotoff" | "protea" | "monitoring", service: string, ...told: string[]): Fault => ({
    name: `${service} of ${system} hangs`,
    told,
    begin: () => docker("pause", container(system, service)),
    mend: () => docker("unpause", container(system, service)),
  });

  const redis = (...words: string[]) => docker("exec", container("robotoff", "redis"), "redis-cli", ...words);
  const rabbitmq = (...words: string[]) => docker("exec", container("protea", "rabbitmq"), "rabbitmqctl", "-q", ...words);
  /** A file that backups write, with another moment in it. */
  const older = (file: string) => writeFileSync(metrics(file), readFileSync(metrics(file), "utf8").replace(/ 1\d{9}(\.\d+)?$/gm, " 1000000000")); // prettier-ignore
  const psql = ["-U", "protea", "-d", "protea", "-qAtc"];
  const background = (sql: string) => docker("exec", "-d", container("protea", "postgres"), "psql", ...psql, sql);
  return [
    stopped("robotoff", "scheduler"),
    // Of what depends on it nothing is told: workers, API, exporter.
    stopped("robotoff", "redis"),
    stopped("protea", "rabbitmq"),
    stopped("protea", "minio"),
    stopped("monitoring", "redis-exporter"),
    paused("robotoff", "update-listener", hangs("update-listener")),
    paused("protea", "frontend", "PageDown frontend", hangs("frontend")),
    paused("monitoring", "elasticsearch-exporter", "MonitoringTargetDown elasticsearch", hangs("elasticsearch-exporter")),
    {
      name: "scheduler starts again and again",
      told: ["ContainerRestarting scheduler"],
      begin: async () => {
        for (let n = 0; n < 5; n += 1) {
          docker("restart", "--time", "0", container("robotoff", "scheduler"));
          await sleep(2_500);
        }
      },
      mend: () => undefined,
    },
    {
      name: "a process takes more memory than there is",
      told: ["ContainerOutOfMemory worker-ping"],
      begin: () => {
        const greedy = ["python", "-c", "x = bytearray(400 << 20); print(len(x))"];
        expect(() => docker("exec", container("protea", "worker-ping"), ...greedy)).toThrow();
      },
      mend: () => undefined,
    },
    {
      name: "somebody gives a container more memory",
      told: ["ContainerNotAsDeclared worker-ping"],
      begin: () => docker("update", "--memory", "300m", "--memory-swap", "300m", container("protea", "worker-ping")),
      mend: () => docker("update", "--memory", "256m", "--memory-swap", "256m", container("protea", "worker-ping")),
    },
    {
      name: "Redis asks for a password that nobody has",
      told: ["ServerUnreachable redis"],
      begin: () => redis("config", "set", "requirepass", "x"),
      mend: () => docker("exec", "-e", "REDISCLI_AUTH=x", container("robotoff", "redis"), "redis-cli", "config", "set", "requirepass", ""),
    },
    {
      name: "a queue of rq has lost its workers",
      told: ["QueueWithoutConsumer robotoff-high-1"],
      begin: () => redis("rename", "rq:workers:robotoff-high-1", "kept"),
      mend: () => redis("rename", "kept", "rq:workers:robotoff-high-1"),
    },
    {
      name: "a second worker on protea.embeddings",
      told: ["QueueHasTwoConsumers protea.embeddings"],
      begin: () => docker("exec", "-d", container("protea", "worker-ping"), EXEC, "python", "scripts/worker.py", "--queue", "protea.embeddings"),
      mend: () => docker("restart", "--time", "1", container("protea", "worker-ping")),
    },
    {
      name: "a dead letter",
      told: ["DeadLetters protea.dead-letter"],
      begin: () => docker("exec", container("protea", "worker-ping"), EXEC, "python", "-c", PUBLISH),
      mend: () => rabbitmq("purge_queue", "protea.dead-letter"),
    },
    {
      name: "RabbitMQ's disk is short",
      told: ["RabbitmqBlocked rabbitmq"],
      begin: () => rabbitmq("set_disk_free_limit", "900000000000000"),
      mend: () => rabbitmq("set_disk_free_limit", "50MB"),
    },
    {
      name: "a query waits for a lock",
      told: ["PostgresLocks postgres"],
      begin: async () => {
        stack.query("protea", "CREATE TABLE locked ()");
        background("BEGIN; LOCK TABLE locked; SELECT pg_sleep(600)");
        await sleep(1_000);
        background("SELECT * FROM locked");
      },
      mend: () => {
        stack.query("protea", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%' AND pid <> pg_backend_pid()");
        stack.query("protea", "DROP TABLE locked");
      },
    },
    {
      name: "a job runs for ten hours, and the reaper hangs",
      told: ["JobTooLong", hangs("worker-reaper")],
      begin: () => {
        docker("pause", container("protea", "worker-reaper"));
        stack.query("protea", `INSERT INTO job (id, operation, queue_name, status, started_at) VALUES ('${JOB}', 'ping', 'protea.ping', 'running', now() - interval '10 hours')`);
      },
      mend: () => {
        stack.query("protea", `DELETE FROM job WHERE id = '${JOB}'`);
        docker("unpause", container("protea", "worker-reaper"));
      },
    },
    {
      name: "the newest backup is from 2001",
      told: ["BackupTooOld"],
      begin: () => {
        kept = readFileSync(metrics("backup.prom"), "utf8");
        older("backup.prom");
      },
      mend: () => writeFileSync(metrics("backup.prom"), kept),
    },
    {
      name: "WAL is not received",
      told: ["RecoverableWindowEnds node-exporter", hangs("postgres-backup")],
      begin: () => {
        docker("pause", container("protea", "postgres-backup"));
        older("wal.prom");
      },
      mend: () => docker("unpause", container("protea", "postgres-backup")),
    },
    {
      name: "a text file that cannot be read",
      told: ["MonitoringTextFileBroken node-exporter"],
      begin: () => writeFileSync(metrics("broken.prom"), "what is this\n"),
      mend: () => rmSync(metrics("broken.prom")),
    },
  ];
} // prettier-ignore
