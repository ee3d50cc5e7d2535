/**
 * Something in every part of both systems' data, and all of it that can be compared. How much: OBJECTS=, ROWS=, MESSAGES= (2000, 50000,
 * 2000).
 */
import { EXEC } from "../../engines/docker/secrets.ts";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { queueing } from "../engine/filled-stack.ts";

const OBJECTS = Number(process.env.OBJECTS ?? 2_000);
const ROWS = Number(process.env.ROWS ?? 50_000);
const MESSAGES = Number(process.env.MESSAGES ?? 2_000);

export const SYSTEMS = ["robotoff", "protea"] as const;
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
/** All of a database that can be compared: contents, and what describes them. Its own user's password a restore sets anew. */
const SEEN = `
  select 'rows of ' || c.oid::regclass || ' ' || coalesce((xpath('//h/text()', query_to_xml(format(
    'select md5(string_agg(md5(t::text), '''' order by md5(t::text))) as h from %s t', c.oid::regclass), true, true, '')))[1]::text, '-')
    from pg_class c where relkind = 'r' and relnamespace::regnamespace::text !~ '^(pg_|information)' and relname <> 'written'
  union all select 'sequence ' || sequencename || ' ' || coalesce(last_value::text, '-') from pg_sequences where sequencename !~ '^written'
  union all select 'index ' || indexdef from pg_indexes where schemaname !~ '^pg_'
  union all select 'grant ' || relname || ' ' || coalesce(relacl::text, '-') from pg_class where relname = 'kept'
  union all select 'role ' || rolname || ' ' || case when rolname = current_user then 'the stack''s' else coalesce(rolpassword, '-') end
    from pg_authid where rolname !~ '^pg_'
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

export type SystemName = (typeof SYSTEMS)[number];
/** The words that run a command in the one container of a service, before the command. */
export type In = (system: SystemName, service: string) => string[];
/** Runs words; what they print. They have to succeed. */
type Run = (words: string[]) => string;

/** Jobs, and what they are about: lists, hashes and times, in a database that no application writes to. */
const JOBS = `for n = 1, 5000 do
  redis.call('rpush', 'rq:queue:test', 'job' .. n) redis.call('hset', 'rq:job:' .. n, 'data', string.rep('x' .. n, 20), 'n', n)
  redis.call('pexpireat', 'rq:job:' .. n, 4102444800000 + n) end`;
const KEYS = `local lines = {}
  for n, job in ipairs(redis.call('lrange', 'rq:queue:test', 0, -1)) do lines[n] = job .. redis.call('hget', 'rq:job:' .. n, 'data') ..
    redis.call('hget', 'rq:job:' .. n, 'n') .. redis.call('pexpiretime', 'rq:job:' .. n) end
  return #lines .. ' ' .. redis.sha1hex(table.concat(lines))`;
const SEARCH =
  "import sys, json, math, hashlib; sys.path.insert(0, '/opt/backup-parts')\nfrom elasticsearch_server import Server; server = Server()\n";
const INDEX = `vector = {"type": "dense_vector", "dims": 64, "index": True, "similarity": "cosine"}
server.ask("PUT", "/vectors", {"settings": {"number_of_replicas": 0}, "mappings": {"properties": {"v": vector}}})
for n in range(1000): server.ask("PUT", f"/vectors/_doc/{n}", {"n": n, "v": [math.sin(n * d) + 1e-3 for d in range(64)]})`;
const DOCUMENTS = `server.ask("POST", "/vectors/_refresh")
hits = server.ask("POST", "/vectors/_search", {"size": 2000})["hits"]["hits"]
lines = sorted(json.dumps([hit["_id"], hit["_source"]], sort_keys=True) for hit in hits)
near = {"field": "v", "query_vector": [math.sin(5 * d) for d in range(64)], "k": 3, "num_candidates": 1000}
found = server.ask("POST", "/vectors/_search", {"knn": near, "size": 3})["hits"]["hits"]
print(len(lines), hashlib.sha256("".join(lines).encode()).hexdigest(), [hit["_id"] for hit in found])`;
const user = { robotoff: "postgres", protea: "protea" };

export class Contents {
  private readonly within: In;
  private readonly run: Run;
  private readonly systems: readonly SystemName[];

  constructor(within: In, run: Run, systems: readonly SystemName[] = SYSTEMS) {
    this.within = within;
    this.run = run;
    this.systems = systems;
  }

  private exec(system: SystemName, service: string, ...words: string[]): string {
    return this.run([...this.within(system, service), ...words]).trim();
  }

  /** What psql prints for a query, unaligned. */
  query(system: SystemName, sql: string): string {
    return this.exec(system, "postgres", "psql", "-U", user[system], "-d", system, "-Atc", sql);
  }

  private python(program: string): string {
    return this.exec("protea", "files-backup", EXEC, "python3", "-B", "-c", CLIENT + program);
  }

  private redis(...words: string[]): string {
    return this.exec("robotoff", "redis", "redis-cli", "-n", "9", ...words);
  }

  /** By a program of the container that backs the documents up. */
  private indexed(program: string): string {
    return this.exec("robotoff", "elasticsearch-backup", "python3", "-B", "-c", SEARCH + program);
  }

  fill(): void {
    for (const system of this.systems) this.query(system, FILL);
    if (this.systems.includes("protea")) {
      this.query("protea", VECTORS);
      this.python(PUT);
      this.python(DECLARE);
      for (const queue of QUEUES) this.python(queueing(queue, "os.urandom(n)", MESSAGES));
    }
    if (this.systems.includes("robotoff")) {
      this.redis("eval", JOBS, "0");
      this.indexed(INDEX);
    }
  }

  seen(): Record<string, unknown> {
    return {
      ...Object.fromEntries(this.systems.map((system) => [system, this.query(system, SEEN).split("\n")])),
      ...(this.systems.includes("protea") ? { objects: this.python(LOOK), messages: this.python(LOOK_AT_QUEUES) } : {}),
      ...(this.systems.includes("robotoff")
        ? { documents: this.indexed(DOCUMENTS), keys: this.redis("eval", KEYS, "0") }
        : {}),
    };
  }

  /** Commits rows until it cannot; each is noted when the server has said that it is committed. */
  writer(system: SystemName): Written {
    const insert = "insert into written default values returning id, extract(epoch from at)";
    const loop = `while psql -U "$0" -d "$1" -qAtc "${insert}"; do :; done`;
    const [command, ...args] = [...this.within(system, "postgres"), "sh", "-c", loop, user[system], system];
    const { stdout } = spawn(command, args, { stdio: ["ignore", "pipe", "ignore"] });
    const committed: Written["committed"] = [];
    createInterface({ input: stdout }).on("line", (line) => {
      committed.push(line.split("|").map(Number) as [number, number]);
    });
    return { system, committed };
  }

  /** What of a writer's commits came back, in words. */
  told({ system, committed }: Written): string {
    const count = "select count(*), coalesce(max(extract(epoch from at)), 0) from written";
    const [back, last] = this.query(system, count).split("|").map(Number) as [number, number];
    const lost = committed.filter(([id]) => id > back);
    const behind = lost.length === 0 ? 0 : committed.at(-1)![1] - last;
    return `${system}: ${committed.length} commits noted until then, ${lost.length} lost: ${behind.toFixed(3)} s`;
  }
}

export interface Written {
  system: SystemName;
  /** Id and moment, in seconds since 1970. */
  committed: [number, number][];
}
