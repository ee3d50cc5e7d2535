// What `make up` brings back before Pulumi runs, from the declaration, the engine and the state.
import type { Inspected } from "../../../engines/docker/inspect.ts";
import { declared } from "../../../operations/containers/rows.ts";
import {
  afterLoss,
  asksAnew,
  describePlan,
  installedScripts,
  mayMissMore,
  needingLost,
  plan,
  withLostObjects,
  type Plan,
} from "../../../operations/up/plan.ts";
import type { State } from "../../../operations/recovery/leftovers.ts";
import { serviceSpec } from "../../../systems/service-spec.ts";
import type { SystemSpec } from "../../../systems/spec.ts";

const system: SystemSpec = {
  name: "protea",
  project: "protea",
  separator: "-",
  services: [
    serviceSpec({ name: "api", image: "a", needs: [{ service: "postgres", condition: "service_healthy" }] }),
    serviceSpec({ name: "migrate", image: "a", kind: "job" }),
    serviceSpec({ name: "postgres", image: "p", dataPorts: [5432] }),
  ],
  volumes: [],
};
const urn = (service: string) => `urn:pulumi:local::robotoff-protea::type::protea-${service}-1`;
const container = (service: string) => ({
  urn: urn(service),
  id: `id-${service}`,
  type: "docker:index/container:Container",
  inputs: { name: `protea-${service}-1` },
});
const STATE: State = {
  resources: [
    { urn: "urn:network", id: "n", type: "docker:index/network:Network", inputs: { name: "protea-api-1" } },
    ...["api", "migrate", "postgres"].map(container),
  ],
};

function engine(service: string, change: { Id?: string; status?: string; health?: string; stack?: string } = {}) {
  return {
    Id: change.Id ?? `id-${service}`,
    Name: `/protea-${service}-1`,
    State: { Status: change.status ?? "running", Health: { Status: change.health ?? "healthy" } },
    Config: { Image: "", Labels: { "robotoff-protea.stack": change.stack ?? "local" } },
  } as unknown as Inspected;
}

/** An image's content id. */
const contentOf = (digit: string) => `sha256:${digit.repeat(64)}`;
const NOTHING: Plan = {
  half: [],
  start: [],
  unpause: [],
  restart: [],
  lost: [],
  lostNetworks: [],
  lostVolumes: [],
  lostImages: [],
  setAside: [],
  wait: [],
};
const found = (...containers: Inspected[]) => plan(declared(system), containers, STATE, "local");
const lost = (service: string) => ({ name: `protea-${service}-1`, urn: urn(service) });
const JOB = engine("migrate", { status: "exited" });

test("all is well: nothing to do, nothing to say", () => {
  const todo = found(engine("api"), JOB, engine("postgres"));
  expect(todo).toEqual(NOTHING);
  expect(describePlan(todo)).toEqual([]);
});

test("what an interrupted up made in part is made anew, however well it looks: files may be missing in it", () => {
  const half = (service: string) => ({ ...container(service), initErrors: ["upload: broken pipe"] });
  const state: State = { resources: [half("api"), half("migrate"), container("postgres")] };
  const todo = plan(declared(system), [engine("api"), JOB, engine("postgres")], state, "local");
  expect(todo).toEqual({ ...NOTHING, half: [lost("api"), lost("migrate")] });
  expect(describePlan(todo)).toEqual([
    "  made in part by an up that was interrupted: made anew: protea-api-1, protea-migrate-1",
  ]);
});

test.each<[string, Parameters<typeof engine>[1], Partial<Plan>]>([
  ["exited", { status: "exited" }, { start: ["protea-api-1"] }],
  ["created and never started", { status: "created" }, { start: ["protea-api-1"] }],
  ["dead", { status: "dead" }, { start: ["protea-api-1"] }],
  ["paused", { status: "paused" }, { unpause: ["protea-api-1"] }],
  ["unhealthy", { health: "unhealthy" }, { restart: ["protea-api-1"] }],
  ["starting", { health: "starting" }, {}],
  ["restarting by itself", { status: "restarting", health: "unhealthy" }, {}],
  ["another one, this stack's label", { Id: "x" }, { setAside: ["protea-api-1"], lost: [lost("api")] }],
  ["another one, another stack's label", { Id: "x", stack: "other" }, { lost: [lost("api")] }],
])("a container that is %s", (_what, change, expected) => {
  expect(found(engine("api", change), JOB, engine("postgres"))).toEqual({ ...NOTHING, ...expected });
});

test("an unhealthy server with data may be recovering: left alone", () => {
  const expected = { ...NOTHING, wait: ["protea-postgres-1"] };
  expect(found(engine("api"), JOB, engine("postgres", { health: "unhealthy" }))).toEqual(expected);
});

test("what is gone is looked up by Pulumi; what a job left is not started", () => {
  expect(found(engine("migrate", { status: "created" }), engine("postgres"))).toEqual({
    ...NOTHING,
    lost: [lost("api")],
  });
});

test("what needs what is gone cannot become healthy, also by way of a job; the others can", () => {
  const need = (service: string) => ({ service, condition: "service_healthy" as const });
  const services = [
    serviceSpec({ name: "frontend", image: "a", needs: [need("api")] }),
    serviceSpec({ name: "api", image: "a", needs: [need("migrate")] }),
    serviceSpec({ name: "migrate", image: "a", kind: "job", needs: [need("postgres")] }),
    serviceSpec({ name: "postgres", image: "p", replicas: 2 }),
    serviceSpec({ name: "minio", image: "m" }),
  ];
  const hopeless = (...gone: string[]) =>
    [...needingLost({ ...NOTHING, lost: gone.map(lost) }, [{ ...system, services }])].map((name) => name.slice(7, -2));
  expect(hopeless("postgres")).toEqual(["frontend", "api", "migrate", "postgres", "postgres"]);
  expect(hopeless("minio")).toEqual(["minio"]);
  expect(hopeless()).toEqual([]);
});

