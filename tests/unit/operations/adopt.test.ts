/** What an adoption sees, refuses and plans; the real one is in tests/faults/adopt.test.ts and tests/hosts. */
import { createHash } from "node:crypto";
import { parse } from "yaml";
import type { SecretForm } from "../../../config/secrets.ts";
import { besideServer, partsToday } from "../../../operations/adopt/backup.ts";
import { differencesOf } from "../../../operations/adopt/differences.ts";
import { backOrder } from "../../../operations/adopt/back.ts";
import { definitions, passwordHash } from "../../../operations/adopt/broker.ts";
import { gaps, gapsText, type Event } from "../../../operations/adopt/gaps.ts";
import {
  adoptionOf,
  outsiders,
  redisProblem,
  serverProblems,
  undeclaredProblems,
} from "../../../operations/adopt/look.ts";
import { objects } from "../../../operations/adopt/objects.ts";
import { today, type Handover } from "../../../operations/adopt/old.ts";
import { compareSecrets, known } from "../../../operations/adopt/secrets.ts";
import { shownSetting, withAll } from "../../../operations/adopt/settings.ts";
import { planText } from "../../../operations/adopt/text.ts";
import { applied } from "../../../operations/drift/applied.ts";
import type { Container } from "../../../operations/drift/containers.ts";
import { wantedContainers } from "../../../operations/drift/wanted.ts";
import type { SystemSpec } from "../../../systems/spec.ts";
import { settingsOf } from "../support/settings.ts";
import { committed } from "../support/stack.ts";

const stack = committed("staging");
const system = (name: "robotoff" | "protea"): SystemSpec => stack.systems.find((one) => one.name === name)!;
const image = (service: string) => system("protea").services.find(({ name }) => name === service)!.image;

interface Made {
  name?: string;
  number?: number;
  status?: string;
  image?: string;
  env?: string[];
  mounts?: object[];
  labels?: Record<string, string>;
}

/** A container as compose makes it. */
function composed(project: string, service: string, made: Made = {}): Container {
  const name = made.name ?? `${project}-${service}-${made.number ?? 1}`;
  return {
    Id: `id-${name}`,
    Name: `/${name}`,
    Image: made.image ?? "sha256:1",
    State: { Status: made.status ?? "running" },
    Config: {
      Image: "of-before",
      Hostname: "2e3bb45ac528",
      StopTimeout: null,
      Env: made.env ?? [],
      Labels: {
        "com.docker.compose.project": project,
        "com.docker.compose.service": service,
        "com.docker.compose.container-number": String(made.number ?? 1),
        "com.docker.compose.oneoff": "False",
        ...made.labels,
      },
    },
    Mounts: made.mounts ?? [],
  } as unknown as Container;
}

const volume = (Name: string, Destination: string, more = {}) => ({ Type: "volume", Name, Source: "/x", Destination, RW: true, ...more }); // prettier-ignore
const HASH = "1".repeat(64);

function handover(project: "robotoff" | "protea", service: string, made: Made = {}): Handover {
  const own = system(project);
  const found = today(own, [composed(project, service, made)], "staging").handovers;
  return found.find((one) => one.service.name === service)!;
}

test("secrets that are variables today, and how they are read here, are no difference; another entrypoint is one", () => {
  const own = system("protea");
  const wanted = new Map(wantedContainers(own, "staging", true, applied([])).map((one) => [one.name, one]));
  const told = (entrypoint: string[] | null) => {
    const handovers = (["rabbitmq", "worker-ping"] as const).map((name) => {
      const one = handover("protea", name, { env: ["RABBITMQ_DEFAULT_PASS=x", "PROTEA_DB_URL=y", "MINE=z"] });
      const today = composed("protea", name);
      const { Config, ...rest } = settingsOf(own, one.service);
      const Entrypoint = name === "rabbitmq" ? ["docker-entrypoint.sh"] : entrypoint;
      const Env = [
        ...Config.Env!,
        "MINE=z",
        ...(name === "rabbitmq" ? ["RABBITMQ_DEFAULT_PASS=x"] : ["PROTEA_DB_URL=y"]),
      ];
      const Mounts = rest.Mounts.filter(({ Destination }) => Destination !== "/run/secrets");
      return {
        ...one,
        old: [{ ...today, ...rest, Mounts, Config: { ...today.Config, ...Config, Entrypoint, Env } } as Container],
      };
    });
    const { settings, lacking } = differencesOf(handovers, wanted, new Map([["sha256:1", {}]]));
    return { settings: settings.map(({ what, found }) => [what, found]), lacking: [...lacking] };
  };
  expect(told(null)).toEqual({ settings: [], lacking: [["MINE", ["rabbitmq", "worker-ping"]]] });
  expect(told(["sleep"]).settings).toEqual([["entrypoint", '["sleep"]']]);
});

