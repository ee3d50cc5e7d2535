/** PROTEA's queues, bucket, lab folder and repository as parts of a stack's backups: made with them, found when they rot, brought back. */
import { EXEC } from "../../engines/docker/secrets.ts";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { queueing } from "./filled-stack.ts";
import { until } from "../http.ts";
import { failed, here, succeeded } from "./host.ts";
import { TestStack } from "./stack.harness.ts";

let stack: TestStack;
let folder: string;
const lab = () => join(stack.folder, "lab");
const repository = () => join(stack.folder, "repository");
const git = (...args: string[]) => {
  const who = ["-c", "safe.directory=*", "-c", "user.name=test", "-c", "user.email=test@localhost"];
  return execFileSync("git", [...who, "-C", repository(), ...args], { encoding: "utf8" });
};

beforeAll(async () => {
  stack = await TestStack.create(["protea"], here, true);
  folder = join(stack.folder, ".local/backups/protea");
  mkdirSync(join(lab(), "datasets"), { recursive: true });
  writeFileSync(join(lab(), "datasets/one"), "first");
  mkdirSync(repository());
  git("init", "--quiet", "--bare");
  git("update-ref", "refs/heads/main", git("commit-tree", "-m", "first", emptyTree()).trim());
  Object.assign(stack.config, { "protea:lab": lab(), "protea:repository": repository() });
  for (const name of ["files-backup", "git-backup"]) stack.change("protea", name, { healthcheck: { interval: "1s" } });
  succeeded(stack.makeUp());
});

afterAll(() => {
  stack.remove();
});

const emptyTree = () => git("hash-object", "-t", "tree", "-w", "/dev/null").trim();
const latest = () => join(folder, readlinkSync(join(folder, "latest")));
const parts = () =>
  readdirSync(latest(), { withFileTypes: true }).flatMap((one) => (one.isDirectory() ? [one.name] : []));

/** A queue that no worker consumes. */
const DEAD = "protea.dead-letter";
const queue = (word: string, count: number) =>
  stack.docker(
    "exec",
    stack.container("protea", "files-backup"),
    EXEC,
    "python3",
    "-B",
    "-c",
    queueing(DEAD, `f'${word} {n}'.encode()`, count),
  );
/** The bodies that wait there, in their order. */
const queued = () => {
  const program = `import os, pika
channel = pika.BlockingConnection(pika.URLParameters(os.environ['RABBITMQ_URL'])).channel()
while (found := channel.basic_get('${DEAD}'))[0]: print(found[2].decode())`;
  return stack
    .docker("exec", stack.container("protea", "files-backup"), EXEC, "python3", "-c", program)
    .split("\n")
    .filter(Boolean);
};
const words = (word: string, count: number) => Array.from({ length: count }, (_, n) => `${word} ${n}`);

/** Runs Python with the server's client, `client`, and the bucket's name, `bucket`. */
const inBucket = (program: string) => {
  const prelude = "import os, sys; sys.path.insert(0, '/opt/backup-parts'); from s3 import Client";
  const given = "client, bucket = Client(os.environ['MC_HOST_server']), os.environ['BUCKET']";
  return stack.docker(
    "exec",
    stack.container("protea", "files-backup"),
    EXEC,
    "python3",
    "-B",
    "-c",
    [prelude, given, program].join("\n"),
  );
};
const keys = () =>
  inBucket(
    "print(sorted(o.key + ' ' + o.etag + ' ' + str(client.head(bucket, o.key)['content-type']) for o in client.objects(bucket)))",
  );

