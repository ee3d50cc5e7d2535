// The contract that every server's image keeps, whether it was pulled or built here (docs/images.md), with the health checks that
// the program declares: a check that also passes without its server, or never passes, fails here.
import { elasticsearch } from "../../systems/servers/elasticsearch.ts";
import { minio } from "../../systems/servers/minio.ts";
import { postgres } from "../../systems/servers/postgres.ts";
import { rabbitmq } from "../../systems/servers/rabbitmq.ts";
import { redis } from "../../systems/servers/redis.ts";
import { triton } from "../../systems/servers/triton.ts";
import type { ServiceSpec } from "../../systems/spec.ts";
import { Container, type Setting, commandOf, image, runOnce, setUp, tearDown, vendorOf } from "./images.harness.ts";
import { here } from "./host.ts";

beforeAll(setUp);
afterAll(tearDown);

const common = { image: "", volume: "", temporary: "", ports: [], memory: 2 ** 30, password: "", user: "app" };
const check = (service: ServiceSpec): string[] => commandOf(service.healthcheck!.test);
const json = (text: string): Record<string, unknown> => JSON.parse(text) as Record<string, unknown>;

const curl = ["curl", "-fsS", "-H", "Content-Type: application/json"];
const amqp = ["rabbitmqadmin", "-u", "app", "-p", "secret", "-f", "raw_json"];
const keys = { MINIO_ROOT_USER: "app", MINIO_ROOT_PASSWORD: "secretsecret" };

interface Row extends Setting {
  image: string;
  health: string[];
  /** Commands in the container that write, and one that reads it back. */
  write: string[][];
  read: string[];
  /** What `read` prints has to match this, before and after the container was replaced. */
  expect: RegExp;
  /** Exit codes of an orderly stop: 143 is a SIGTERM that the server did not turn into a 0. */
  stops: number[];
}

const database = {
  env: { POSTGRES_USER: "app", POSTGRES_PASSWORD: "secret", POSTGRES_DB: "data" },
  args: ["postgres", "-c", "shared_buffers=32MB"],
  data: "/var/lib/postgresql/data",
  health: check(postgres({ ...common, database: "data" })),
  read: ["psql", "-U", "app", "-d", "data", "-At", "-c", "SELECT * FROM t", "-c", "SHOW shared_buffers"],
  stops: [0],
};
const sql = (...statements: string[]) => ["psql", "-U", "app", "-d", "data", ...statements.flatMap((s) => ["-c", s])];