test("which container takes whose place: by compose's labels, whatever the names are", () => {
  const seen = today(
    system("robotoff"),
    [
      composed("robotoff", "worker-1", { name: "robotoff-worker-1" }),
      composed("robotoff", "api"),
      // More of them than are declared.
      composed("robotoff", "api", { number: 2 }),
      composed("robotoff", "notebook"),
      composed("robotoff", "postgres", { name: "robotoff-postgres-1-set-aside-1795685471" }),
      composed("robotoff", "api", { name: "run", labels: { "com.docker.compose.oneoff": "True" } }),
      composed("robotoff", "redis", { name: "robotoff_redis_1", labels: { "robotoff-protea.stack": "staging" } }),
      composed("other", "x", { name: "robotoff_scheduler_1" }),
      composed("other", "y"),
    ],
    "staging",
  );
  const taken = seen.handovers.filter(({ old }) => old.length > 0).map(({ name, old }) => [name, old.map(({ Name }) => Name)]); // prettier-ignore
  expect(taken).toEqual([
    ["robotoff_api_1", ["/robotoff-api-1", "/robotoff-api-2"]],
    ["robotoff_worker-1_1", ["/robotoff-worker-1"]],
  ]);
  // Made by a run before.
  expect(seen.handovers.map(({ name }) => name)).not.toContain("robotoff_redis_1");
  expect(seen.handovers.map(({ name }) => name)).toContain("robotoff_elasticsearch_1");
  expect(seen.undeclared.map(({ Name }) => Name)).toEqual(["/robotoff-notebook-1"]);
  expect(seen.aside.map(({ Name }) => Name)).toEqual(["/robotoff-postgres-1-set-aside-1795685471"]);
  expect(seen.strangers).toEqual(["robotoff_scheduler_1"]);
});

test("each is given the longer of both times to stop", () => {
  const one = handover("protea", "postgres");
  expect(adoptionOf([one])).toEqual({
    "protea-postgres-1": [{ id: "id-protea-postgres-1", name: "protea-postgres-1", seconds: 120 }],
  });
  one.old[0]!.Config.StopTimeout = 300;
  expect(adoptionOf([one])["protea-postgres-1"]![0]!.seconds).toBe(300);
  expect(adoptionOf([{ ...one, old: [] }])).toEqual({});
});

test("what a killed run had renamed and not stopped is stopped before another takes its ports", () => {
  const name = (service: string) => `protea-${service}-1-set-aside-1795685471`;
  const { handovers } = today(
    system("protea"),
    [
      composed("protea", "rabbitmq", { name: name("rabbitmq") }),
      composed("protea", "postgres", { name: name("postgres"), status: "exited" }),
    ],
    "staging",
  );
  expect(adoptionOf(handovers)).toEqual({
    "protea-rabbitmq-1": [{ id: `id-${name("rabbitmq")}`, name: name("rabbitmq"), seconds: 60 }],
  });
});

test("what runs and is not declared is somebody's choice", () => {
  const [runs, ended] = [composed("robotoff", "notebook"), composed("robotoff", "once", { status: "exited" })];
  expect(undeclaredProblems([runs, ended], new Set())).toEqual([
    "robotoff-notebook-1 runs in the compose project, and no declared service stands for it: declare it, stop it (docker stop robotoff-notebook-1), or let it run beside (LEAVE=robotoff-notebook-1)",
  ]);
  expect(undeclaredProblems([runs], new Set(["robotoff-notebook-1"]))).toEqual([]);
});

test("who may run beside is told where servers are at the end", () => {
  const notebook = composed("robotoff", "notebook");
  const todays = [{ system: system("robotoff"), undeclared: [notebook] }];
  expect(outsiders(todays, new Set(["robotoff-notebook-1"]))).toEqual([
    "robotoff-notebook-1 runs beside: servers are in robotoff_servers at the end. If it uses one: docker network connect robotoff_servers robotoff-notebook-1",
  ]);
  expect(outsiders(todays, new Set())).toEqual([]);
});