test("the first up keeps them beside the database, and they are brought back with the applications stopped", () => {
  expect(parts()).toEqual(["bucket", "git", "lab", "postgres", "rabbitmq"]);
  inBucket(
    "for n in range(20): client.request('PUT', bucket, f'a {n}', body=b'x' * (n + 1), headers={'x-amz-meta-n': str(n)})",
  );
  queue("first", 30);
  const made = succeeded(stack.operation("backup"));
  expect(made).toContain("20 of them copied");
  expect(made).toContain("rabbitmq: 30 messages of ");
  expect(succeeded(stack.operation("backup"))).toContain("0 of them copied, 0 B; 20 as in the backup before");
  const [before, main] = [keys(), git("rev-parse", "main")];

  inBucket("for n in range(10): client.remove(bucket, f'a {n}')\nclient.request('PUT', bucket, 'a 19', body=b'other')");
  rmSync(join(lab(), "datasets"), { recursive: true });
  git("update-ref", "-d", "refs/heads/main");
  queue("later", 3);
  expect(failed(stack.operation("restore", "--at", "latest", "--only", "objects"))).toContain(
    "found ONLY=objects; protea has postgres, rabbitmq, bucket, lab, git",
  );
  const text = succeeded(
    stack.operation("restore", "--at", "latest", "--only", "rabbitmq,bucket,lab,git", "--yes", "1"),
  );
  expect(text).toMatch(/11 of them written.*; 1 replaced and 0 removed are in the bucket protea-before-/);
  expect(text).toMatch(
    /rabbitmq: 30 messages of .*; 30 of them written; 33 that were there are in \/backups\/protea\/before-restore\/rabbitmq-/,
  );
  expect(queued()).toEqual(words("first", 30));
  expect(text).toContain("protea: all of it is healthy");
  expect(keys()).toBe(before);
  expect(readFileSync(join(lab(), "datasets/one"), "utf8")).toBe("first");
  expect(git("rev-parse", "main")).toBe(main);
  succeeded(stack.operation("status"));
});

test("rows that point to objects which are not there are told", () => {
  stack.query(
    "protea",
    `create table dataset (id serial, manifest_uri varchar(1024), train_uri text);
     insert into dataset (manifest_uri, train_uri) values ('s3://protea/a 1', 's3://protea/none'), ('s3://protea/none', 's3://elsewhere/a 1'),
       ('file:///a', null)`,
  );
  const said = succeeded(stack.operation("backup"));
  expect(said).toContain(
    "warning: 3 rows point to objects that are not there, listed in missing.jsonl: s3://elsewhere/a 1 (public.dataset.train_uri), ",
  );
  const lines = readFileSync(join(latest(), "bucket/missing.jsonl"), "utf8").trim().split("\n");
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    { column: "public.dataset.train_uri", uri: "s3://elsewhere/a 1" },
    { column: "public.dataset.manifest_uri", uri: "s3://protea/none" },
    { column: "public.dataset.train_uri", uri: "s3://protea/none" },
  ]);
  stack.query("protea", "drop table dataset");
  expect(succeeded(stack.operation("backup"))).not.toContain("point to objects");
});

test("a deep verification restores every part into nothing, compares, and leaves nothing", () => {
  const before = stack.leftovers().sort();
  const text = succeeded(stack.operation("verify", "--deep", "1"));
  for (const part of ["rabbitmq", "bucket", "lab", "git"])
    expect(text).toContain(`protea: restores ${part} into nothing, and compares`);
  expect(text).toMatch(/rabbitmq: \d+ messages of \d+ queues, .*; \d+ of them written/);
  expect(text).toMatch(/bucket protea: 20 objects, 20 of them written/);
  expect(text).toMatch(/lab: 1 files, /);
  expect(text).toMatch(/into nothing, and compares\ngit: 1 refs\n/);
  expect(text).toContain("is what was backed up (deep)");
  expect(stack.leftovers().sort()).toEqual(before);
});

test("what rotted in a backup is found, and the next one does not share it", () => {
  succeeded(stack.operation("backup"));
  const objects = join(latest(), "bucket/objects");
  const start = readdirSync(objects).find((name) => !name.startsWith("."))!;
  const file = join(objects, start, readdirSync(join(objects, start))[0]!);
  const content = readFileSync(file);
  chmodSync(file, 0o600);
  // In place: in every backup that shares it.
  writeFileSync(file, Buffer.from(content.map((byte) => byte ^ 1)));
  expect(failed(stack.operation("verify"))).toContain(file.slice(folder.length + 1));
  expect(succeeded(stack.operation("backup"))).toContain("backs up bucket once more, without the backup before");
  succeeded(stack.operation("verify"));
});

test("with the database, the applications wait until both are back", () => {
  stack.query("protea", "create table back as select 1 as one");
  succeeded(stack.operation("backup"));
  queue("later", 2);
  const text = succeeded(stack.operation("restore", "--at", "latest", "--only", "rabbitmq,postgres", "--yes", "1"));
  expect(text.match(/stops the applications\b/g)).toHaveLength(2);
  expect(queued()).toEqual(words("first", 30));
  expect(stack.query("protea", "select one from back")).toBe("1");
  succeeded(stack.operation("status"));
});