const rows: Row[] = [
  {
    image: "postgres",
    ...database,
    write: [sql("CREATE TABLE t (id int)", "INSERT INTO t VALUES (42)")],
    expect: /^42\n32MB$/,
  },
  {
    image: "pgvector",
    ...database,
    write: [sql("CREATE EXTENSION vector", "CREATE TABLE t (v vector(2))", "INSERT INTO t VALUES ('[1,2]')")],
    expect: /^\[1,2\]\n32MB$/,
  },
  {
    image: "redis",
    args: redis({ ...common, appendOnly: true }).command!,
    data: "/data",
    health: check(redis({ ...common, appendOnly: true })),
    write: [["redis-cli", "SET", "key", "kept"]],
    // The durability of the image's own defaults at least, whatever else the stack declares.
    read: ["sh", "-c", "redis-cli GET key; redis-cli CONFIG GET save"],
    expect: /^kept\nsave\n3600 1 300 100 60 \d{1,5}$/,
    stops: [0],
  },
  {
    image: "rabbitmq",
    env: { RABBITMQ_DEFAULT_USER: "app", RABBITMQ_DEFAULT_PASS: "secret" },
    data: "/var/lib/rabbitmq",
    health: check(rabbitmq(common)),
    write: [
      [...amqp, "declare", "queue", "name=jobs", "durable=true"],
      [...amqp, "publish", "routing_key=jobs", "payload=kept", 'properties={"delivery_mode":2}'],
    ],
    read: ["rabbitmqctl", "-q", "list_queues", "--no-table-headers", "name", "messages"],
    expect: /^jobs\s+1$/m,
    stops: [0, 143],
  },
  {
    image: "minio",
    env: { ...keys, MC_HOST_server: "http://app:secretsecret@127.0.0.1:9000" },
    args: ["server", "/data", "--console-address", ":9001"],
    data: "/data",
    health: check(minio(common)),
    write: [
      ["mc", "mb", "server/bucket"],
      ["sh", "-c", "echo kept | mc pipe server/bucket/file"],
    ],
    read: ["mc", "cat", "server/bucket/file"],
    expect: /^kept$/,
    stops: [0],
  },
  {
    image: "elasticsearch",
    env: {
      "discovery.type": "single-node",
      "bootstrap.memory_lock": "true",
      "cluster.name": "ours",
      "xpack.security.enabled": "false",
      ES_JAVA_OPTS: "-Xms128m -Xmx128m",
    },
    data: "/usr/share/elasticsearch/data",
    health: check(elasticsearch({ ...common, security: false, heap: { bytes: 2 ** 27, path: "" }, mounts: [], snapshots: false })),
    write: [
      [...curl, "-X", "PUT", "localhost:9200/logos", "-d", '{"mappings":{"properties":{"v":{"type":"keyword"}}}}'],
      ["sh", "-c", `printf '{"index":{}}\\n{"v":"kept"}\\n' | ${curl.slice(0, 2).join(" ")} -H content-type:application/x-ndjson \
        --data-binary @- 'localhost:9200/logos/_bulk?refresh=true'`],
    ],
    read: [...curl, "localhost:9200/logos/_search?q=v:kept"],
    expect: /"value":1,.*"v":"kept"/,
    stops: [0, 143],
  },
  {
    image: "triton",
    args: ["tritonserver", "--model-repository=/models", "--model-control-mode=explicit", "--load-model=*"],
    data: "/models",
    health: check(triton({ ...common, models: "" })),
    write: [["sh", "-c", "cp -r /models/dominant-colour /models/copy && sed -i s/dominant-colour/copy/ /models/copy/config.pbtxt"],
      [...curl, "-X", "POST", "localhost:8000/v2/repository/models/copy/load"]],
    read: [...curl, "-X", "POST", "localhost:8000/v2/repository/index"],
    expect: /"copy","version":"1","state":"READY".*"dominant-colour","version":"1","state":"READY"/,
    stops: [0],
  },
]; // prettier-ignore

describe.each(rows)("$image", (row) => {
  it("gets healthy, serves, stops in order, and keeps its data in the volume", async () => {
    const first = new Container(row.image, row, row.image);
    await first.until(row.health);
    for (const command of row.write) first.run(...command);
    expect(first.run(...row.read)).toMatch(row.expect);
    expect(row.stops).toContain(first.stop());
    first.remove();

    const second = new Container(row.image, row, row.image);
    await second.until(row.health);
    expect(second.run(...row.read)).toMatch(row.expect);
    second.remove();
  });

  it("is not healthy without its server", () => {
    const [entrypoint, ...rest] = row.health;
    const outcome = runOnce(row.image, ["--entrypoint", entrypoint!], ...rest);
    // 126 and 127 would mean that the command itself is not in the image.
    expect([0, 126, 127]).not.toContain(outcome.code);
  });
});