test("a job that has run, and whose container somebody removed, is not missed; another one of that name is", () => {
  const ended = (id: string) => new Map([["protea-migrate-1", id]]);
  const see = (id: string) => plan(declared(system), [engine("api"), engine("postgres")], STATE, "local", ended(id));
  expect(see("id-migrate")).toEqual(NOTHING);
  expect(see("id-older")).toEqual({ ...NOTHING, lost: [lost("migrate")] });
  // Where a volume is gone it runs again, as those do that are there.
  const volumes = [{ name: "data", dockerName: "protea_data", external: false }];
  const todo = { ...see("id-migrate"), lostVolumes: [{ name: "protea_data", urn: "urn:volume" }] };
  expect(afterLoss(todo, [{ ...system, volumes }], [], STATE).replace).toEqual([urn("migrate")]);
});

test("what needs another is started after it", () => {
  const stopped = [engine("api", { status: "exited" }), JOB, engine("postgres", { status: "exited" })];
  expect(found(...stopped).start).toEqual(["protea-postgres-1", "protea-api-1"]);
});

test("what the state does not know is Pulumi's to make", () => {
  expect(plan(declared(system), [], {}, "local")).toEqual(NOTHING);
  expect(plan(declared(system), [engine("api", { status: "exited" })], {}, "local")).toEqual(NOTHING);
});

test.each<[string, Partial<Plan>, boolean]>([
  ["runs or is waited for", { wait: ["a"], restart: ["b"], unpause: ["c"] }, false],
  ["stopped", { start: ["a"] }, true],
  ["gone", { lost: [lost("api")] }, true],
])("networks and volumes are asked for only when a container that is %s may miss them", (_what, change, asked) => {
  expect(mayMissMore({ ...NOTHING, ...change })).toBe(asked);
});

test("networks, volumes and images of these systems that the state has and the engine has not", () => {
  const object = (kind: string, name: string) => ({
    urn: `urn:${kind}:${name}`,
    id: name,
    type: `docker:index/${kind.toLowerCase()}:${kind}`,
    inputs: { name },
  });
  const state: State = {
    resources: [
      object("Network", "protea_default"),
      object("Network", "robotoff_default"),
      ...["protea_data", "protea_kept", "robotoff_data"].map((name) => object("Volume", name)),
      { ...object("RemoteImage", "mc:1"), type: "docker:index/remoteImage:RemoteImage", id: `${contentOf("1")}mc:1` },
      { ...object("RemoteImage", "git:2"), type: "docker:index/remoteImage:RemoteImage", id: `${contentOf("2")}git:2` },
    ],
  };
  const volumes = ["protea_data", "protea_kept", "protea_unknown"].map((dockerName) => ({
    name: dockerName,
    dockerName,
    external: false,
  }));
  const there = (networks: string[]) => ({
    networks: new Set(networks),
    volumes: new Set(["protea_kept"]),
    images: new Set([contentOf("1")]),
  });
  const see = (networks: string[]) => withLostObjects(NOTHING, [{ ...system, volumes }], there(networks), state);
  const lostVolumes = [{ name: "protea_data", urn: "urn:Volume:protea_data" }];
  const lostImages = [{ name: "git:2", urn: "urn:RemoteImage:git:2" }];
  expect(see(["protea_default"])).toEqual({ ...NOTHING, lostVolumes, lostImages });
  const lostNetworks = [{ name: "protea_default", urn: "urn:Network:protea_default" }];
  expect(see(["bridge"])).toEqual({ ...NOTHING, lostVolumes, lostNetworks, lostImages });
  expect(describePlan(see([]))).toEqual([
    "  volume gone, its data with it: made again, empty: protea_data",
    "  network gone: made again, with the containers that were in it: protea_default",
    "  image gone: pulled again: git:2",
  ]);
});

test("the scripts that the state has on the host, by name", () => {
  const urns = ["a:Host$command:local:Command::host-script-part-git", "a:Command::protea-first", "a::host-script-job"];
  expect(installedScripts({ resources: urns.map((urn) => ({ urn: `urn:pulumi:local::p::${urn}` })) })).toEqual([
    "part-git",
    "job",
  ]);
  expect(installedScripts({})).toEqual([]);
});

test("it is said what will be done", () => {
  expect(
    describePlan({ ...NOTHING, start: ["a", "b"], wait: ["c"], lost: [lost("api")], setAside: ["protea-api-1"] }),
  ).toEqual([
    "  not the container that this stack made: stopped, renamed and kept: protea-api-1",
    "  gone: made again: protea-api-1",
    "  stopped: started: a, b",
    "  unhealthy, with data: left alone: c",
  ]);
});

test("where what a backup keeps was lost alone, it is asked anew whether it is empty", () => {
  const keeps = { source: "/srv/lab", target: "/lab", readOnly: true };
  const services = [...system.services, serviceSpec({ name: "files-backup", image: "f", mounts: [keeps] })];
  const fill = "urn:pulumi:local::robotoff-protea::type::protea-fill-parts";
  const state: State = { resources: [...STATE.resources!, { urn: fill }] };
  const asked = (...restart: string[]) => asksAnew({ ...NOTHING, restart }, [{ ...system, services }], state);
  expect(asked("protea-files-backup-1")).toEqual([fill]);
  expect(asked("protea-api-1")).toEqual([]);
  expect(asksAnew({ ...NOTHING, restart: ["protea-files-backup-1"] }, [{ ...system, services }], STATE)).toEqual([]);
});
