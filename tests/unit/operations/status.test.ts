// What `make status` says of a container, from its declaration and what `docker container inspect` prints.
import type { Inspected } from "../../../engines/docker/inspect.ts";
import { age, declared, rows, summary } from "../../../operations/containers/rows.ts";
import type { SystemSpec } from "../../../systems/spec.ts";
import { healthcheck } from "../../../systems/healthchecks.ts";
import { serviceSpec } from "../../../systems/service-spec.ts";

const NOW = Date.parse("2026-11-21T12:00:00Z");
const system: SystemSpec = {
  name: "robotoff",
  project: "robotoff",
  separator: "_",
  services: [
    serviceSpec({
      name: "redis",
      image: "robotoff-protea/redis:0123456789ab",
      replicas: 2,
      healthcheck: healthcheck(["CMD", "true"]),
    }),
    serviceSpec({ name: "migrate", image: "ghcr.io/openfoodfacts/robotoff:1.85.10", kind: "job" }),
  ],
  volumes: [],
};

/** A container as the engine has it: that of redis, healthy for five minutes. */
function inspected(
  name: string,
  state: Partial<Inspected["State"]> = {},
  labels: Record<string, string> = {},
): Inspected {
  return {
    Id: name,
    Name: `/${name}`,
    Image: "sha256:1",
    State: {
      Status: "running",
      ExitCode: 0,
      StartedAt: "2026-11-21T11:55:00Z",
      FinishedAt: "2026-11-21T11:59:18Z",
      Health: { Status: "healthy" },
      ...state,
    },
    Config: {
      Image: "robotoff-protea/redis:0123456789ab",
      Labels: {
        "robotoff-protea.stack": "local",
        "org.opencontainers.image.vendor": "robotoff-protea stand-in",
        ...labels,
      },
    },
    NetworkSettings: { Ports: { "6379/tcp": [{ HostIp: "127.0.0.1", HostPort: "5502" }], "26379/tcp": null } },
  };
}

const problemsOf = (containers: Inspected[]) =>
  rows(declared(system), containers, "local", NOW).map((row) => `${row.container} ${row.problem}`);
const ended = { Status: "exited", Health: undefined };
const job = inspected("robotoff_migrate_1", ended);
const redis = [inspected("robotoff_redis_1"), inspected("robotoff_redis_2")];

test("a row tells all that is known of a container", () => {
  const [first] = rows(declared(system, "redis"), redis, "local", NOW);
  expect(first).toEqual({
    system: "robotoff",
    service: "redis",
    container: "robotoff_redis_1",
    state: "running",
    health: "healthy",
    since: "5 min",
    ports: "127.0.0.1:5502->6379",
    image: "robotoff-protea/redis:0123456789ab (built here)",
    problem: undefined,
  });
});

test("an image without the stand-ins' label was pulled; an ended job counts from its end", () => {
  const pulled = inspected("robotoff_migrate_1", ended, { "org.opencontainers.image.vendor": "" });
  expect(rows(declared(system, "migrate"), [pulled], "local", NOW)[0]).toMatchObject({
    state: "exited (0)",
    health: "-",
    since: "42 s",
    image: "robotoff-protea/redis:0123456789ab (pulled)",
  });
});

test.each<[string, Partial<Inspected["State"]>]>([
  ["unhealthy", { Health: { Status: "unhealthy" } }],
  ["starting", { Health: { Status: "starting" } }],
  ["without its health check", { Health: undefined }],
  ["exited", { Status: "exited", ExitCode: 137 }],
  ["restarting", { Status: "restarting" }],
  ["paused", { Status: "paused" }],
])("a service may be %s", (problem, state) => {
  expect(problemsOf([inspected("robotoff_redis_1", state), redis[1]!, job])).toEqual([
    `robotoff_redis_1 ${problem}`,
    "robotoff_redis_2 undefined",
    "robotoff_migrate_1 undefined",
  ]);
});

test.each<[string, Partial<Inspected["State"]>]>([
  ["failed with exit code 3", { ...ended, ExitCode: 3 }],
  ["has not run", { ...ended, Status: "created" }],
  ["has not ended", { ...ended, Status: "running" }],
])("a job may have a problem: %s", (problem, state) => {
  expect(problemsOf([...redis, inspected("robotoff_migrate_1", state)])[2]).toBe(`robotoff_migrate_1 ${problem}`);
});

test("what is missing and what another stack made are problems", () => {
  const foreign = inspected("robotoff_redis_2", {}, { "robotoff-protea.stack": "other" });
  expect(problemsOf([foreign, job]).slice(0, 2)).toEqual([
    "robotoff_redis_1 missing",
    "robotoff_redis_2 not made by this stack",
  ]);
});

test("rows of what is missing, was never started, is another's, or ended while it was healthy", () => {
  const [one, two] = redis.map((each) => structuredClone(each)) as [Inspected, Inspected];
  one.State.Status = "created";
  one.Config.Labels = null;
  one.NetworkSettings.Ports = null;
  two.State = { ...two.State, Status: "exited", ExitCode: 137 };
  two.NetworkSettings.Ports = {
    "80/tcp": [
      { HostIp: "127.0.0.1", HostPort: "80" },
      { HostIp: "::1", HostPort: "81" },
    ],
    "53/udp": [{ HostIp: "0.0.0.0", HostPort: "53" }],
  };
  const shown = rows(declared(system), [one, two], "local", NOW).map((row) => Object.values(row).slice(2).join(" | "));
  expect(shown).toEqual([
    "robotoff_redis_1 | created | - | - | - | robotoff-protea/redis:0123456789ab (pulled) | not made by this stack",
    "robotoff_redis_2 | exited (137) | - | 42 s | 127.0.0.1:80->80, ::1:81->80, 0.0.0.0:53->53/udp | " +
      "robotoff-protea/redis:0123456789ab (built here) | exited",
    "robotoff_migrate_1 | missing | - | - | - | ghcr.io/openfoodfacts/robotoff:1.85.10 | missing",
  ]);
});

test("the last line names what is wrong, or says that nothing is", () => {
  const line = (containers: Inspected[]) => summary(rows(declared(system), containers, "local", NOW));
  expect(line([...redis, job])).toBe("3 containers, all as declared");
  expect(summary(rows(declared(system, "migrate"), [job], "local", NOW))).toBe("1 container, all as declared");
  expect(line([inspected("robotoff_redis_1", { Health: { Status: "unhealthy" } })])).toBe(
    "3 of 3 containers not as declared; unhealthy: robotoff_redis_1; missing: robotoff_redis_2, robotoff_migrate_1",
  );
});

test("ages are short", () => {
  expect([0, 59_999, 60_000, 7_200_000, 200_000_000].map(age)).toEqual(["0 s", "59 s", "1 min", "2 h", "2 d"]);
});
