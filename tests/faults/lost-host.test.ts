/**
 * A host is lost with all that its engine had, while both systems are written to: one `up` on the empty host, and every row,
 * message, object, file, commit, queued job and document is back. OBJECTS=, ROWS=, MESSAGES=: how much there is of each (2000, 50000,
 * 2000).
 */
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { queueing } from "../engine/filled-stack.ts";
import { succeeded, TestStack } from "../engine/stack.harness.ts";
import { OwnEngine } from "./own-engine.ts";

const OBJECTS = Number(process.env.OBJECTS ?? 2_000);
const ROWS = Number(process.env.ROWS ?? 50_000);
const MESSAGES = Number(process.env.MESSAGES ?? 2_000);

const engine = new OwnEngine();
let stack: TestStack;
afterAll(async () => {
  await engine.remove();
  rmSync(stack.folder, { recursive: true, force: true });
}, 300_000);

const SYSTEMS = ["robotoff", "protea"] as const;
const FILL = `
  create table kept (id bigserial primary key, word text unique, at timestamptz default clock_timestamp());
  insert into kept (word) select md5(g::text) from generate_series(1, ${ROWS}) g;
  create table nothing (id serial); create sequence counter start 7; select nextval('counter'), nextval('counter');
  create role reader login password 'x'; grant select on kept to reader;
  create function tell() returns trigger language plpgsql as 'begin return old; end';
  create trigger told before delete on kept for each row execute function tell();
  select lo_from_bytea(0, decode(repeat('ab', 100000), 'hex')) from generate_series(1, 20);
  create table written (id bigserial primary key, at timestamptz default clock_timestamp());`;
const VECTORS = `create table places as select g as id, array_fill(sin(g)::real, array[64])::vector(64) as place
    from generate_series(1, 20000) g; create index on places using hnsw (place vector_l2_ops)`;
/** All of a database that can be compared: contents, and what describes them. */
const SEEN = `
  select 'rows of ' || c.oid::regclass || ' ' || coalesce((xpath('//h/text()', query_to_xml(format(
    'select md5(string_agg(md5(t::text), '''' order by md5(t::text))) as h from %s t', c.oid::regclass), true, true, '')))[1]::text, '-')
    from pg_class c where relkind = 'r' and relnamespace::regnamespace::text !~ '^(pg_|information)' and relname <> 'written'
  union all select 'sequence ' || sequencename || ' ' || coalesce(last_value::text, '-') from pg_sequences where sequencename !~ '^written'
  union all select 'index ' || indexdef from pg_indexes where schemaname !~ '^pg_'
  union all select 'grant ' || relname || ' ' || coalesce(relacl::text, '-') from pg_class where relname = 'kept'
  union all select 'role ' || rolname || ' ' || coalesce(rolpassword, '-') from pg_authid where rolname !~ '^pg_'
  union all select 'large object ' || oid || ' ' || md5(lo_get(oid)) from pg_largeobject_metadata
  union all select 'extension ' || extname || ' ' || extversion from pg_extension
  union all select 'trigger ' || tgname || ' ' || tgenabled::text from pg_trigger where not tgisinternal order by 1`;
const CLIENT = `
import os, sys, json, hashlib; sys.path.insert(0, '/opt/backup-parts')
from s3 import Client; from bucket_store import Hashing; from files import in_threads
client, bucket = Client(os.environ['MC_HOST_server']), os.environ['BUCKET']
`;
const PUT = `
def put(n): client.request('PUT', bucket, f'objects/{n % 7}/object {n}', body=str(n).encode() * 2000, headers={
    'content-type': 'application/x-npz', 'cache-control': f'max-age={n}', 'expires': 'Wed, 21 Oct 2026 07:28:00 GMT',
    'x-amz-meta-owner': f'ada {n}', 'x-amz-tagging': 'kind=test'})
for _ in in_threads(put, range(${OBJECTS}), 8): pass`;
const LOOK = `
def look(o):
    digest = Hashing(); client.get(bucket, o.key, digest.start)
    return [o.key, digest.sha256, *client.described(bucket, o)]
found = list(in_threads(look, client.objects(bucket), 8))
print(len(found), hashlib.sha256(json.dumps(found, sort_keys=True).encode()).hexdigest())`;

