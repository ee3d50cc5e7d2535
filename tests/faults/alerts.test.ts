/**
 * Faults on a real stack that is watched: each has exactly its alert told, and its end. The pace is a question a second, so that a
 * minute of the rules is four seconds (docs/monitoring.md); what is normal work is tried in the pace of a deployed stack.
 */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { EXEC } from "../../engines/docker/secrets.ts";
import { AlertReceiver } from "../engine/alert-receiver.ts";
import { succeeded } from "../engine/host.ts";
import { TestStack } from "../engine/stack.harness.ts";

let stack: TestStack;
let receiver: AlertReceiver;

/** This machine's own affairs: it has no time server, and others work on it. */
const OF_THE_MACHINE = "ClockOff|DiskFull|DiskFillsUp|InodesLow|HostMemoryLow|HostUnreachable|ApiSlow";

const container = (system: "robotoff" | "protea" | "monitoring", service: string) => stack.container(system, service);
const docker = (...args: string[]) => stack.docker(...args);
const metrics = (name: string) => join(stack.folder, ".local/backups/protea/metrics", name);

async function until(what: string, holds: () => boolean, seconds = 150): Promise<void> {
  const end = Date.now() + seconds * 1_000;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`${what}: not within ${seconds} s; burning: ${receiver.names().join(", ")}`);
    await sleep(250);
  }
}

function silence(matcher: string): void {
  const amtool = ["amtool", "--alertmanager.url=http://127.0.0.1:9093", "silence", "add", "--duration=3h"];
  docker("exec", container("monitoring", "alertmanager"), ...amtool, "--author=test", "--comment=test", matcher);
}

beforeAll(async () => {
  receiver = await AlertReceiver.listen();
  stack = await TestStack.create(["robotoff", "protea", "monitoring"], undefined, true);
  stack.config["monitoring:interval"] = "1s";
  stack.config["monitoring:receivers"] = { webhook: receiver.url("/alerts") };
  stack.config["monitoring:deadManSwitch"] = receiver.url("/alive");
  // What hangs is unhealthy after three checks, each of which is two minutes after the one before it of an exporter.
  for (const [system, service] of HANGING) stack.change(system, service, { healthcheck: { interval: "2s" } });
  succeeded(stack.up());
  silence(`alertname=~"${OF_THE_MACHINE}"`);
  await until("the dead man's switch", () => receiver.alive > 1);
  // What burned while it came up ends.
  await sleep(20_000);
  await until("quiet after the start", () => receiver.names().length === 0);
}, 900_000);

afterAll(async () => {
  stack.remove();
  await receiver.close();
});

/** A fault: what is told of it, how it is done and mended. */
interface Fault {
  name: string;
  /** Alert and service or queue. */
  told: string[];
  begin: () => unknown;
  mend: () => unknown;
}

const stopped = (system: "robotoff" | "protea" | "monitoring", service: string): Fault => ({
  name: `${service} of ${system} is stopped`,
  told: [`ContainerDown ${service}`],
  begin: () => docker("stop", "--time", "1", container(system, service)),
  mend: () => docker("start", container(system, service)),
});

/** What is paused. */
const HANGING = [
  ["robotoff", "update-listener"],
  ["protea", "frontend"],
  ["protea", "worker-reaper"],
  ["protea", "postgres-backup"],
  ["monitoring", "elasticsearch-exporter"],
] as const;

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
let kept = "";

const psql = ["-U", "protea", "-d", "protea", "-qAtc"];
const background = (sql: string) => docker("exec", "-d", container("protea", "postgres"), "psql", ...psql, sql);
const JOB = "11111111-1111-1111-1111-111111111111";

const PUBLISH = `import os, pika
pika.BlockingConnection(pika.URLParameters(os.environ["PROTEA_AMQP_URL"])).channel().basic_publish("", "protea.dead-letter", b"x")`;

const FAULTS: Fault[] = [
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
    begin: () => docker("exec", "-d", container("protea", "worker-ping"), "python", "scripts/worker.py", "--queue", "protea.embeddings"),
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
]; // prettier-ignore

test("there are at least fifteen", () => {
  expect(FAULTS.length).toBeGreaterThanOrEqual(15);
});

test.each(FAULTS.map((fault) => [fault.name, fault] as const))("%s", async (name, { told, begin, mend }) => {
  receiver.forget();
  const alert = told[0]!.split(" ")[0]!;
  const from = Date.now();
  let mended = false;
  try {
    await begin();
    await until(`${name} is told`, () => told.every((one) => receiver.names().includes(one.split(" ")[0]!)));
    const after = (Date.now() - from) / 1_000;
    // What else would be told comes with the next message.
    await sleep(6_000);
    await mend();
    mended = true;
    await until(`${name} is over`, () => receiver.names().length === 0, 240);
    console.log(`${name}: told after ${after.toFixed(0)} s, over ${((Date.now() - from) / 1_000).toFixed(0)} s after it began`);
  } finally {
    if (!mended) await mend();
  }
  expect(receiver.begun().sort()).toEqual([...told].sort());
  const first = receiver.told.find(({ labels }) => labels.alertname === alert);
  expect(first!.labels.stack).toBe(stack.name);
  expect(Date.parse(first!.startsAt)).toBeGreaterThan(from - 1_000);
  expect(first!.annotations.command).toMatch(/^make \w+ STACK=/);
  expect(first!.annotations.runbook).toBe(`docs/runbooks.md#${alert.toLowerCase()}`);
}, 600_000); // prettier-ignore

test("make report has what was wrong, and the backups", () => {
  const text = succeeded(stack.operation("report"));
  expect(text).toMatch(/^ContainerDown +robotoff redis +\d+ min$/m);
  expect(text).toMatch(/^QueueHasTwoConsumers +protea protea.embeddings +\d+ min$/m);
  expect(text).toMatch(/^protea +\d+ min old +20/m);
  expect(text).toMatch(/^robotoff api +\d+\.\d\d %$/m);
});

test("normal work has nobody told: a deployment, a scale, a backup", async () => {
  stack.config["monitoring:interval"] = "15s";
  succeeded(stack.up());
  await sleep(60_000);
  receiver.forget();
  const before = receiver.alive;
  // A new setting of every process of a system, and so other containers.
  stack.config["robotoff:environment"] = { ...(stack.config["robotoff:environment"] as object), LOG_LEVEL: "DEBUG" };
  succeeded(stack.makeUp());
  stack.change("protea", "worker-embeddings-batch", { replicas: 2 });
  succeeded(stack.makeUp());
  succeeded(stack.operation("backup"));
  // Longer than what any of that could have set off takes to be told.
  await sleep(180_000);
  expect(receiver.begun()).toEqual([]);
  expect(receiver.alive).toBeGreaterThan(before);
}, 900_000);
