/** What there is to back up: a database of text, pgbench's rows and vectors, a bucket and a folder. */
import { EXEC } from "../../engines/docker/secrets.ts";
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import type { TestStack } from "../../tests/engine/stack.harness.ts";

/**
 * Fills PROTEA's database with so many GB, as its data folder has them: a fifth each pgbench's rows, which compress well, and
 * numbers; the rest text that does not compress, and vectors with their index.
 */
export function fillDatabase(stack: TestStack, gigabytes: number): void {
  const server = stack.container("protea", "postgres");
  const scale = Math.round(gigabytes * 16);
  stack.docker("exec", server, "pgbench", "-U", "protea", "-d", "protea", "-q", "-i", "-s", String(scale));
  const rows = Math.round(gigabytes * 1_400_000);
  stack.query(
    "protea",
    `create table texts as select g as id, md5(random()::text) || md5(random()::text) as word,
       'annotated by the pipeline, batch ' || g / 1000 || ', of the organism ' || g % 97 as note, now() as at
       from generate_series(1, ${rows}) g;
     alter table texts add primary key (id); create index on texts (word)`,
  );
  const vectors = Math.round(gigabytes * 30_000);
  stack.query(
    "protea",
    `create table vectors as select g as id, (select array_agg(random()::real) from generate_series(1, 128) where g > 0)::vector(128) as place
       from generate_series(1, ${vectors}) g;
     set maintenance_work_mem = '512MB'; create index on vectors using hnsw (place vector_l2_ops)`,
  );
  stack.query("protea", "vacuum analyze");
}

/** Python in the container that copies the bucket: `client`, `bucket`. */
export function inBucket(stack: TestStack, program: string): string {
  const prelude = [
    "import os, sys; sys.path.insert(0, '/opt/backup-parts')",
    "from s3 import Client; from files import in_threads",
    "client, bucket = Client(os.environ['MC_HOST_server']), os.environ['BUCKET']",
  ];
  const container = stack.container("protea", "files-backup");
  return stack.docker("exec", container, EXEC, "python3", "-B", "-c", [...prelude, program].join("\n"));
}

/** Half of it in small objects of 50 kB, half in objects of 20 MB. */
export function fillBucket(stack: TestStack, gigabytes: number): void {
  const [small, large] = [Math.round(gigabytes * 10_000), Math.round(gigabytes * 25)];
  inBucket(
    stack,
    `
def put(n):
    small = n < ${small}
    client.request('PUT', bucket, f"{'small' if small else 'large'}/{n % 100}/{n}", body=os.urandom(50_000 if small else 20_000_000),
                   headers={'content-type': 'application/x-npz', 'x-amz-meta-n': str(n)})
for _ in in_threads(put, range(${small + large}), 4): pass`,
  );
}

/** One object of a hundred is another. */
export function changeBucket(stack: TestStack): void {
  inBucket(
    stack,
    `
for n, listed in enumerate(list(client.objects(bucket))):
    if n % 100 == 0: client.request('PUT', bucket, listed.key, body=os.urandom(listed.size + 1))`,
  );
}

/** A lab folder: half of it compresses. */
export function fillLab(folder: string, gigabytes: number): void {
  mkdirSync(`${folder}/datasets`, { recursive: true });
  mkdirSync(`${folder}/runs`);
  const megabytes = Math.round((gigabytes * 1_000) / 2);
  const line = `for n in $(seq 10); do head -c $((${megabytes} * 100000)) /dev/urandom > datasets/$n; seq -f "%.0f annotated" $((${megabytes} * 5500)) > runs/$n; done`;
  execFileSync("sh", ["-c", line], { cwd: folder });
}
