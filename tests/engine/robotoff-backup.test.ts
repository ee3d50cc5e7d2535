/** Redis as a part of Robotoff's backups: made with them, brought back, and there before any application after a lost disk. */
import { readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { failed, here, succeeded } from "./host.ts";
import { TestStack } from "./stack.harness.ts";

let stack: TestStack;
let folder: string;
const redis = (...words: string[]) => stack.docker("exec", stack.container("robotoff", "redis"), "redis-cli", ...words);

beforeAll(async () => {
  stack = await TestStack.create(["robotoff"], here, true);
  folder = join(stack.folder, ".local/backups/robotoff");
  succeeded(stack.makeUp());
});

afterAll(() => {
  stack.remove();
});

test("the first up keeps it beside the database, and it is brought back with the applications stopped", () => {
  expect(readdirSync(join(folder, readlinkSync(join(folder, "latest"))))).toContain("redis");
  redis("set", "kept", "before");
  redis("-n", "4", "rpush", "a list", "one", "two");
  const text = succeeded(stack.operation("backup"));
  expect(text).toMatch(/redis: \d+ B, "databases": \{"db0": .*"db4": \{"keys": 1, "expires": 0\}\}/);
  succeeded(stack.operation("verify", "--deep", "1"));
  redis("set", "kept", "after");
  redis("-n", "4", "flushdb");
  expect(failed(stack.operation("restore", "--at", "latest", "--only", "bucket"))).toContain(
    "found ONLY=bucket; robotoff has postgres, redis",
  );
  const restored = succeeded(stack.operation("restore", "--at", "latest", "--only", "redis", "--yes", "1"));
  expect(restored).toContain(`what was there is in /backups/robotoff/before-restore/redis-`);
  expect(restored).toContain("robotoff: all of it is healthy");
  expect(redis("get", "kept")).toBe("before");
  expect(redis("-n", "4", "lrange", "a list", "0", "-1")).toBe("one\ntwo");
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

test("a lost disk: it comes back with one up", () => {
  redis("set", "kept", "until the end");
  succeeded(stack.operation("backup"));
  stack.docker("rm", "--force", stack.container("robotoff", "redis"));
  stack.docker("volume", "rm", `${stack.name}-robotoff_redis-data`);
  stack.config["host:backups"] = { directory: ".local/backups", restoreWhenEmpty: "latest" };
  const text = succeeded(stack.makeUp());
  expect(text).toMatch(/volume gone, its data with it: made again, empty: .*-robotoff_redis-data\n/);
  expect(redis("get", "kept")).toBe("until the end");
  expect(redis("-n", "4", "lrange", "a list", "0", "-1")).toBe("one\ntwo");
  succeeded(stack.operation("status"));
});