/** Queues that no worker consumes: a later version's, and the dead letters. */
const QUEUES = ["protea.training", "protea.dead-letter"];
const DECLARE = `
from broker import Broker
broker = Broker(os.environ['RABBITMQ_URL'], int(os.environ['RABBITMQ_MEMORY']))
broker.define({'queues': [{'name': 'protea.training', 'vhost': '/', 'durable': True, 'auto_delete': False, 'arguments': {'x-dead-letter-exchange': 'protea.dlx'}}]})`;
const LOOK_AT_QUEUES = `
from broker import Broker
broker, digest = Broker(os.environ['RABBITMQ_URL'], int(os.environ['RABBITMQ_MEMORY'])), hashlib.sha256()
with broker.connect() as connection:
    for queue in ${JSON.stringify(QUEUES)}:
        found = [(m.properties, m.body) for m in connection.messages(queue, 10**6)]
        connection.give_back()
        print(queue, len(found), hashlib.sha256(repr(found).encode()).hexdigest())`;

const at = (...names: string[]) => join(stack.folder, ...names);
const python = (program: string) =>
  stack.docker("exec", stack.container("protea", "files-backup"), "python3", "-B", "-c", CLIENT + program);
const git = (...args: string[]) => {
  const who = ["-c", "safe.directory=*", "-c", "user.name=test", "-c", "user.email=test@localhost"];
  return execFileSync("git", [...who, "-C", at("repository"), ...args], { encoding: "utf8" });
};
const redis = (...words: string[]) => stack.docker("exec", stack.container("robotoff", "redis"), "redis-cli", ...words);
/** Jobs, and what they are about: lists, hashes and times, in a database that no application writes to. */
const JOBS = `for n = 1, 5000 do
  redis.call('rpush', 'rq:queue:test', 'job' .. n) redis.call('hset', 'rq:job:' .. n, 'data', string.rep('x' .. n, 20), 'n', n)
  redis.call('pexpireat', 'rq:job:' .. n, 4102444800000 + n) end`;
const KEYS = `local lines = {}
  for n, job in ipairs(redis.call('lrange', 'rq:queue:test', 0, -1)) do lines[n] = job .. redis.call('hget', 'rq:job:' .. n, 'data') ..
    redis.call('hget', 'rq:job:' .. n, 'n') .. redis.call('pexpiretime', 'rq:job:' .. n) end
  return #lines .. ' ' .. redis.sha1hex(table.concat(lines))`;
/** Documents with vectors, by a program of the container that backs them up. */
const indexed = (program: string) => {
  const client =
    "import sys, json, math, hashlib; sys.path.insert(0, '/opt/backup-parts')\nfrom elasticsearch_server import Server; server = Server()\n";
  return stack.docker(
    "exec",
    stack.container("robotoff", "elasticsearch-backup"),
    "python3",
    "-B",
    "-c",
    client + program,
  );
};
const INDEX = `vector = {"type": "dense_vector", "dims": 64, "index": True, "similarity": "cosine"}
server.ask("PUT", "/vectors", {"settings": {"number_of_replicas": 0}, "mappings": {"properties": {"v": vector}}})
for n in range(1000): server.ask("PUT", f"/vectors/_doc/{n}", {"n": n, "v": [math.sin(n * d) + 1e-3 for d in range(64)]})`;
const DOCUMENTS = `server.ask("POST", "/vectors/_refresh")
hits = server.ask("POST", "/vectors/_search", {"size": 2000})["hits"]["hits"]
lines = sorted(json.dumps([hit["_id"], hit["_source"]], sort_keys=True) for hit in hits)
near = {"field": "v", "query_vector": [math.sin(5 * d) for d in range(64)], "k": 3, "num_candidates": 1000}
found = server.ask("POST", "/vectors/_search", {"knn": near, "size": 3})["hits"]["hits"]
print(len(lines), hashlib.sha256("".join(lines).encode()).hexdigest(), [hit["_id"] for hit in found])`;
const SUMS = "find datasets runs -type f -exec sha256sum {} + | sort";
const seen = () => ({
  ...Object.fromEntries(SYSTEMS.map((system) => [system, stack.query(system, SEEN).split("\n")])),
  objects: python(LOOK),
  messages: python(LOOK_AT_QUEUES),
  refs: git("for-each-ref"),
  documents: indexed(DOCUMENTS),
  keys: redis("-n", "9", "eval", KEYS, "0"),
  lab: execFileSync("sh", ["-c", SUMS], { cwd: at("lab"), encoding: "utf8" }),
});

