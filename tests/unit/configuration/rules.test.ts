/** Rules across fields, services and systems, by the whole message. */
import type { ServiceSpec } from "../../../systems/spec.ts";
import { checkSystems } from "../../../systems/rules/all.ts";
import { healthcheck } from "../../../systems/healthchecks.ts";
import { completed, healthy, serviceSpec } from "../../../systems/service-spec.ts";
import { MINIMAL, problemsOf, type Values } from "../support/stack.ts";

const robotoff = (services: object): Values => ({ "robotoff:services": services });
const protea = (services: object): Values => ({ "protea:services": services });
const workers = (...pools: object[]): Values => ({
  "robotoff:workers": pools.map((pool) => ({ queues: ["robotoff-low"], ...pool })),
});

/** Backups and what host:prepare makes. */
const prepared = (restoreWhenEmpty: string, ...paths: string[]): Values => ({
  "host:backups": { directory: "/srv/backups", restoreWhenEmpty },
  "host:prepare": { folders: paths.map((path) => ({ path })) },
});
const noBackups = (found: string) =>
  `host:prepare.folders: found ${found}, expected folders other than host:backups.directory: on a host that takes a lost ` +
  "one's place, an empty one would say that there is nothing to bring back";

const rules: [string, Values, string[]][] = [
  [
    "the folder of backups, made empty",
    prepared("latest", "/srv/x", "/srv/backups"),
    [noBackups('[{"path":"/srv/x"},{"path":"/srv/backups"}]')],
  ],
  ["and with one below it", prepared("latest", "/srv/backups/x"), [noBackups('[{"path":"/srv/backups/x"}]')]],
  ["others beside it: fine", prepared("latest", "/srv/backups2", "/srv"), []],
  ["where an empty server stays empty: fine", prepared("never", "/srv/backups"), []],
  [
    "a command of one's own, without the limit of the WAL that is kept for backups",
    { "host:backups": { directory: "/srv/backups" }, ...protea({ postgres: { command: ["postgres", "-c", "x=1"] } }) },
    [
      "protea:services.postgres.command: says no max_slot_wal_keep_size; add -c and max_slot_wal_keep_size=8GB: the WAL kept for " +
        "backups while nobody receives it, without which it fills the server's disk",
    ],
  ],
  [
    "a command of one's own with that limit, and one where nothing is backed up: fine",
    {
      "host:backups": { directory: "/srv/backups" },
      ...protea({ postgres: { command: ["postgres", "-c", "max_slot_wal_keep_size=1GB"] } }),
      ...robotoff({ postgres: { command: ["postgres", "--max_slot_wal_keep_size=-1"] } }),
    },
    [],
  ],
  ["a command of one's own, and no backups: fine", protea({ postgres: { command: ["postgres"] } }), []],
  [
    "two services on one host port",
    protea({ api: { ports: ["127.0.0.1:5500:8000"] } }),
    [
      "protea:services.api.ports: host port 127.0.0.1:5500 is already published by robotoff:services.api; " +
        "give one of them another",
    ],
  ],
  [
    "a host port on one address and on every address",
    protea({ api: { ports: ["5500:8000"] } }),
    [
      "protea:services.api.ports: host port 0.0.0.0:5500 is already published by robotoff:services.api; " +
        "give one of them another",
    ],
  ],
  [
    "a host port on every address, and then on one",
    { ...robotoff({ api: { ports: ["5500:5500"] } }), ...protea({ api: { ports: ["127.0.0.1:5500:8000"] } }) },
    [
      "protea:services.api.ports: host port 127.0.0.1:5500 is already published by robotoff:services.api; " +
        "give one of them another",
    ],
  ],
  [
    "a host port on every IPv6 address, and then on one",
    { ...robotoff({ api: { ports: ["[::]:5500:5500"] } }), ...protea({ api: { ports: ["[::1]:5500:8000"] } }) },
    [
      "protea:services.api.ports: host port ::1:5500 is already published by robotoff:services.api; " +
        "give one of them another",
    ],
  ],
  [
    "a host port on one address, and then on every IPv6 address",
    protea({ api: { ports: ["[::]:5500:8000"] } }),
    [
      "protea:services.api.ports: host port :::5500 is already published by robotoff:services.api; " +
        "give one of them another",
    ],
  ],
  [
    "a host port of a pool without containers: fine",
    workers({ name: "w", replicas: 0, ports: ["127.0.0.1:5500:1"] }),
    [],
  ],
  [
    "a host port of an unnumbered pool without containers: fine",
    workers({ name: "w", replicas: 0, numbered: false, ports: ["127.0.0.1:5500:1"] }),
    [],
  ],
  ["one host port on two addresses: fine", protea({ api: { ports: ["10.1.0.5:5500:8000"] } }), []],
  [
    "a container's port on two addresses",
    protea({ api: { ports: ["10.1.0.5:8000:8000", "127.0.0.1:8000:8000"] } }),
    [
      "protea:services.api.ports: container port 8000 is published a second time, at 127.0.0.1:8000; " +
        "keep one: with two, every up would replace the container",
    ],
  ],
  ["two of a container's ports: fine", protea({ api: { ports: ["10.1.0.5:8000:8000", "127.0.0.1:8001:8001"] } }), []],
  ["one host port for tcp and udp: fine", protea({ api: { ports: ["127.0.0.1:5500:8000/udp"] } }), []],
  [
    "one host port for three containers",
    protea({ "worker-ping": { replicas: 3, ports: ["127.0.0.1:7000:7000"] } }),
    [
      "protea:services.worker-ping.ports: host port 127.0.0.1:7000 cannot serve 3 containers; " +
        "publish none, or set replicas to 1",
    ],
  ],
  [
    "a host port in a numbered pool",
    workers({ name: "w", replicas: 2, ports: ["127.0.0.1:7000:7000"] }),
    [
      "robotoff:workers[0].ports: host port 127.0.0.1:7000 is already published by robotoff:workers[0]; " +
        "give one of them another",
    ],
  ],
  [
    "a data port on every interface",
    robotoff({ postgres: { ports: ["5501:5432"] } }),
    ["robotoff:services.postgres.ports: data port 0.0.0.0:5501 is on a public interface; expected 127.0.0.1:5501:5432"],
  ],
  [
    "data ports on one address of the host",
    protea({ minio: { ports: ["10.1.0.5:9000:9000", "10.1.0.5:9001:9001"] } }),
    [
      "protea:services.minio.ports: data port 10.1.0.5:9000 is on a public interface; expected 127.0.0.1:9000:9000",
      "protea:services.minio.ports: data port 10.1.0.5:9001 is on a public interface; expected 127.0.0.1:9001:9001",
    ],
  ],
  ["a data port on IPv6's loopback: fine", robotoff({ redis: { ports: ["[::1]:5502:6379"] } }), []],
  ["an API on every interface: fine", robotoff({ api: { ports: ["5500:5500"] } }), []],
  [
    "a reservation above the limit",
    robotoff({ api: { memory: "1g", memoryReservation: "2g" } }),
    ["robotoff:services.api.memoryReservation: 2 GiB is above the limit, memory: 1 GiB"],
  ],
  ["a reservation at the limit: fine", robotoff({ api: { memory: "1g", memoryReservation: "1g" } }), []],
  [
    "shared_buffers above the container's memory",
    { ...robotoff({ postgres: { memory: "4g" } }), "robotoff:postgres": { sharedBuffers: "8GB" } },
    [
      "robotoff:postgres.sharedBuffers: shared_buffers of 8 GiB is above the container's memory, robotoff:services.postgres.memory: 4 GiB",
    ],
  ],
  [
    "shared_buffers without a unit, which PostgreSQL would take for blocks of 8 kB",
    { "robotoff:postgres": { sharedBuffers: "131072 " } },
    [
      'robotoff:postgres.sharedBuffers: found "131072 ", expected PostgreSQL\'s form, such as 512MB or 8GB, from 128kB to 2047GB',
    ],
  ],
  [
    "shared_buffers in another form",
    { "robotoff:postgres": { sharedBuffers: "8g" } },
    [
      'robotoff:postgres.sharedBuffers: found "8g", expected PostgreSQL\'s form, such as 512MB or 8GB, from 128kB to 2047GB',
    ],
  ],
  [
    "a heap of all the container's memory: fine",
    { ...robotoff({ elasticsearch: { memory: "2g" } }), "robotoff:elasticsearch": { heap: "2g" } },
    [],
  ],
  [
    "a heap above the container's memory",
    { ...robotoff({ elasticsearch: { memory: "1g" } }), "robotoff:elasticsearch": { heap: "2g" } },
    [
      "robotoff:elasticsearch.heap: Java's heap of 2 GiB is above the container's memory, " +
        "robotoff:services.elasticsearch.memory: 1 GiB",
    ],
  ],
  [
    "a check that is slower while starting",
    robotoff({ api: { healthcheck: { interval: "2s", startInterval: "5s" } } }),
    ["robotoff:services.api.healthcheck.startInterval: 5s is above the interval, 2s"],
  ],
  [
    "a check as often while starting as later: fine",
    robotoff({ api: { healthcheck: { interval: "5s", startInterval: "5s" } } }),
    [],
  ],
  [
    "no time for a first check",
    robotoff({ api: { healthcheck: { startPeriod: "400ms" } } }),
    ["robotoff:services.api.healthcheck.startPeriod: 400ms is below the startInterval, 500ms"],
  ],
  [
    "jobs that never end",
    {
      ...protea({ migrate: { restart: "always" } }),
      ...robotoff({ migrate: { restart: "on-failure" }, api: { restart: "always" } }),
    },
    [
      "robotoff:services.migrate.restart: found on-failure, expected no: a job ends, and make up runs it again",
      "protea:services.migrate.restart: found always, expected no: a job ends, and make up runs it again",
    ],
  ],
  [
    "two coordinators",
    protea({ "worker-embeddings": { replicas: 2 } }),
    [
      "protea:services.worker-embeddings.replicas: found 2 consumers of protea.embeddings, expected exactly 1: " +
        "the coordinator serialises GPU access; two cause RetryLaterError storms",
    ],
  ],
  [
    "no coordinator",
    protea({ "worker-embeddings": { replicas: 0 } }),
    [
      "protea:services.worker-embeddings.replicas: found 0 consumers of protea.embeddings, expected exactly 1: " +
        "the coordinator serialises GPU access; two cause RetryLaterError storms",
    ],
  ],
  [
    "a coordinator by another service's command",
    protea({ "worker-ping": { command: ["python", "scripts/worker.py", "--queue", "protea.embeddings"] } }),
    [
      "protea:services.worker-embeddings.replicas: found 2 consumers of protea.embeddings " +
        "(also protea:services.worker-ping), expected exactly 1: " +
        "the coordinator serialises GPU access; two cause RetryLaterError storms",
    ],
  ],
  [
    "a coordinator among the workers that the stack file adds",
    { "protea:workers": [{ name: "more", queue: "protea.embeddings" }] },
    [
      "protea:services.worker-embeddings.replicas: found 2 consumers of protea.embeddings (also protea:workers[0]), " +
        "expected exactly 1: the coordinator serialises GPU access; two cause RetryLaterError storms",
      "protea:workers[0].replicas: found 2 consumers of protea.embeddings (also protea:services.worker-embeddings), " +
        "expected exactly 1: the coordinator serialises GPU access; two cause RetryLaterError storms",
    ],
  ],
  [
    "three coordinators, and one without containers",
    {
      "protea:workers": [
        { name: "more", queue: "protea.embeddings", replicas: 0 },
        { name: "training", queue: "protea.training", command: ["x", "protea.embeddings"] },
        { name: "other", queue: "protea.other", command: ["x", "protea.embeddings"] },
      ],
    },
    [
      "protea:services.worker-embeddings.replicas: found 3 consumers of protea.embeddings " +
        "(also protea:workers[1], protea:workers[2]), expected exactly 1: " +
        "the coordinator serialises GPU access; two cause RetryLaterError storms",
      "protea:workers[0].replicas: found 3 consumers of protea.embeddings " +
        "(also protea:services.worker-embeddings, protea:workers[1], protea:workers[2]), expected exactly 1: " +
        "the coordinator serialises GPU access; two cause RetryLaterError storms",
    ],
  ],
  [
    "two consumers of a queue that the stack file calls single",
    {
      "protea:workers": [
        { name: "training", queue: "protea.training", single: true },
        { name: "more-training", queue: "protea.training" },
      ],
    },
    [
      "protea:workers[0].replicas: found 2 consumers of protea.training (also protea:workers[1]), expected exactly 1: " +
        "the stack file says single",
    ],
  ],
  [
    "a queue's only consumer twice",
    { "protea:workers": [{ name: "training", queue: "protea.training", single: true, replicas: 2 }] },
    [
      "protea:workers[0].replicas: found 2 consumers of protea.training, expected exactly 1: the stack file says single",
    ],
  ],
  [
    "a worker by the name of one that is always there",
    { "protea:workers": [{ name: "worker-jobs", queue: "protea.jobs" }] },
    ['protea:workers[0]: the service name "worker-jobs" is taken by protea:services.worker-jobs'],
  ],
  [
    "two servers on one data volume",
    robotoff({ postgres: { replicas: 2, ports: [] } }),
    ["robotoff:services.postgres.replicas: found 2, expected at most 1: two servers must never share a data volume"],
  ],
  [
    "two migrations at once",
    protea({ migrate: { replicas: 2 } }),
    ["protea:services.migrate.replicas: found 2, expected at most 1: a job runs once"],
  ],
  [
    "two systems of one project",
    { "protea:project": "robotoff" },
    ['protea:project: "robotoff" is robotoff\'s; give each its own'],
  ],
  [
    "a pool with a service's name",
    workers({ name: "scheduler", numbered: false }),
    ['robotoff:workers[0]: the service name "scheduler" is taken by robotoff:services.scheduler'],
  ],
  [
    "two pools of one name",
    workers({ name: "w" }, { name: "w" }),
    ['robotoff:workers[1]: the service name "w-1" is taken by robotoff:workers[0]'],
  ],
  [
    "a mount of a volume that is not declared",
    robotoff({ api: { volumes: ["exports:/exports"] } }),
    ['robotoff:services.api.volumes: no volume "exports"; declare it under robotoff:volumes or give a host path'],
  ],
  [
    "a mount of a declared volume: fine",
    { ...robotoff({ api: { volumes: ["exports:/exports"] } }), "robotoff:volumes": { exports: {} } },
    [],
  ],
  [
    "one Docker volume for two databases",
    {
      "robotoff:volumes": { "postgres-data": { name: "pgdata" } },
      "protea:volumes": { postgres_data: { name: "pgdata", external: true } },
    },
    ['protea:volumes.postgres_data: "pgdata" is the volume of robotoff:volumes.postgres-data; give each its own name'],
  ],
  [
    "an external volume that two systems share: fine",
    {
      "robotoff:volumes": { backup: { name: "dumps", external: true } },
      "protea:volumes": { backup: { name: "dumps", external: true } },
    },
    [],
  ],
  [
    "monitoring, which is in networks without a way out, with a name after theirs",
    {
      ...{ "monitoring:enabled": true, "monitoring:project": "watch" },
      "monitoring:certificates": ["https://robotoff.openfoodfacts.org"],
    },
    [
      'monitoring:project: Docker takes the way out by the network whose name comes first, and from "robotoff_servers" there is none; expected a name before it',
    ],
  ],
  [
    "the same where it asks for nothing outside but with Alertmanager, which is in none of them",
    { "monitoring:enabled": true, "monitoring:project": "watch" },
    [],
  ],
  [
    "an external network of the stack's own",
    { "protea:externalNetworks": ["robotoff_default", "po_webnet"] },
    ['protea:externalNetworks: "robotoff_default" is made by this stack; expected networks that others made'],
  ],
  [
    "a high-priority queue without a worker",
    {
      "robotoff:highPriorityQueues": 4,
      ...workers({ name: "w", replicas: 2, queues: ["robotoff-high-{n}"] }),
    },
    [
      "robotoff:highPriorityQueues: 4, but no worker consumes robotoff-high-3, robotoff-high-4; add workers or lower it",
    ],
  ],
  [
    "a high-priority queue whose worker has no containers",
    {
      "robotoff:highPriorityQueues": 2,
      ...workers(
        { name: "w", replicas: 1, queues: ["robotoff-high-1"] },
        { name: "v", replicas: 0, numbered: false, queues: ["robotoff-high-2"] },
      ),
    },
    ["robotoff:highPriorityQueues: 2, but no worker consumes robotoff-high-2; add workers or lower it"],
  ],
  [
    "as many high-priority queues as workers: fine",
    {
      "robotoff:highPriorityQueues": 2,
      ...workers({ name: "w", replicas: 2, queues: ["robotoff-high-{n}"] }),
    },
    [],
  ],
  [
    "high-priority queues that are not numbered: fine",
    { "robotoff:highPriorityQueues": 2, ...workers({ name: "w", queues: ["robotoff-high", "robotoff-high-x"] }) },
    [],
  ],
  [
    "a second consumer without containers: fine",
    { "protea:workers": [{ name: "more", queue: "protea.embeddings", replicas: 0 }] },
    [],
  ],
];

