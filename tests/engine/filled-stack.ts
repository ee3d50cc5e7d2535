/** A stack of PROTEA with something in every part of its backups. */
import { EXEC } from "../../engines/docker/secrets.ts";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { here, succeeded } from "./host.ts";
import { TestStack } from "./stack.harness.ts";

type Prepare = (stack: TestStack) => void;

/**
 * Nothing runs but what backups need.
 * @param prepare what is done before its first up
 */
export async function filledStack(prepare?: Prepare): Promise<TestStack> {
  const stack = await runningStack(prepare);
  stack.idle();
  return stack;
}

/** All of it runs. */
export async function runningStack(prepare: Prepare = () => undefined, host = here): Promise<TestStack> {
  const stack = await TestStack.create(["protea"], host, true);
  try {
    prepare(stack);
    mkdirSync(join(stack.folder, "lab/datasets"), { recursive: true });
    mkdirSync(join(stack.folder, "repository"));
    fillFolders(stack, "first");
    const [lab, repository] = ["lab", "repository"].map((name) => join(stack.folder, name));
    Object.assign(stack.config, { "protea:lab": lab, "protea:repository": repository });
    succeeded(stack.makeUp());
  } catch (error) {
    stack.remove();
    throw error;
  }
  return stack;
}

function fillFolders(stack: TestStack, word: string): void {
  const own = ["-c", "safe.directory=*", "-c", "user.name=test", "-c", "user.email=test@localhost"];
  const at = join(stack.folder, "repository");
  const git = (...args: string[]) => execFileSync("git", [...own, "-C", at, ...args], { encoding: "utf8" }).trim();
  if (!existsSync(join(at, "HEAD"))) git("init", "--quiet", "--bare");
  writeFileSync(join(stack.folder, "lab/datasets", word), word.repeat(1_000));
  const tree = git("hash-object", "-t", "tree", "-w", "/dev/null");
  git("update-ref", "refs/heads/main", git("commit-tree", "-m", word, tree));
}

/** Something new in every part. */
export function fill(stack: TestStack, n: number): void {
  fillFolders(stack, `word-${n}`);
  stack.query(
    "protea",
    `create table if not exists kept (id serial primary key, word text);
     insert into kept (word) select md5((g * ${n})::text) from generate_series(1, 2000) g;
     create table if not exists others (id serial primary key, n int);
     insert into others (n) select g + ${n} from generate_series(1, 500) g;
     create sequence if not exists counter; select setval('counter', ${n}); select lo_from_bytea(0, 'large ${n}')`,
  );
  const program = [
    "import os, sys; sys.path.insert(0, '/opt/backup-parts'); from s3 import Client",
    "client, bucket = Client(os.environ['MC_HOST_server']), os.environ['BUCKET']",
    `for n in range(30): client.request('PUT', bucket, f'a {n}', body=f'{n} {${n} if n < 15 else 0} '.encode() * 50)`,
  ].join("\n");
  const python = (text: string) =>
    stack.docker("exec", stack.container("protea", "files-backup"), EXEC, "python3", "-B", "-c", text);
  python(program);
  python(queueing("protea.dead-letter", `f'{n} {${n}}'.encode() * n`, 40));
}

/** A Python program, for the container files-backup: so many messages at the end of a queue, with headers; body: of \`n\`. */
export const queueing = (queue: string, body: string, count: number): string => `
import os, sys; sys.path.insert(0, '/opt/backup-parts')
from amqp_values import write_properties; from broker import Broker
with Broker(os.environ['RABBITMQ_URL'], int(os.environ['RABBITMQ_MEMORY'])).connect() as connection:
    connection.confirmed()
    connection.publish('${queue}', ((write_properties({'delivery_mode': 1 + n % 2, 'content_type': 'text/plain', 'priority': n % 5,
        'headers': {'x-attempt': n, 'words': ['ä', {'$l': n}]}}), ${body}) for n in range(${count})))`;
