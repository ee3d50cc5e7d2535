// What is done about an interrupted `up`, from its lock, the state it left and what the engine has.
import {
  holder,
  leftovers,
  suspects,
  unknown,
  type Found,
  type Lock,
  type State,
} from "../../../../operations/recovery/leftovers.ts";

const lock: Lock = { pid: 4711, username: "off", hostname: "here", timestamp: "2026-11-21T22:47:00Z" };
const urn = (name: string) => `urn:pulumi:local::robotoff-protea::type::${name}`;
const pending = (type: string, kind: string, name: string) => ({
  type,
  resource: { urn: urn(name.replace("_", "-")), type: `docker:index/${kind}`, inputs: { name } },
});
const state: State = {
  resources: [{ urn: urn("component") }, { urn: urn("redis"), id: "id-redis" }],
  pending_operations: [
    pending("creating", "container:Container", "robotoff_api_1"),
    pending("creating", "network:Network", "robotoff_default"),
    pending("creating", "volume:Volume", "robotoff_postgres-data"),
    pending("deleting", "container:Container", "robotoff_redis_1"),
    pending("updating", "container:Container", "robotoff_triton_1"),
    { type: "creating", resource: { urn: urn("job"), type: "command:local:Command", inputs: { create: "true" } } },
  ],
};

test("a lock is nobody's once its process on this host is gone", () => {
  expect(holder(lock, "here", () => false, false)).toBeUndefined();
});

test("a lock of a running process, or of another host, is somebody's", () => {
  const who = "off@here, process 4711, since 2026-11-21T22:47:00Z";
  expect(holder(lock, "here", () => true, false)).toBe(who);
  expect(holder({ ...lock, hostname: "there" }, "here", () => false, false)).toBe(who.replace("here", "there"));
});

test("where the backend is shared, a lock is never nobody's: another machine may be called the same", () => {
  const who = "off@here, process 4711, since 2026-11-21T22:47:00Z";
  expect(holder(lock, "here", () => false, true)).toBe(`${who} (this machine is called here, and has no such process)`);
  expect(holder(lock, "here", () => true, true)).toBe(who);
  expect(holder(lock, "there", () => false, true)).toBe(who);
});

test("containers and networks whose creation was interrupted may be there; volumes are not looked for", () => {
  expect(suspects(state)).toEqual([
    { kind: "container", name: "robotoff_api_1" },
    { kind: "network", name: "robotoff_default" },
  ]);
  expect(suspects({})).toEqual([]);
});

test.each<[string, boolean]>([
  ["all", true],
  ["robotoff", true],
  ["protea", false],
])("before a destroy of %s, volumes that may go are looked for", (volumes, looked) => {
  const volume = { kind: "volume", name: "robotoff_postgres-data" };
  expect(suspects(state, volumes).filter(({ kind }) => kind === "volume")).toEqual(looked ? [volume] : []);
});

test("an interrupted update or deletion is looked up on the engine", () => {
  expect(unknown(state)).toEqual([urn("robotoff-redis_1"), urn("robotoff-triton_1")]);
});

const found: Found = {
  kind: "container",
  name: "robotoff_api_1",
  id: "id-api",
  labels: { "robotoff-protea.stack": "local" },
  containers: 0,
};

test.each<[string, Partial<Found>, boolean]>([
  ["what this stack made unknowingly goes", {}, true],
  ["what the state knows stays", { id: "id-redis" }, false],
  ["what another stack made stays", { labels: { "robotoff-protea.stack": "other" } }, false],
  ["what somebody else made stays", { labels: {} }, false],
  ["a network without containers goes", { kind: "network" }, true],
  ["a network in use stays", { kind: "network", containers: 1 }, false],
])("%s", (_what, change, goes) => {
  const one = { ...found, ...change };
  expect(leftovers([one], state, "local")).toEqual(goes ? [one] : []);
});