test("a server's data is handed over to the version that wrote it, and from a server that runs", () => {
  const images = [{ Id: "sha256:1", RepoTags: [image("postgres")], RepoDigests: null, Config: null }];
  const env = ["POSTGRES_USER=protea", "POSTGRES_DB=protea"];
  expect(serverProblems(handover("protea", "postgres", { env }), images)).toEqual([]);
  const other = serverProblems(handover("protea", "postgres", { env, image: "sha256:2", status: "exited" }), images);
  expect(other).toEqual([
    "protea-postgres-1 is exited: it has data, and only one that runs can be backed up: start it",
    `protea-postgres-1 runs of-before, and ${image("postgres")} is declared, which has other contents: declare what runs (images), adopt it, and change the version afterwards`,
  ]);
  expect(serverProblems(handover("protea", "postgres", { env: ["POSTGRES_USER=admin"] }), images)).toEqual([
    'protea-postgres-1 was made with POSTGRES_USER=admin, and "protea" is declared: declare what it has',
    'protea-postgres-1 was made with POSTGRES_DB=, and "protea" is declared: declare what it has',
  ]);
  // An application may be of any version.
  expect(serverProblems(handover("protea", "api", { image: "sha256:2" }), images)).toEqual([]);
});

test("Redis is not started with a file that has nothing of its snapshot, nor without the one that has its data", () => {
  // Pulumi.staging.yaml: no append-only file.
  expect(redisProblem(handover("robotoff", "redis"), "no")).toEqual([]);
  expect(redisProblem(handover("robotoff", "redis"), "yes")).toEqual([
    "robotoff-redis-1 has appendonly yes, and no is declared, which would start without its data: robotoff:redis.appendOnly: true",
  ]);
});

describe("volumes, networks and host names that are there", () => {
  const there = (...names: string[]) => names.map((Name) => ({ Name, Driver: "local", Options: null, Labels: { "com.docker.compose.project": "protea" } })); // prettier-ignore
  const network = { Name: "protea_default", Labels: { "com.docker.compose.project": "protea" } };
  const found = (volumes: object[], networks: object[] = [network]) => ({ volumes, networks }) as never;
  const shown = (one: Handover, volumes: object[], networks?: object[]) => {
    const { settings, problems, notes } = objects([one], found(volumes, networks));
    return { settings: settings.map(shownSetting), problems, notes };
  };

  test("are used as they are, those that nobody named as well", () => {
    const rabbitmq = handover("protea", "rabbitmq", { mounts: [volume(HASH, "/var/lib/rabbitmq")] });
    expect(shown(rabbitmq, there("protea_minio_data", HASH))).toEqual({
      settings: [
        "protea:volumes.minio_data.external: true",
        "protea:network.external: true",
        "protea:volumes.rabbitmq_data.external: true",
        `protea:volumes.rabbitmq_data.name: ${HASH}`,
        "protea:services.rabbitmq.hostname: 2e3bb45ac528",
      ],
      problems: [],
      notes: [
        `protea-rabbitmq-1: /var/lib/rabbitmq is a volume without a name, ${HASH}: it is used as it is. docker volume prune takes such a one when no container has it`,
      ],
    });
  });

  test("need nothing where this stack made them", () => {
    const own = [{ Name: "protea_minio_data", Labels: { "robotoff-protea.stack": "staging" } }];
    const minio = handover("protea", "minio", { mounts: [volume("protea_minio_data", "/data")] });
    expect(shown(minio, own, [])).toEqual({ settings: [], problems: [], notes: [] });
  });

  test("a folder in the place of a volume, and another folder than is declared, are said; nothing is left behind unsaid", () => {
    const bind = { Type: "bind", Source: "/srv/pg", Destination: "/var/lib/postgresql/data", RW: true };
    const more = { Type: "bind", Source: "/srv/more", Destination: "/more", RW: true };
    const postgres = shown(handover("protea", "postgres", { mounts: [bind, more] }), [], []);
    expect(postgres.problems).toEqual([
      "protea-postgres-1: /var/lib/postgresql/data is /srv/pg of the host, and the volume protea_postgres_data is declared: declare the folder (protea:services.postgres.volumes)",
    ]);
    expect(postgres.notes).toEqual([
      "protea-postgres-1: /more (/srv/more) is not declared: it stays, and postgres has it no more",
    ]);
    const data = { Type: "bind", Source: "/srv/data", Destination: "/opt/robotoff/data", RW: true };
    expect(shown(handover("robotoff", "api", { mounts: [data] }), [], []).problems).toEqual([
      "robotoff-api-1: /opt/robotoff/data is /srv/data, and /home/off/robotoff-net/data is declared: declare what is there (robotoff:services.api.volumes, or the setting of that folder)",
    ]);
  });
});

