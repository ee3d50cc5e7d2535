/** The containers in which what Robotoff keeps beside its database is backed up, and who waits for them. */
import { environmentOf } from "../support/containers.ts";
import { describeStack } from "../../../systems/stack.ts";
import { MINIMAL, raw, type Values } from "../support/stack.ts";

const BACKUPS: Values = { ...MINIMAL, "host:backups": { directory: "/srv/backups" } };
const robotoff = (values: Values) => describeStack(raw(values)).systems.find(({ name }) => name === "robotoff")!;
const service = (name: string, values: Values) => robotoff(values).services.find((one) => one.name === name);
const keeper = (values: Values) => service("redis-backup", values);

test("Redis' is of the server's image and memory, and waits for it and for the database to be filled", () => {
  const needs = ["redis", "postgres-backup"].map((service) => ({ service, condition: "service_healthy" }));
  expect(keeper(BACKUPS)).toMatchObject({
    image: "redis:7.0.5-alpine",
    environment: { REDIS_HOST: "redis" },
    mounts: [{ source: "/srv/backups", target: "/backups", readOnly: false, path: "host:backups.directory" }],
    memory: 4 * 2 ** 30,
    needs,
  });
  const given: Values = {
    "robotoff:services": { redis: { memory: "1g" } },
    "robotoff:images": { robotoff: "r:1", redis: "redis:7.2" },
  };
  expect(keeper({ ...BACKUPS, ...given })).toMatchObject({ image: "redis:7.2", memory: 2 ** 30 });
  expect(keeper({ ...BACKUPS, "robotoff:services": { "redis-backup": { memory: "2g" } } })).toMatchObject({
    memory: 2 ** 31,
  });
});

test("Elasticsearch's is the last to be ready, has its password where it asks for one, and of the server no more than snapshots", () => {
  const search = service("elasticsearch-backup", BACKUPS)!;
  const needs = ["elasticsearch", "postgres-backup", "redis", "redis-backup"];
  expect(search).toMatchObject({
    mounts: [
      { source: "/srv/backups", target: "/backups", readOnly: false, path: "host:backups.directory" },
      { source: "es-snapshots", target: "/snapshots", readOnly: false },
    ],
    needs: needs.map((name) => ({ service: name, condition: "service_healthy" })),
  });
  expect(environmentOf(search)).toEqual({
    ELASTIC_URL: "http://elasticsearch:9200",
    ELASTIC_PASSWORD: "${robotoff:elasticPassword}",
  });
  const open = service("elasticsearch-backup", { ...BACKUPS, "robotoff:elasticsearch": { security: false } })!;
  expect(environmentOf(open)).toEqual({ ELASTIC_URL: "http://elasticsearch:9200" });
  expect(search.files.map(({ path }) => path)).toContain("/opt/backup-parts/elasticsearch.py");
  // The server sees that volume, and none of the backups.
  const server = service("elasticsearch", BACKUPS)!;
  expect(server.environment["path.repo"]).toBe("/usr/share/elasticsearch/snapshots");
  expect(server.mounts.map(({ source }) => source)).toEqual([
    "es-data",
    "es-logs",
    "elasticsearch_tmp",
    "es-snapshots",
  ]);
  const alone = service("elasticsearch", MINIMAL)!;
  expect(alone.environment).not.toHaveProperty("path.repo");
  expect(alone.mounts.map(({ source }) => source)).not.toContain("es-snapshots");
});

test("there is none without a folder of backups, or where its server does not run", () => {
  const names = (values: Values) => robotoff(values).services.map(({ name }) => name);
  for (const server of ["redis", "elasticsearch"]) {
    expect(names(BACKUPS)).toContain(`${server}-backup`);
    expect(names(MINIMAL)).not.toContain(`${server}-backup`);
    expect(names({ ...BACKUPS, "robotoff:services": { [server]: { replicas: 0 } } })).not.toContain(`${server}-backup`);
  }
});

test("no application that uses one of them starts before both are filled", () => {
  const needing = (values: Values, ...wanted: string[]) =>
    robotoff(values)
      .services.filter(({ needs, server }) => !server && needs.some((need) => wanted.includes(need.service)))
      .map(({ name }) => name);
  const using = needing(BACKUPS, "redis", "elasticsearch");
  expect(using).toEqual(expect.arrayContaining(["init-elasticsearch", "api", "scheduler", "update-listener"]));
  for (const keeping of ["redis-backup", "elasticsearch-backup"]) {
    expect(needing(BACKUPS, keeping)).toEqual(using);
    expect(needing(MINIMAL, keeping)).toEqual([]);
  }
});