describe("postgres", () => {
  it("reads *_FILE, runs what is in /docker-entrypoint-initdb.d in order, and is unreachable over TCP meanwhile", async () => {
    const server = new Container("postgres", {
      env: {
        POSTGRES_USER_FILE: "/user",
        POSTGRES_PASSWORD_FILE: "/password",
        POSTGRES_INITDB_ARGS: "--data-checksums --encoding=UTF8",
      },
      files: {
        "/user": "app\n",
        "/password": `quote"'$\\\n`,
        "/docker-entrypoint-initdb.d/1.sql": "CREATE TABLE seen (what text);",
        "/docker-entrypoint-initdb.d/2.sh": `pg_isready -q -h 127.0.0.1 && tcp=open || tcp=closed
          psql -U "$POSTGRES_USER" -d "$POSTGRES_DB" -c "INSERT INTO seen VALUES ('$tcp')"`,
      },
    });
    await server.until(["pg_isready", "-q", "-h", "127.0.0.1"]);
    const asked = ["psql", "-U", "app", "-At", "-c", "SELECT what FROM seen", "-c", "SHOW data_checksums"];
    expect(server.run(...asked)).toBe("closed\non");

    const remote = (password: string) =>
      runOnce(
        "postgres",
        ["--env", `PGPASSWORD=${password}`],
        "psql",
        "-h",
        server.name,
        "-U",
        "app",
        "-c",
        "SELECT 1",
      );
    expect(remote(`quote"'$\\`).code).toBe(0);
    expect(remote("other").text).toContain("password authentication failed");
    server.remove();
  });

  // The official image loses the signal, and the server that follows is killed at the end of the time it has.
  const itStandIn = vendorOf(image("postgres")).includes("stand-in") ? it : it.skip;
  itStandIn("stand-in only: stopped while it initialises, it brings that to its end and goes", async () => {
    const server = new Container("postgres", {
      env: { POSTGRES_PASSWORD: "secret" },
      files: {
        "/docker-entrypoint-initdb.d/1.sh": "touch /tmp/begun; sleep 2",
        "/docker-entrypoint-initdb.d/2.sql": "CREATE TABLE seen (what text);",
      },
      options: ["--stop-signal", "SIGINT"],
    });
    await server.until(["test", "-e", "/tmp/begun"]);
    expect(server.stop(60)).toBe(0);
    here.docker("start", server.name);
    await server.until(["pg_isready", "-q", "-h", "127.0.0.1"]);
    expect(server.run("psql", "-U", "postgres", "-Atc", "SELECT count(*) FROM seen")).toBe("0");
    server.remove();
  });

  it("does not start without a password, unless told to trust everyone", async () => {
    const refused = new Container("postgres");
    expect(refused.ended()).not.toBe(0);
    expect(refused.logs()).toContain("POSTGRES_PASSWORD");
    const trusting = new Container("postgres", { env: { POSTGRES_HOST_AUTH_METHOD: "trust" } });
    await trusting.until(["psql", "-h", "127.0.0.1", "-U", "postgres", "-c", "SELECT 1"]);
    trusting.remove();
  });

  it.each(["pg_dump", "pg_restore", "psql", "pg_isready"])("runs %s instead of the server", (command) => {
    expect(runOnce("postgres", [], command, "--version").text).toMatch(new RegExp(`^${command} \\(PostgreSQL\\)`));
  });
});

test("redis serves other containers, and not as root", async () => {
  const server = new Container("redis");
  await server.until(["redis-cli", "PING"]);
  expect(runOnce("redis", [], "redis-cli", "-h", server.name, "SET", "a", "1").text).toContain("OK");
  expect(server.run("sh", "-c", "grep ^Uid /proc/1/status")).not.toMatch(/Uid:\s+0/);
  expect(server.run("sh", "-c", "ls -ld /data && pwd")).toMatch(/ redis .*\n\/data$/);
  server.remove();
});

test("rabbitmq reads /etc/rabbitmq/conf.d, and refuses variables that it would not read", async () => {
  const refused = new Container("rabbitmq", { env: { RABBITMQ_DEFAULT_PASS_FILE: "/password" } });
  expect(refused.ended()).not.toBe(0);
  expect(refused.logs()).toContain("RABBITMQ_DEFAULT_PASS_FILE");
  const server = new Container("rabbitmq", {
    env: { RABBITMQ_DEFAULT_USER: "app", RABBITMQ_DEFAULT_PASS: "secret", RABBITMQ_DEFAULT_VHOST: "other" },
    files: { "/etc/rabbitmq/conf.d/90-ours.conf": "channel_max = 77\n" },
  });
  server.exec("rabbitmqctl", "-q", "ping"); // of root's, too early: it must not take the server's cookie from it
  await server.until(check(rabbitmq(common)));
  const rpc = "application:get_env(rabbit, channel_max).";
  expect(server.run("rabbitmqctl", "-q", "eval", rpc)).toContain("77");
  expect(server.run(...amqp, "list", "vhosts")).toContain('"name":"other"');
  expect(server.logs()).toContain("Server startup complete");
  server.remove();
});

