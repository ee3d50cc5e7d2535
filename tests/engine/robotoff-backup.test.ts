/** Redis and Elasticsearch as parts of Robotoff's backups: made with them, brought back, and there before any application after a lost disk. */
import { execFileSync } from "node:child_process";
import { readdirSync, readlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { failed, here, succeeded } from "./host.ts";
import { TestStack } from "./stack.harness.ts";

let stack: TestStack;
let folder: string;
const redis = (...words: string[]) => stack.docker("exec", stack.container("robotoff", "redis"), "redis-cli", ...words);

/** Asks the server; a body makes it a PUT. */
const elastic = (path: string, body?: object) => {
  const given = body ? ["-X", "PUT", "-H", "content-type: application/json", "-d", JSON.stringify(body)] : [];
  const words = ["curl", "-sS", ...given, `http://127.0.0.1:9200${path}`];
  return JSON.parse(stack.docker("exec", stack.container("robotoff", "elasticsearch"), ...words)) as Record<
    string,
    unknown
  >;
};
const write = (n: number, value: string) => elastic(`/logo/_doc/${n}?refresh=true`, { barcode: String(n), value });
const documents = () => {
  const { hits } = elastic("/logo/_search?size=1000&sort=barcode") as {
    hits: { hits: { _id: string; _source: { value: string } }[] };
  };
  return hits.hits.map(({ _id, _source }) => `${_id} ${_source.value}`);
};

beforeAll(async () => {
  stack = await TestStack.create(["robotoff"], here, true);
  folder = join(stack.folder, ".local/backups/robotoff");
  succeeded(stack.makeUp());
});

afterAll(() => {
  stack.remove();
});

test("the first up keeps them beside the database, and they are brought back with the applications stopped", () => {
  expect(readdirSync(join(folder, readlinkSync(join(folder, "latest"))))).toEqual(
    expect.arrayContaining(["redis", "elasticsearch"]),
  );
  // For those who download it, under the runbook's name.
  const dump = "/backups/robotoff/public/robotoff_postgres_latest.dump";
  const list = stack.docker("exec", stack.container("robotoff", "postgres-backup"), "pg_restore", "--list", dump);
  expect(list).toContain("TABLE DATA public product_insight");
  for (let n = 0; n < 9; n += 1) write(n, `before ${n}`);
  const indexed = documents();
  redis("set", "kept", "before");
  redis("-n", "4", "rpush", "a list", "one", "two");
  const text = succeeded(stack.operation("backup"));
  expect(text).toMatch(/redis: \d+ B, "databases": \{"db0": .*"db4": \{"keys": 1, "expires": 0\}\}/);
  expect(text).toContain("elasticsearch: logo (9 documents)");
  expect(succeeded(stack.operation("verify", "--deep", "1"))).toContain(
    "1 indices restored into a scratch server, and compared",
  );
  expect(stack.docker("ps", "--all", "--quiet", "--filter", "label=robotoff-protea.verifies")).toBe("");
  write(3, "after");
  elastic("/later/_doc/1?refresh=true", { a: 1 });
  redis("set", "kept", "after");
  redis("-n", "4", "flushdb");
  expect(failed(stack.operation("restore", "--at", "latest", "--only", "bucket"))).toContain(
    "found ONLY=bucket; robotoff has postgres, redis, elasticsearch",
  );
  const restored = succeeded(
    stack.operation("restore", "--at", "latest", "--only", "redis,elasticsearch", "--yes", "1"),
  );
  expect(restored).toMatch(/what was there is in the index logo-before-/);
  expect(documents()).toEqual(indexed);
  expect(restored).toContain(`what was there is in /backups/robotoff/before-restore/redis-`);
  expect(restored).toContain("robotoff: all of it is healthy");
  expect(redis("get", "kept")).toBe("before");
  expect(redis("-n", "4", "lrange", "a list", "0", "-1")).toBe("one\ntwo");
  succeeded(stack.operation("status"));
});

test("from another folder of backups, which is only read: what was there is kept among the stack's own", () => {
  const moved = join(stack.folder, "moved");
  execFileSync("cp", ["-a", resolve(folder, ".."), moved]);
  const [indexed, kept] = [documents(), redis("get", "kept")];
  write(3, "later");
  redis("set", "kept", "later");
  const from = ["--from", moved, "--at", "latest", "--only", "redis,elasticsearch", "--yes", "1"];
  const aside = () => readdirSync(join(folder, "before-restore")).length;
  const before = aside();
  expect(succeeded(stack.operation("restore", ...from))).toContain(
    "what was there is in /backups/robotoff/before-restore/redis-",
  );
  expect([documents(), redis("get", "kept"), aside()]).toEqual([indexed, kept, before + 1]);
  succeeded(stack.operation("status"));
});

test("a server that a killed restore left as a replica takes no writes, and is told as unhealthy", () => {
  redis("replicaof", "127.0.0.1", "1");
  const check = JSON.parse(
    stack.docker("inspect", "--format", "{{json .Config.Healthcheck.Test}}", stack.container("robotoff", "redis")),
  ) as string[];
  const asked = () => here.tryDocker("exec", stack.container("robotoff", "redis"), "sh", "-c", check[1]!).code;
  expect(asked()).not.toBe(0);
  expect(failed(stack.operation("backup"))).toContain("a restore did not end; run it again");
  succeeded(stack.operation("restore", "--at", "latest", "--only", "redis", "--yes", "1"));
  expect(asked()).toBe(0);
});

test("a lost disk: they come back with one up", () => {
  redis("set", "kept", "until the end");
  write(100, "until the end");
  const indexed = documents();
  succeeded(stack.operation("backup"));
  for (const [server, volume] of [
    ["redis", "redis-data"],
    ["elasticsearch", "es-data"],
  ] as const) {
    stack.docker("rm", "--force", stack.container("robotoff", server));
    stack.docker("volume", "rm", `${stack.name}-robotoff_${volume}`);
  }
  stack.config["host:backups"] = { directory: ".local/backups", restoreWhenEmpty: "latest" };
  const text = succeeded(stack.makeUp());
  expect(text).toMatch(/volume gone, its data with it: made again, empty: .*-robotoff_redis-data\n/);
  expect(documents()).toEqual(indexed);
  expect(redis("get", "kept")).toBe("until the end");
  expect(redis("-n", "4", "lrange", "a list", "0", "-1")).toBe("one\ntwo");
  succeeded(stack.operation("status"));
});