/** Another folder of backups, as from a disk of another host; and what would tell that it was written to. */
const moved = () => join(stack.folder, "moved");
const untouched = () => {
  const find = ["find", ".", "-printf", "%p %i %s %T@ %C@\\n"];
  return execFileSync(find[0]!, find.slice(1), { cwd: moved(), encoding: "utf8" }).split("\n").sort();
};

test("from another folder of backups: every byte is read first, nothing is written there, and what was there is kept among the stack's own", () => {
  succeeded(stack.operation("backup"));
  const name = readlinkSync(join(folder, "latest"));
  execFileSync("cp", ["-a", resolve(folder, ".."), moved()]);
  // The stack's own are without that one.
  rmSync(join(folder, name), { recursive: true });
  const [before, main] = [keys(), git("rev-parse", "main")];
  inBucket("for n in range(10): client.remove(bucket, f'a {n}')");
  writeFileSync(join(lab(), "datasets/one"), "later");
  git("update-ref", "-d", "refs/heads/main");
  queue("moved", 4);
  const restore = (...args: string[]) =>
    stack.operation("restore", "--at", "latest", "--only", "rabbitmq,bucket,lab,git", "--from", moved(), ...args);
  expect(succeeded(restore("--dry", "1"))).toContain(`as in the backup ${name} of ${moved()} (verified `);
  const refs = join(moved(), "protea", name, "git/refs.txt");
  const content = readFileSync(refs);
  writeFileSync(refs, "rotten");
  expect(failed(restore("--yes", "1"))).toContain("git/refs.txt: its bytes are not those of the manifest");
  expect(readFileSync(join(lab(), "datasets/one"), "utf8")).toBe("later");
  writeFileSync(refs, content);
  const files = untouched();
  const text = succeeded(restore("--yes", "1"));
  expect(text).toMatch(/34 that were there are in \/backups\/protea\/before-restore\/rabbitmq-/);
  expect(queued()).toEqual(words("first", 30));
  expect(keys()).toBe(before);
  expect(readFileSync(join(lab(), "datasets/one"), "utf8")).toBe("first");
  expect(git("rev-parse", "main")).toBe(main);
  expect(untouched()).toEqual(files);
  expect(stack.docker("ps", "--all", "--quiet", "--filter", "label=robotoff-protea.restores")).toBe("");
  expect(failed(stack.operation("restore", "--at", "latest", "--from", folder))).toContain("there is no folder protea");
  succeeded(stack.operation("status"));
});