test.each(rules)("%s", (_, values, expected) => {
  expect(problemsOf({ ...MINIMAL, ...values })).toEqual(expected);
});

/** A service can lose its check only in systems/, not in a stack file. */
describe("a service without a health check", () => {
  const path = "robotoff:services.redis";
  const redis = serviceSpec({ name: "redis", image: "redis:7", path });
  const api = serviceSpec({
    name: "api",
    image: "x:1",
    healthcheck: healthcheck(["CMD", "true"]),
    needs: healthy("redis"),
  });
  const check = (...services: ServiceSpec[]) =>
    checkSystems([{ name: "robotoff", project: "robotoff", separator: "_", services, volumes: [] }]);

  test("that another waits for", () => {
    expect(check(redis, api)).toEqual([
      { path: `${path}.healthcheck`, message: "missing; api needs to know when it is healthy" },
    ]);
    const waitingForOther = { ...api, name: "frontend", needs: [...healthy("api"), ...completed("redis")] };
    expect(check(redis, api, { ...api, name: "worker" }, waitingForOther).map(({ message }) => message)).toEqual([
      "missing; api, worker needs to know when it is healthy",
    ]);
  });

  test("that nobody waits for", () => {
    expect(check(redis)).toEqual([
      { path: `${path}.healthcheck`, message: "missing; status needs to know when it is healthy" },
    ]);
  });

  test("that is a job: fine", () => {
    expect(check({ ...redis, kind: "job", restart: "no" })).toEqual([]);
  });
});

test("a service without containers takes no port", () => {
  const services = { ...robotoff({ api: { replicas: 0, ports: ["127.0.0.1:8000:5500"] } }) };
  expect(problemsOf({ ...MINIMAL, ...services })).toEqual([]);
});