test("settings go into a stack file's text, and the rest of it stays as it is", () => {
  const text = `config:
  # who
  robotoff:instance: dev
  robotoff:volumes:
    # of before
    postgres-data: { external: true }
  protea:services:
    api: { memory: 1g }
`;
  const setting = (path: string, value: string) => ({ path: path.split("/"), value });
  const changed = withAll(text, [
    setting("robotoff:volumes/redis-data/external", "true"),
    setting("robotoff:network/external", "true"),
    setting("protea:volumes/rabbitmq_data/external", "true"),
    setting("protea:volumes/rabbitmq_data/name", HASH),
    setting("protea:services/rabbitmq/hostname", "2e3bb45ac528"),
    // Once more changes nothing.
    setting("robotoff:network/external", "true"),
  ]);
  expect(parse(changed)).toEqual({
    config: {
      "robotoff:instance": "dev",
      "robotoff:network": { external: true },
      "robotoff:volumes": { "postgres-data": { external: true }, "redis-data": { external: true } },
      "protea:volumes": { rabbitmq_data: { external: true, name: HASH } },
      "protea:services": { api: { memory: "1g" }, rabbitmq: { hostname: "2e3bb45ac528" } },
    },
  });
  for (const line of text.split("\n")) expect(changed.split("\n")).toContain(line);
  expect(() => withAll(text, [setting("robotoff:instance/x", "true")])).toThrow("robotoff:instance is no map");
});

describe("secrets", () => {
  const any: SecretForm = { expression: /^[a-z]+$/, expected: "letters" };
  const postgres = (env: string[]) => handover("protea", "postgres", { env: ["POSTGRES_USER=protea", ...env] });
  const keys = (all: { key: string }[]) => all.map(({ key }) => key);

  test("are those that the servers were made with", () => {
    const found = known([postgres(["POSTGRES_PASSWORD=one"])]);
    expect(found).toEqual([
      { key: "protea:postgresPassword", value: "one", from: "protea-postgres-1, POSTGRES_PASSWORD", server: true },
    ]);
    const compared = (own?: string) => compareSecrets(found, () => any, () => own); // prettier-ignore
    expect(keys(compared().taken)).toEqual(["protea:postgresPassword"]);
    expect(keys(compared("other").taken)).toEqual(["protea:postgresPassword"]);
    expect(compared("one")).toEqual({ taken: [], kept: [], problems: [] });
  });

  test("of another user than the declared one are not the declared one's", () => {
    const minio = handover("protea", "minio", { env: ["MINIO_ROOT_USER=admin", "MINIO_ROOT_PASSWORD=of-admin"] });
    const reaper = handover("protea", "worker-reaper", { env: ["PROTEA_MINIO_SECRET_KEY=of-admin"] });
    expect(known([minio, reaper])).toEqual([]);
  });

  test("that are no server's are taken where there is none, and kept where there is another", () => {
    const found = [{ key: "robotoff:sentryDsn", value: "x", from: "api, SENTRY_DSN", server: false }];
    expect(keys(compareSecrets(found, () => any, () => undefined).taken)).toEqual(["robotoff:sentryDsn"]); // prettier-ignore
    const kept = compareSecrets(found, () => any, () => "y"); // prettier-ignore
    expect([keys(kept.taken), keys(kept.kept)]).toEqual([[], ["robotoff:sentryDsn"]]);
  });

  test("that not every program takes are refused, and not shown", () => {
    const found = known([postgres(["POSTGRES_PASSWORD=a%b"])]);
    const { problems } = compareSecrets(found, () => any, () => undefined); // prettier-ignore
    expect(problems).toEqual([
      "protea:postgresPassword: protea-postgres-1, POSTGRES_PASSWORD has a value that not every program here takes, expected letters: change it where it runs, first",
    ]);
  });
});