test("the bucket into another S3 server", async () => {
  const [port] = await here.freePorts(1);
  const other = `${stack.name}-other`;
  const image = stack.docker("inspect", "--format", "{{.Image}}", stack.container("protea", "minio"));
  const given = ["--env", "MINIO_ROOT_USER=ada", "--env", "MINIO_ROOT_PASSWORD=of the other", "--volume", "/data"];
  const published = ["--publish", `127.0.0.1:${port}:9000`];
  stack.docker("run", "--detach", "--name", other, ...stack.marked, ...published, ...given, image, "server", "/data");
  const there = (...words: string[]) => here.tryDocker("exec", other, ...words);
  const ready = ["curl", "-fsS", "http://127.0.0.1:9000/minio/health/ready"];
  await until("it answers", 60, () => there(...ready).code === 0);
  succeeded(there("mc", "alias", "set", "s", "http://127.0.0.1:9000", "ada", "of the other"));
  const into = (secret: string | undefined, ...args: string[]) => {
    Object.assign(stack.environment, { AWS_SECRET_ACCESS_KEY: secret });
    try {
      const where = ["--only", "bucket", "--into", `s3+http://ada@127.0.0.1:${port}/copies`, "--yes", "1"];
      return stack.operation("restore", "--at", "latest", ...where, ...args);
    } finally {
      Object.assign(stack.environment, { AWS_SECRET_ACCESS_KEY: undefined });
    }
  };
  expect(failed(into(undefined))).toContain(
    "AWS_SECRET_ACCESS_KEY is not in the environment, and there is no terminal",
  );
  const wrong = failed(into("no such"));
  expect(wrong).toContain("403 SignatureDoesNotMatch");
  expect(wrong).not.toContain("no such");
  expect(succeeded(there("mc", "ls", "s"))).toBe("");
  expect(succeeded(into("of the other"))).toContain("bucket copies: 20 objects, 20 of them written");
  const stats = (text: string) =>
    text
      .split("\n")
      .filter(Boolean)
      .map((line) => {
        const { name, etag, metadata } = JSON.parse(line) as { name: string; etag: string; metadata: object };
        return { key: name.replace(/^[^/]*\//, ""), etag, metadata };
      });
  const listing = ["mc", "stat", "--recursive", "--json"];
  const live = stack.docker("exec", stack.container("protea", "minio"), EXEC, "sh", "-c",
    'MC_HOST_s="http://$MINIO_ROOT_USER:$MINIO_ROOT_PASSWORD@127.0.0.1:9000" mc stat --recursive --json s/protea'); // prettier-ignore
  expect(stats(succeeded(there(...listing, "s/copies")))).toEqual(stats(live));
  expect(failed(into("of the other"))).toContain("the bucket copies has contents there; nothing was changed");
  // From another folder, too.
  succeeded(there("mc", "rb", "--force", "s/copies"));
  const files = untouched();
  expect(succeeded(into("of the other", "--from", moved()))).toContain("20 of them written");
  expect(untouched()).toEqual(files);
  expect(stack.docker("ps", "--all", "--quiet", "--filter", "label=robotoff-protea.into")).toBe("");
});

test("a lost disk: database, queues, bucket, lab folder and repository come back with one up, and what has anything stays", () => {
  stack.query("protea", "create table kept as select 1 as one");
  succeeded(stack.operation("backup"));
  stack.query("protea", "insert into kept values (2)");
  const [before, main] = [keys(), git("rev-parse", "main")];
  for (const server of ["postgres", "rabbitmq", "minio"]) {
    stack.docker("rm", "--force", stack.container("protea", server));
    stack.docker("volume", "rm", `${stack.name}-protea_${server}_data`);
  }
  for (const one of readdirSync(repository())) rmSync(join(repository(), one), { recursive: true });
  rmSync(join(lab(), "datasets"), { recursive: true });
  mkdirSync(join(lab(), "datasets"));

  stack.config["host:backups"] = { directory: ".local/backups", restoreWhenEmpty: "latest" };
  const text = succeeded(stack.makeUp());
  expect(text).toMatch(/volume gone, its data with it: made again, empty: .*-protea_minio_data\n/);
  expect(stack.query("protea", "select one from kept order by 1")).toBe("1\n2");
  expect(queued()).toEqual(words("first", 30));
  expect(keys()).toBe(before);
  expect(readFileSync(join(lab(), "datasets/one"), "utf8")).toBe("first");
  expect(git("rev-parse", "main")).toBe(main);
  // None was there, so none is kept.
  expect(readdirSync(lab()).filter((name) => !name.startsWith(".before-"))).toEqual(["datasets"]);
  succeeded(stack.operation("status"));
});

const folders = () => ({
  lab: execFileSync("sh", ["-c", "find datasets -type f -exec sha256sum {} +"], { cwd: lab(), encoding: "utf8" }),
  refs: git("for-each-ref"),
});
const health = (name: string) => stack.host.healthOf(stack.container("protea", name));

test("lab folder and repository lost alone: they are red, it is said what to do, and an up brings them back; nothing else is made anew", async () => {
  // Their checks have seen what is there.
  await until("they are healthy", 60, () => health("files-backup") === "healthy" && health("git-backup") === "healthy");
  const before = folders();
  expect(before.lab).toContain("datasets/one");
  expect(before.refs).toContain("refs/heads/main");
  const containers = stack.containers();
  for (const folder of [lab(), repository()])
    for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true });
  await until("it is seen", 60, () => health("files-backup") === "unhealthy" && health("git-backup") === "unhealthy");
  failed(stack.operation("status"));
  const why = succeeded(stack.operation("why"));
  expect(why).toContain("the lab folder is empty, and had something: make up brings it back");
  expect(why).toContain("make restore SYSTEM=protea AT=latest ONLY=git");
  succeeded(stack.makeUp());
  expect(folders()).toEqual(before);
  expect(stack.containers()).toEqual(containers);
  succeeded(stack.operation("status"));
  // A restore brings one back, too.
  rmSync(join(lab(), "datasets"), { recursive: true });
  await until("it is seen", 60, () => health("files-backup") === "unhealthy");
  succeeded(stack.operation("restore", "--at", "latest", "--only", "lab", "--yes", "1"));
  expect(folders()).toEqual(before);
  succeeded(stack.operation("status"));
});
