/** What upstream's image demands of Robotoff's description (docs/upstream.md). The rest is in the whole arguments. */
import { containersOf } from "../support/containers.ts";
import { committed, MINIMAL, raw, STACKS, type Values } from "../support/stack.ts";
import type { ServiceSpec } from "../../../systems/spec.ts";
import { describeStack } from "../../../systems/stack.ts";
import { checksOf } from "../../../hosts/checks.ts";

const alone = (values: Values) => describeStack(raw({ ...values, "protea:enabled": false })).systems[0]!;
const described = (changes: Values = {}) => alone({ ...MINIMAL, ...changes });
const service = (name: string, changes: Values = {}) => described(changes).services.find((one) => one.name === name)!;
const COMMIT = "0".repeat(40);
const checkout = (more: object): Values => ({ "robotoff:checkout": { commit: COMMIT, ...more } });

describe.each(STACKS)("%s", (stack) => {
  const robotoff = committed(stack).systems.find(({ name }) => name === "robotoff")!;
  const { image } = robotoff.services.find(({ name }) => name === "api")!;
  // Neither is a process of Robotoff's: they run something else of its image.
  const others = ["langid-model", "elasticsearch-backup"];
  const own = robotoff.services.filter((one) => one.image === image && !others.includes(one.name));

  test("every process has the image's script as its entrypoint, and a command: the image's own is gone then", () => {
    expect(own.length).toBeGreaterThan(5);
    expect(own.filter(({ entrypoint }) => entrypoint?.join() !== "/docker-entrypoint.sh")).toEqual([]);
    expect(own.filter(({ command }) => !command?.length)).toEqual([]);
  });

  test("the scheduler and the update listener, and only they, are asked to end by SIGINT", () => {
    expect(own.filter(({ stopSignal }) => stopSignal === "SIGINT").map(({ name }) => name)).toEqual([
      "scheduler",
      "update-listener",
    ]);
  });

  test("what runs for ever starts when its folders are at the commit", () => {
    const waits = ({ needs }: ServiceSpec) => needs.some((need) => need.service === "checkout");
    expect(own.filter((service) => service.kind === "service" && !waits(service))).toEqual([]);
    // Of a new host nobody has made the folders before.
    const onHost = robotoff.services.filter(({ mounts }) =>
      mounts.some(({ source }) => source.startsWith("/home/off/")),
    );
    expect(onHost.filter((service) => service.name !== "checkout" && !waits(service))).toEqual([]);
    expect(onHost.length > 0).toBe(stack !== "local");
  });

  test("the API's check asks no backend", () => {
    expect(robotoff.services.find(({ name }) => name === "api")!.healthcheck!.test.join(" ")).toContain(
      "GET /api/v1/status ",
    );
  });
});

test.each(["staging", "production"] as const)("%s: the commit is the image's, and the tag has no v", (stack) => {
  const containers = containersOf(committed(stack), stack);
  expect(containers["robotoff_api_1"]!.image).toBe("ghcr.io/openfoodfacts/robotoff:1.85.10");
  // The commit of upstream's tag v1.85.10.
  expect(containers["robotoff_checkout_1"]!.command).toContain("d5b7b9168d117162d6ac98e8a756e0d24e81d37c");
});

test.each<[string, Values, string[]]>([
  ["volumes", checkout({}), ["data", "cache", "datasets", "models"]],
  ["a folder of the host", checkout({ folder: "/srv/r" }), ["/srv/r/data", "/srv/r/cache", "/srv/r/datasets", "/srv/r/models"]],
  [
    "one of them elsewhere",
    { ...checkout({ folder: "/srv/r" }), "robotoff:folders": { models: "/models" } },
    ["/srv/r/data", "/srv/r/cache", "/srv/r/datasets", "/models"],
  ],
])("its folders: %s", (_, values, expected) => {
  const sources = service("api", values).mounts.map(({ source }) => source);
  expect(sources).toEqual([...expected, "tmp", "home_cache"]);
  const volumes = described(values).volumes.map(({ name }) => name);
  for (const source of expected) expect(volumes.includes(source)).toBe(!source.startsWith("/"));
}); // prettier-ignore

