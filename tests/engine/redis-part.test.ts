// Redis' part of a backup (hosts/scripts/part-redis.sh) against real servers, with the append-only file and without.
import { existsSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { failed, here, succeeded } from "./host.ts";
import { Container, setUp, tearDown } from "./images.harness.ts";
import { ALL_FOUND, backup, folder, PartContainer, removeFolder, spoiled } from "./parts.harness.ts";

beforeAll(() => {
  setUp();
  mkdirSync(join(folder, "backups"));
});
afterAll(() => {
  tearDown();
  removeFolder();
});

const UP = ["sh", "-c", "redis-cli ping | grep -qx PONG"];
// A snapshot for a replica at once, not 5 s after it was asked for.
const AT_ONCE = ["--repl-diskless-sync-delay", "0"];

describe.each(["yes", "no"])("appendonly %s", (appendOnly) => {
  let redis: Container;
  let keeper: PartContainer;
  const at = (name: string) => `/backups/${appendOnly}/${name}/redis`;
  const asides = () => {
    const before = backup(`${appendOnly}/before-restore`);
    return existsSync(before) ? readdirSync(before) : [];
  };
  const lua = (database: number, script: string, ...args: string[]) =>
    redis.run("redis-cli", "-n", String(database), "eval", script, "0", ...args);
  const write = (word: string) => {
    lua(0, SEED, word);
    lua(7, "redis.call('set', 'elsewhere', ARGV[1])", word);
    redis.run("redis-cli", "save");
  };
  /** Everything that a client can see. */
  const seen = () => [0, 7].map((database) => lua(database, SEEN).split("\n").sort());

  beforeAll(async () => {
    redis = new Container("redis", { args: ["redis-server", "--appendonly", appendOnly, ...AT_ONCE], data: "/data" });
    keeper = new PartContainer("redis", "redis", { env: { REDIS_HOST: redis.name }, options: ["--memory", "64m"] });
    await redis.until(UP);
    write("first");
  });

  test("keys of every type, their times and every database come back, and survive the server's death", async () => {
    const before = seen();
    expect(before[0]!.length).toBeGreaterThan(2_000);
    lua(3, "redis.call('set', 'soon gone', 'x', 'px', 1000)");
    expect(succeeded(keeper.part("backup", at("first")))).toContain('"db3": {"keys": 1, "expires": 1}');
    await keeper.until(["sh", "-c", `[ "$(redis-cli -h ${redis.name} -n 3 dbsize)" = 0 ]`]);
    // What has expired since is not what is wrong with a backup.
    expect(succeeded(keeper.part("verify", at("first")))).toContain('"db3": {"keys": 1, "expires": 1}');

    write("second");
    lua(0, "redis.call('del', 'a list'); redis.call('persist', 'goes')");
    lua(5, "redis.call('set', 'later', 'x')");
    const changed = [...seen(), lua(5, SEEN)];
    expect(changed).not.toContainEqual(before[0]);
    const text = succeeded(keeper.part("restore", at("first")));
    expect(seen()).toEqual(before);
    expect(lua(5, SEEN)).toBe("");
    expect(redis.run("redis-cli", "role")).toMatch(/^master/);
    here.docker("kill", redis.name);
    here.docker("start", redis.name);
    await redis.until(UP);
    expect(seen()).toEqual(before);

    // What was there comes back the same way.
    const aside = /what was there is in (\S+)/.exec(text)![1]!;
    expect(asides()).toEqual([aside.split("/").at(-1)]);
    succeeded(keeper.part("restore", aside));
    expect([...seen(), lua(5, SEEN)]).toEqual(changed);
    // As it is already: nothing is put aside.
    expect(asides()).toHaveLength(2);
    expect(succeeded(keeper.part("restore", aside))).not.toContain("what was there");
    expect(asides()).toHaveLength(2);
  }, 120_000);

  test("a restore killed at any moment leaves the old or the new, after a death of the server too, and ends when it is run again", async () => {
    write("third");
    const old = seen();
    succeeded(keeper.part("backup", at("third")));
    write("fourth");
    const now = seen();
    let killed = 0;
    for (let seconds = 0.1; ; seconds *= 1.2) {
      const { code, text } = keeper.partKilledAfter(seconds, "restore", at("third"));
      if (code === 0) break;
      expect([code, text]).toEqual([137, expect.anything()]);
      killed += 1;
      if (killed % 3 === 0) {
        here.docker("kill", redis.name);
        here.docker("start", redis.name);
      }
      await redis.until(UP);
      expect([old, now]).toContainEqual(seen());
      // Begins with the newer content each time.
      redis.run("redis-cli", "replicaof", "no", "one");
      write("fourth");
    }
    expect(killed).toBeGreaterThan(5);
    expect(seen()).toEqual(old);
    succeeded(keeper.part("verify", at("third")));
    expect(asides().filter((name) => name.startsWith("."))).toEqual([]);
    expect(redis.run("redis-cli", "role")).toMatch(/^master/);
  }, 300_000);

  test("left a replica by a restore that was killed, it says so, counts as empty, and a restore ends it", () => {
    redis.run("redis-cli", "replicaof", "127.0.0.1", "1");
    expect(failed(keeper.part("backup", at("never")))).toContain("a restore did not end; run it again");
    expect(succeeded(keeper.part("empty", at("first")))).toBe("empty\n");
    succeeded(keeper.part("restore", at("first")));
    expect(redis.run("redis-cli", "set", "written", "x")).toBe("OK");
  });

  test("only a server without any key is empty, and is filled without anything put aside", () => {
    succeeded(keeper.part("restore", at("third")));
    const before = seen();
    expect(succeeded(keeper.part("empty", at("third")))).toBe("");
    redis.run("redis-cli", "flushall");
    expect(succeeded(keeper.part("empty", at("third")))).toBe("empty\n");
    lua(7, "redis.call('set', 'one', 'key')");
    expect(succeeded(keeper.part("empty", at("third")))).toBe("");
    redis.run("redis-cli", "flushall");
    succeeded(keeper.part("backup", at("nothing")));
    succeeded(keeper.part("verify", at("nothing")));
    expect(succeeded(keeper.part("empty", at("nothing")))).toBe("");
    const known = asides();
    succeeded(keeper.part("restore", at("third")));
    expect(seen()).toEqual(before);
    expect(asides()).toEqual(known);
  });
});

describe("a backup", () => {
  let redis: Container;
  let keeper: PartContainer;
  beforeAll(async () => {
    redis = new Container("redis", { args: ["redis-server", ...AT_ONCE] });
    const options = ["--memory", "24m", "--tmpfs", "/full:size=64k"];
    keeper = new PartContainer("redis", "redis", { env: { REDIS_HOST: redis.name }, options });
    await redis.until(UP);
    redis.run("redis-cli", "eval", SEED, "0", "word");
    succeeded(keeper.part("backup", "/backups/first/redis"));
  });

  test("spoiled, is found by its file's name, and never restored", () => {
    expect(spoiled(keeper, "first/redis", "dump.rdb", "part.json")).toEqual(ALL_FOUND);
    keeper.run(
      "sh",
      "-c",
      "cp -r /backups/first/redis /backups/bad && cp /backups/first/redis/part.json /backups/bad/dump.rdb",
    );
    redis.run("redis-cli", "set", "since", "x");
    expect(failed(keeper.part("restore", "/backups/bad"))).toContain(
      "/backups/bad/dump.rdb: is not what was backed up",
    );
    expect(redis.run("redis-cli", "get", "since")).toBe("x");
    // One that its manifest was made for, and that no server can load.
    keeper.run(
      "sh",
      "-c",
      `f=/backups/bad; printf 'REDIS0010broken' > $f/dump.rdb
      printf '"bytes": 15, "sha256": "%s", ' "$(sha256sum < $f/dump.rdb | cut -d' ' -f1)" > $f/part.json`,
    );
    expect(failed(keeper.part("verify", "/backups/bad"))).toContain("/backups/bad/dump.rdb: cannot be loaded");
    // Whole, and of something else than it says.
    keeper.run(
      "sh",
      "-c",
      'cp /backups/first/redis/* /backups/bad/ && sed -i \'s/"digest": "./&0/\' /backups/bad/part.json',
    );
    expect(failed(keeper.part("verify", "/backups/bad"))).toContain("has other contents than part.json says");
  });

  test("is read by plain tools", () => {
    const file = backup("first/redis/dump.rdb");
    expect(readFileSync(file).subarray(0, 5).toString()).toBe("REDIS");
    expect(keeper.run("redis-check-rdb", "/backups/first/redis/dump.rdb")).toContain("RDB looks OK");
  });

  test("says what is wrong, and changes nothing", () => {
    const said = (host: string, folderOf: string) => {
      const script = readFileSync("hosts/scripts/part-redis.sh", "utf8");
      return failed(
        here.tryDocker(
          "exec",
          "--env",
          `REDIS_HOST=${host}`,
          keeper.name,
          "sh",
          "-c",
          script,
          "sh",
          "backup",
          folderOf,
        ),
      );
    };
    expect(said("nowhere.invalid", "/backups/none/redis")).toContain("Could not connect to Redis at nowhere.invalid");
    expect(failed(keeper.part("backup", "/full/redis"))).toContain("gives no snapshot");
    // Of zeros: a small file, and more memory than the container has.
    redis.run("redis-cli", "setrange", "large", "40000000", "x");
    expect(failed(keeper.part("backup", "/backups/large/redis"))).toContain("has redis-backup the memory of redis?");
    // More than any disk has: a hole in a file takes nothing.
    succeeded(keeper.part("room", "/backups/first/redis"));
    mkdirSync(backup("vast/redis"), { recursive: true });
    writeFileSync(backup("vast/redis/dump.rdb"), "");
    truncateSync(backup("vast/redis/dump.rdb"), 10 * 2 ** 40);
    expect(failed(keeper.part("room", "/backups/vast/redis"))).toMatch(
      /^redis, room: 20971520 MiB are needed on Docker's disk, which has \d+ MiB free\n$/,
    );
    expect(failed(keeper.part("verify", "/backups/nowhere/redis"))).toContain(
      "/backups/nowhere/redis/part.json: missing",
    );
    expect(redis.run("redis-cli", "role")).toMatch(/^master/);
    expect(keeper.run("sh", "-c", "cat /proc/[0-9]*/comm")).not.toContain("redis-server");
  });
});

/** A key of each type, in each of its encodings: small and large ones are kept in other ways. ARGV[1] makes contents differ. */
const SEED = `
local word = ARGV[1]
redis.call('flushdb')
redis.call('set', 'text', word .. ' Å ✓')
redis.call('set', 'number', '12345')
redis.call('set', 'bytes\\0\\n "\\'\\\\', '\\0\\255\\r\\n' .. word)
redis.call('set', 'goes', word, 'pxat', 4102444800456)
redis.call('pexpireat', 'text', 4102444800123)
for n = 1, 2000 do redis.call('set', 'key:' .. n, word .. n) end
for n = 1, 600 do
  redis.call('rpush', 'a list', word .. n)
  redis.call('sadd', 'a set', word .. n)
  redis.call('sadd', 'numbers', n)
  redis.call('hset', 'a hash', 'field ' .. n, word .. n)
  redis.call('zadd', 'a ranking', n / 7, word .. n)
  redis.call('pfadd', 'counted', word .. n)
  redis.call('setbit', 'bits', n * 13, 1)
  redis.call('xadd', 'a stream', n .. '-1', 'code', word .. n)
end
redis.call('rpush', 'short', word) redis.call('hset', 'little', 'a', word) redis.call('zadd', 'few', '-inf', word, 1.5, 'b')
redis.call('xgroup', 'create', 'a stream', 'workers', '0')
redis.call('xreadgroup', 'group', 'workers', 'ada', 'count', '5', 'streams', 'a stream', '>')
redis.call('xack', 'a stream', 'workers', '1-1')
redis.call('xdel', 'a stream', '600-1')
redis.call('expireat', 'a hash', 4102444800)
`;

/** A line for each key: its type, when it expires, and a hash of its contents in an order that does not depend on the server. */
const SEEN = `
local lines = {}
for _, key in ipairs(redis.call('keys', '*')) do
  local kind = redis.call('type', key).ok
  local value
  if kind == 'string' then value = {redis.call('get', key)}
  elseif kind == 'list' then value = redis.call('lrange', key, 0, -1)
  elseif kind == 'set' then value = redis.call('smembers', key) table.sort(value)
  elseif kind == 'hash' then
    local flat = redis.call('hgetall', key)
    value = {}
    for n = 1, #flat, 2 do value[#value + 1] = flat[n] .. '\\0' .. flat[n + 1] end
    table.sort(value)
  elseif kind == 'zset' then value = redis.call('zrange', key, 0, -1, 'withscores')
  else
    -- How many a group has read is a guess of the server's, and another one after it replays its append-only file.
    local groups = redis.call('xinfo', 'groups', key)
    for _, group in ipairs(groups) do for n = #group, 9, -1 do table.remove(group, n) end end
    value = {cjson.encode(redis.call('xrange', key, '-', '+')), cjson.encode(groups), cjson.encode(redis.call('xpending', key, 'workers')),
             redis.call('xinfo', 'stream', key)[16]}
  end
  lines[#lines + 1] = kind .. ' ' .. redis.sha1hex(key) .. ' ' .. redis.call('pexpiretime', key) .. ' ' .. #value .. ' ' ..
    redis.sha1hex(table.concat(value, '\\1'))
end
table.sort(lines)
return table.concat(lines, '\\n')
`;