describe("the backup before", () => {
  const servers = (...names: string[]) =>
    new Map(names.map((name) => [name, composed("protea", name, { env: ["MINIO_ROOT_USER=admin", "MINIO_ROOT_PASSWORD=a/b"] })])); // prettier-ignore

  test("has what today's servers can give, in containers beside them", () => {
    const running = { system: system("protea"), servers: servers("postgres", "rabbitmq") };
    expect(partsToday(running).made.map(({ name, container }) => `${name} ${container}`)).toEqual([
      "postgres protea-adoption-postgres-backup",
      "rabbitmq protea-adoption-files-backup",
    ]);
    const robotoff = { system: system("robotoff"), servers: servers("postgres", "redis", "elasticsearch") };
    expect(partsToday(robotoff).made.map(({ name }) => name)).toEqual(["postgres", "public", "redis"]);
    expect(partsToday(robotoff).left).toEqual(["elasticsearch"]);
  });

  test("asks PostgreSQL from within its own network, and MinIO as the user that it has", () => {
    const running = { system: system("protea"), servers: servers("postgres", "minio") };
    const service = (name: string) => system("protea").services.find((one) => one.name === name)!;
    const body = (name: string) => besideServer(service(name), running, (key) => `value of ${key}`);
    expect(body("postgres-backup")).toMatchObject({
      Env: expect.arrayContaining(["PGHOST=127.0.0.1", "POSTGRES_USER=protea"]) as string[],
      HostConfig: { NetworkMode: "container:id-protea-postgres-1", Binds: ["/srv/backups:/backups"] },
    });
    expect(body("files-backup")).toMatchObject({
      Env: expect.arrayContaining([
        "MC_HOST_server=http://admin:a%2Fb@minio:9000",
        "RABBITMQ_URL=amqp://protea:value%20of%20protea%3ArabbitmqPassword@rabbitmq/",
      ]) as string[],
      HostConfig: { NetworkMode: "protea_default" },
    });
  });
});

test("a user is added to RabbitMQ by the hash of his password", () => {
  const salt = Buffer.from([1, 2, 3, 4]);
  const digest = createHash("sha256").update("\x01\x02\x03\x04secret").digest(); // prettier-ignore
  expect(passwordHash("secret", salt)).toBe(Buffer.concat([salt, digest]).toString("base64"));
  expect(JSON.stringify(definitions("protea", passwordHash("secret")))).not.toContain("secret");
});

test("for how long each was away", () => {
  const event = (Action: string, seconds: number, name: string, id = name): Event => ({ Action, timeNano: seconds * 1e9, Actor: { ID: id, Attributes: { name } } }); // prettier-ignore
  const all = [handover("protea", "postgres"), handover("protea", "api"), handover("protea", "migrate")];
  const seen = gaps(all, [
    event("start", 1, "protea-postgres-1"),
    event("die", 10, "protea-postgres-1", "id-protea-postgres-1"),
    event("start", 11, "protea-postgres-1"),
    event("health_status: healthy", 13.5, "protea-postgres-1"),
    event("health_status: healthy", 3, "protea-api-1"),
  ]);
  expect(gapsText(seen).split("\n").slice(1)).toEqual(["protea-postgres-1  3.5 s", "protea-api-1       not seen: before this run"]); // prettier-ignore
});

test("the way back begins with what others need, and takes the newest of a name", () => {
  const aside = (name: string, service: string, time: number) => composed("protea", service, { name: `${name}-set-aside-${time}` }); // prettier-ignore
  const all = [aside("protea-api-1", "api", 5), aside("pg", "postgres", 1), aside("pg", "postgres", 7)];
  expect(backOrder(all, ["postgres", "api"])).toEqual(["pg-set-aside-7", "protea-api-1-set-aside-5"]);
});

test("the plan says all of it before it begins", () => {
  const text = planText({
    handovers: [handover("protea", "postgres"), handover("protea", "migrate"), { ...handover("protea", "api"), old: [] }],
    settings: [{ path: ["protea:network", "external"], value: "true" }],
    notes: ["a note"],
    differences: ["settings that change"],
    aside: [],
    secrets: { taken: [{ key: "protea:postgresPassword", value: "never-shown", from: "x", server: true }], kept: [] },
    backup: { made: ["protea postgres"], left: ["robotoff elasticsearch"] },
  }); // prettier-ignore
  expect(text).toBe(`settings that change
worth knowing:
  a note
1. written into the stack file, so that what is there is used as it is:
  protea:network.external: true
2. secrets that the stack gets from the containers that have them:
  protea:postgresPassword (x)
3. backup:
  protea postgres: backed up and verified, before anything is touched
  robotoff elasticsearch: cannot be before it is handed over (its server knows no folder for snapshots); its volume is not touched, and it is in the first backup after
4. handed over, servers first, each when what it needs is healthy; volumes and networks stay as they are:
TODAY              THEN               AWAY
protea-postgres-1  protea-postgres-1  2 min to stop, 7 min to be healthy, at most
protea-migrate-1   protea-migrate-1   - (a job, run again)
   made besides:
  protea-api-1
Today's containers are renamed NAME-set-aside-TIME and kept, stopped: the way back is make adopt BACK=1.`);
});