test("the checkout mounts what it fills, and is given what it brings it to", () => {
  const job = service("checkout", checkout({ folder: "/srv/r", repository: "https://example.org/r" }));
  expect(job).toMatchObject({
    kind: "job",
    image: "alpine/git:v2.47.2",
    entrypoint: ["sh", "/usr/local/bin/checkout.sh"],
    command: ["https://example.org/r", COMMIT, "/checkout"],
    mounts: [{ source: "/srv/r", target: "/checkout", path: "robotoff:checkout.folder" }],
  });
  expect(job.files.map(({ path }) => path)).toEqual(["/usr/local/bin/checkout.sh"]);
  const targets = service("checkout").mounts.map(({ source, target }) => `${source} ${target}`);
  expect(targets).toEqual(["data", "cache", "datasets", "models"].map((name) => `${name} /checkout/${name}`));
});

test("of a checkout, the host needs the folder alone: the job makes what is below", () => {
  const folders = checksOf(described(checkout({ folder: "/srv/r" }))).filter((check) => check.startsWith("folder"));
  expect(folders).toEqual(["folder /srv/r robotoff:checkout.folder"]);
  const given = checksOf(described({ "robotoff:folders": { data: "/data" } })).filter((one) =>
    one.startsWith("folder"),
  );
  expect(given).toEqual(["folder /data robotoff:folders.data"]);
});

test("without a checkout there is no job, and nothing waits for one", () => {
  const { "robotoff:checkout": _, ...rest } = MINIMAL;
  const { services } = alone({ ...rest, "robotoff:folders": { data: "/data" } });
  expect(services.map(({ name }) => name)).not.toContain("checkout");
  expect(services.flatMap(({ needs }) => needs.map((need) => need.service))).not.toContain("checkout");
});

test("fastText starts when its model is there", () => {
  const fasttext: Values = {
    "robotoff:fasttext": true,
    "robotoff:images": { robotoff: "example/robotoff:1", fasttext: "messense/fasttext-serving:v0.7.0" },
  };
  expect(service("fasttext", fasttext).needs).toEqual([
    { service: "langid-model", condition: "service_completed_successfully" },
  ]);
  const job = service("langid-model", fasttext);
  expect(job.mounts.map(({ source, target }) => `${source} ${target}`)).toEqual(["models /opt/robotoff/models"]);
  expect(job.command![0]).toBe("/opt/robotoff/models/lid.176.bin");
  expect(described().services.map(({ name }) => name)).not.toContain("langid-model");
});

test("an API that reports needs the exporter first: what it cannot resolve at its start it never sends to", () => {
  const needs = (exporters: boolean) => service("api", { "robotoff:exporters": exporters }).needs;
  expect(needs(true)).toContainEqual({ service: "statsd", condition: "service_healthy" });
  expect(needs(false).map((need) => need.service)).not.toContain("statsd");
  expect(service("api", { "robotoff:exporters": true }).command).toContain(
    "--statsd-host=statsd.robotoff_servers:9125",
  );
  expect(service("api").command?.join(" ")).toBe(
    "gunicorn --config /opt/robotoff/gunicorn.py --log-file=- robotoff.app.api:api",
  );
});

test.each([
  ["PRODUCT_UDPATE_STREAM_NAME", "events"],
  ["INSIGHT_AUTOMATIC_PROCESSING_WAIT", "0"],
  ["LOG_ML_METRICS_ENABLED", "0"],
  ["GOOGLE_APPLICATION_CREDENTIALS", "/opt/robotoff/credentials/google/credentials.json"],
  ["REDIS_STREAM_NAME", undefined],
])("%s is %s", (name, value) => {
  expect(service("api", { "robotoff:redisUpdates": { stream: "events" } }).environment[name]).toBe(value);
});

test("a stack file can take the signal back", () => {
  expect(service("scheduler", { "robotoff:services": { scheduler: { stopSignal: "SIGTERM" } } }).stopSignal).toBe(
    "SIGTERM",
  );
});

test.each([true, false])("Redis with its append-only file %s: snapshots as often as by the image's defaults", (on) => {
  const { command } = service("redis", { "robotoff:redis": { appendOnly: on } });
  const pairs = command![2]!.split(" ").map(Number);
  const within = (seconds: number) => Math.min(...pairs.flatMap((n, i) => (i % 2 === 0 && n <= seconds ? [pairs[i + 1]!] : [])));
  // save 3600 1 300 100 60 10000: https://github.com/redis/redis/blob/7.0/redis.conf
  expect(within(3600)).toBeLessThanOrEqual(1);
  expect(within(300)).toBeLessThanOrEqual(100);
  expect(within(60)).toBeLessThanOrEqual(10_000);
  expect(command!.slice(3)).toEqual(["--appendonly", on ? "yes" : "no"]);
}); // prettier-ignore
