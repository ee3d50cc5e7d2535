/** The containers in which what Robotoff keeps beside its database is backed up, and who waits for them. */
import { describeStack } from "../../../systems/stack.ts";
import { MINIMAL, raw, type Values } from "../support/stack.ts";

const BACKUPS: Values = { ...MINIMAL, "host:backups": { directory: "/srv/backups" } };
const robotoff = (values: Values) => describeStack(raw(values)).systems.find(({ name }) => name === "robotoff")!;
const keeper = (values: Values) => robotoff(values).services.find(({ name }) => name === "redis-backup");

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

test("there is none without a folder of backups, or where no Redis runs", () => {
  expect(keeper(MINIMAL)).toBeUndefined();
  expect(keeper({ ...BACKUPS, "robotoff:services": { redis: { replicas: 0 } } })).toBeUndefined();
});

test("no application that uses Redis starts before it is filled", () => {
  const waiting = (values: Values) =>
    robotoff(values)
      .services.filter(({ needs }) => needs.some(({ service }) => service === "redis-backup"))
      .map(({ name }) => name);
  const using = robotoff(BACKUPS)
    .services.filter(({ needs, server }) => !server && needs.some(({ service }) => service === "redis"))
    .map(({ name }) => name);
  expect(using).toEqual(expect.arrayContaining(["api", "scheduler", "update-listener"]));
  expect(waiting(BACKUPS)).toEqual(using);
  expect(waiting(MINIMAL)).toEqual([]);
});