test("rabbitmq is not healthy while its management answers and AMQP does not", async () => {
  const server = new Container("rabbitmq", {
    files: { "/etc/rabbitmq/conf.d/90-ours.conf": "listeners.tcp = none\n" },
  });
  await server.until(["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/15672 || exit 1"]);
  expect(server.exec(...check(rabbitmq(common))).code).not.toBe(0);
  server.remove();
});

test("minio reads secret files; mc works from its own image and is ready in the server's", async () => {
  const server = new Container("minio", {
    env: { MINIO_ROOT_USER_FILE: "/user", MINIO_ROOT_PASSWORD_FILE: "/password" },
    files: { "/user": "app", "/password": "secretsecret" },
    args: ["server", "/data", "--console-address", ":9001"],
  });
  await server.until(["mc", "ready", "local"]);
  const mc = (...command: string[]) => {
    const host = `MC_HOST_server=http://app:secretsecret@${server.name}:9000`;
    return runOnce("mc", ["--env", host], ...command);
  };
  expect(mc("mb", "--ignore-existing", "server/bucket").text).toContain("created");
  expect(mc("ls", "server").text).toContain("bucket/");
  expect(runOnce("mc", ["--entrypoint", "sh"], "-c", "mc --version").text).toContain("mc version RELEASE.");
  expect(server.run(...curl, "-o", "/dev/null", "-w", "%{http_code}", "http://127.0.0.1:9001/")).toBe("200");
  server.remove();
});

test("elasticsearch takes settings from its environment, and answers other containers", async () => {
  const server = new Container("elasticsearch", {
    env: { "discovery.type": "single-node", ES_SETTING_CLUSTER_NAME: "theirs", "xpack.security.enabled": "false",
      ES_JAVA_OPTS: "-Xms160m -Xmx160m" },
  }); // prettier-ignore
  await server.until([...curl, "localhost:9200"]);
  const answer = runOnce("elasticsearch", [], ...curl, `http://${server.name}:9200/`).text;
  expect(json(answer)).toMatchObject({ cluster_name: "theirs", tagline: "You Know, for Search" });
  const heap = "localhost:9200/_nodes/jvm?filter_path=nodes.*.jvm.mem.heap_init_in_bytes";
  expect(server.run(...curl, heap)).toContain(`:${160 * 2 ** 20}}`);
  expect(server.run("id", "-u")).toBe("1000");
  server.remove();
});

test("triton predicts with the model that its image brings", async () => {
  const server = new Container("triton");
  await server.until(check(triton({ ...common, models: "" })));
  const colour = (red: number, green: number, blue: number): unknown => {
    const data = [red, green, blue].flatMap((channel) => Array<number>(64).fill(channel));
    const body = { inputs: [{ name: "image", shape: [3, 8, 8], datatype: "FP32", data }] };
    const infer = `http://${server.name}:8000/v2/models/dominant-colour/infer`;
    const answer = runOnce("triton", [], ...curl, "-d", JSON.stringify(body), infer).text;
    return (json(answer).outputs as { name: string; data: unknown[] }[]).find((one) => one.name === "label")!.data[0];
  };
  expect([colour(0.9, 0.1, 0.1), colour(0.1, 0.1, 0.9), colour(0.5, 0.5, 0.5)]).toEqual(["red", "blue", "grey"]);
  expect(server.run(...curl, "localhost:8002/metrics")).toContain("nv_inference_request_success");
  server.remove();
});