/** Commits rows until it cannot; each is noted when the server has said that it is committed. */
function writer(system: (typeof SYSTEMS)[number]) {
  const user = { robotoff: "postgres", protea: "protea" }[system];
  const insert = "insert into written default values returning id, extract(epoch from at)";
  const loop = `while psql -U "$0" -d "$1" -qAtc "${insert}"; do :; done`;
  const args = ["--host", engine.socket, "exec", stack.container(system, "postgres"), "sh", "-c", loop, user, system];
  const { stdout } = spawn("docker", args, { stdio: ["ignore", "pipe", "ignore"] });
  const committed: [number, number][] = [];
  createInterface({ input: stdout }).on("line", (line) => {
    committed.push(line.split("|").map(Number) as [number, number]);
  });
  return committed;
}

/** A repository with branches and a tag, and a lab folder. */
function fillFolders(): void {
  for (const name of ["lab/datasets", "lab/runs/one", "repository"]) mkdirSync(at(name), { recursive: true });
  git("init", "--quiet", "--bare");
  const tree = git("hash-object", "-t", "tree", "-w", "/dev/null").trim();
  for (const name of ["heads/main", "heads/topic", "tags/v1"])
    git("update-ref", `refs/${name}`, git("commit-tree", "-m", name, tree).trim());
  for (let n = 0; n < 200; n += 1) writeFileSync(at(`lab/runs/one/file ${n}`), String(n).repeat(500));
  writeFileSync(at("lab/datasets/one"), "x".repeat(10_000_000));
}

function emptyFolders(): void {
  rmSync(at("home"), { recursive: true });
  for (const folder of ["repository", "lab"])
    for (const name of readdirSync(at(folder))) rmSync(at(folder, name), { recursive: true });
}

test("a host is lost, with its engine's whole data folder: one command, and everything is back", async () => {
  await engine.start();
  stack = await TestStack.create([...SYSTEMS], engine.host, true);
  Object.assign(stack.config, {
    "host:backups": { directory: ".local/backups", restoreWhenEmpty: "latest" },
    "protea:lab": at("lab"),
    "protea:repository": at("repository"),
  });
  // What the program keeps on the host is lost with it.
  Object.assign(stack.environment, { HOME: at("home") });
  fillFolders();
  engine.load();
  succeeded(stack.makeUp());
  for (const system of SYSTEMS) stack.query(system, FILL);
  stack.query("protea", VECTORS);
  python(PUT);
  redis("-n", "9", "eval", JOBS, "0");
  indexed(INDEX);
  python(DECLARE);
  for (const queue of QUEUES) python(queueing(queue, "os.urandom(n)", MESSAGES));
  succeeded(stack.operation("backup"));
  const before = seen();

  const writers = SYSTEMS.map((system) => ({ system, committed: writer(system) }));
  await new Promise((done) => setTimeout(done, 10_000));
  await engine.lose();
  emptyFolders();
  await engine.start();
  engine.load();

  const begun = Date.now();
  succeeded(stack.makeUp());
  const took = (Date.now() - begun) / 1_000;
  succeeded(stack.operation("status"));
  expect(seen()).toEqual(before);
  const lines = writers.map(({ system, committed }) => {
    const count = "select count(*), coalesce(max(extract(epoch from at)), 0) from written";
    const [back, last] = stack.query(system, count).split("|").map(Number) as [number, number];
    expect(committed.length).toBeGreaterThan(50);
    const lost = committed.filter(([id]) => id > back);
    const behind = lost.length === 0 ? 0 : committed.at(-1)![1] - last;
    return `${system}: ${committed.length} commits noted until then, ${lost.length} lost: ${behind.toFixed(3)} s`;
  });
  console.log([`one up on the empty host: ${took.toFixed(1)} s (the images were there)`, ...lines].join("\n"));
}, 1_800_000);
