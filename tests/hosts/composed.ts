/** What runs on the hosts before this program comes: both systems under docker compose, from compose files as their own projects have them. */
import { EXEC } from "../../engines/docker/secrets.ts";
import { readFileSync } from "node:fs";
import { succeeded } from "../engine/host.ts";
import type { HostName, Lab } from "./lab.ts";
import type { Rehearsal } from "./rehearsal.ts";

const FOLDERS = { robotoff: "/home/off/robotoff-net", protea: "/home/off/protea" } as const;
export type Project = keyof typeof FOLDERS;

/** Somebody's, in clear in a file of the host's, as they are today. */
export const PASSWORDS = {
  POSTGRES_PASSWORD: "of-before",
  OFF_PASSWORD: "of-the-account",
  MINIO_PASSWORD: "minio-of-before",
};

const GIT = "10.1.0.1:5000/docker.io/alpine/git:v2.47.2";

/** Deploys a project as its own pipeline does: a checkout, a file of variables, `docker compose up`. */
export function compose(lab: Lab, host: HostName, project: Project): void {
  const folder = FOLDERS[project];
  const put = (file: string, content: string) => lab.on(host, "sh", "-c", 'printf %s "$1" > "$0"', file, content);
  lab.on(host, "install", "-d", "-o", "off", "-g", "off", folder);
  if (project === "robotoff")
    lab.on(
      host,
      ...["docker", "run", "--rm", "--user", "1000:1000", "--env", "HOME=/tmp", "--volume", `${folder}:${folder}`],
      ...["--workdir", folder, "--entrypoint", "sh", GIT, "-ec"],
      "git config --global safe.directory '*' && git init -q && git remote add origin file:///srv/robotoff.git && git fetch -q origin main && git checkout -qf FETCH_HEAD && mkdir -p cache datasets",
    );
  put(`${folder}/docker-compose.yml`, readFileSync(`tests/hosts/compose/${project}.yml`, "utf8"));
  if (project === "protea") put(`${folder}/init.sql`, "CREATE EXTENSION IF NOT EXISTS vector;\n");
  const variables = { REGISTRY: "10.1.0.1:5000", ...PASSWORDS };
  put(`${folder}/.env`, Object.entries(variables).map(([name, value]) => `${name}=${value}\n`).join("")); // prettier-ignore
  composed(lab, host, project, "up", "--detach", "--quiet-pull");
  const user = project === "robotoff" ? "postgres" : "protea";
  // Nothing in Robotoff's own compose file waits for it.
  const ready = `until pg_isready -q -h 127.0.0.1 -U ${user}; do sleep 1; done`;
  composed(lab, host, project, "exec", "-T", "postgres", "timeout", "120", "sh", "-c", ready);
  if (project === "robotoff")
    composed(lab, host, project, "run", "--rm", "api", "python", "-m", "robotoff", "migrate-db");
}

/** `docker compose WORDS` in a project's folder. */
export const composed = (lab: Lab, host: HostName, project: Project, ...words: string[]): string =>
  lab.on(host, "docker", "compose", "--project-directory", FOLDERS[project], ...words);

const MC = "10.1.0.1:5000/docker.io/minio/mc:RELEASE.2025-08-13T08-35-41Z";
const QUEUE = "protea.training";
/** What has just been started again takes its time. */
const AMQP = `import os, pika, hashlib, time
for n in range(60):
    try: c = pika.BlockingConnection(pika.URLParameters(os.environ['PROTEA_AMQP_URL'])).channel(); break
    except pika.exceptions.AMQPError: time.sleep(1)
`;
const PUBLISH = `${AMQP}c.queue_declare('${QUEUE}', durable=True)
for n in range(300): c.basic_publish('', '${QUEUE}', str(n).encode() * 50, pika.BasicProperties(delivery_mode=2, headers={'n': n}))`;
/** Taken and not acknowledged: they go back, each to its place. */
const READ = `${AMQP}found = []
for n in range(1000):
    method, properties, body = c.basic_get('${QUEUE}')
    if method is None: break
    found.append((properties.headers, properties.delivery_mode, body))
print(len(found), hashlib.sha256(repr(found).encode()).hexdigest())`;
const FILL = `create table kept as select g as id, md5(g::text) as word from generate_series(1, 20000) g;
  create index on kept (word); create sequence counter start 7; select nextval('counter')`;
const SEEN = `select count(*), md5(string_agg(t::text, ',' order by id)) from kept t union all select last_value, 'counter' from counter`;
const KEYS =
  "for n = 1, 2000 do redis.call('rpush', 'kept', 'job' .. n) redis.call('hset', 'kept:' .. n, 'data', string.rep('x' .. n, 20)) end";
const HASH = `local lines = {} for n, job in ipairs(redis.call('lrange', 'kept', 0, -1)) do lines[n] = job .. redis.call('hget', 'kept:' .. n, 'data') end
  return #lines .. ' ' .. redis.sha1hex(table.concat(lines))`;
const ELASTIC = "http://127.0.0.1:9200";

/** MinIO's user, of compose's. */
const BEFORE = { user: "admin", password: PASSWORDS.MINIO_PASSWORD };

/** Something in every place that a project keeps something in, and all of it to be compared, by whoever runs it: compose, or this program. */
export class Kept {
  private readonly lab: Lab;
  private readonly host: HostName;
  private readonly projects: readonly Project[];
  private minio = BEFORE;

  constructor(lab: Lab, host: HostName, projects: readonly Project[]) {
    this.lab = lab;
    this.host = host;
    this.projects = projects;
  }

  /** The one container that does a service's work now. */
  private container(project: Project, service: string): string {
    const label = (name: string, value: string) => ["--filter", `label=com.docker.compose.${name}=${value}`];
    const own = [...label("project", project), ...label("service", service), ...label("oneoff", "False")];
    return this.lab.on(this.host, "docker", "ps", "--quiet", ...own).trim();
  }

  /** What a command prints in it. */
  private in(project: Project, service: string, ...words: string[]): string {
    return this.lab.on(this.host, "docker", "exec", this.container(project, service), ...words).trim();
  }

  /** Of the API, which has RabbitMQ's address as a variable: compose's, or ours among its secrets. */
  private python(program: string): string {
    const either = `exec=${EXEC}; [ -x $exec ] || exec=; exec $exec python3 -c "$0"`;
    return this.in("protea", "api", "sh", "-c", either, program);
  }

  private sql(project: Project, statement: string): string {
    const user = project === "protea" ? "protea" : "postgres";
    return this.in(project, "postgres", "psql", "-U", user, "-d", project, "-qAtc", statement);
  }

  private mc(script: string): string {
    const { user, password } = this.minio;
    const address = `MC_HOST_server=http://${user}:${password}@127.0.0.1:9000`;
    const network = `container:${this.container("protea", "minio")}`;
    const run = ["docker", "run", "--rm", "--network", network, "--env", address, "--entrypoint", "sh", MC];
    return this.lab.on(this.host, ...run, "-ec", script).trim();
  }

  /** Looks as a user of this program's MinIO from now on. */
  adoptedBy(rehearsal: Rehearsal): void {
    const shown = succeeded(rehearsal.make("password", "staging", "SERVICE=minio", "SHOW=1"));
    this.minio = { user: "protea", password: /^[0-9a-f]{24}$/m.exec(shown)![0] };
  }

  /** And as compose's again. */
  wentBack(): void {
    this.minio = BEFORE;
  }

  fill(): void {
    for (const project of this.projects) this.sql(project, FILL);
    if (this.projects.includes("robotoff")) {
      this.in("robotoff", "redis", "redis-cli", "eval", KEYS, "0");
      const lines = Array.from({ length: 200 }, (_, n) => `{"index":{"_id":"${n}"}}\\n{"n":${n}}\\n`).join("");
      const put = `until curl -fs -o /dev/null ${ELASTIC}; do sleep 1; done; printf '${lines}' | curl -fsS -o /dev/null -H 'content-type: application/x-ndjson' --data-binary @- '${ELASTIC}/kept/_bulk?refresh=true'`;
      this.in("robotoff", "elasticsearch", "sh", "-ec", put);
    }
    if (this.projects.includes("protea")) {
      this.python(PUBLISH);
      this.mc(
        `mc -q mb server/protea; for n in $(seq 60); do echo "$n" | mc -q pipe "server/protea/kept/object $n" > /dev/null; done`,
      );
    }
  }

  /** All of it. */
  seen(): Record<string, string> {
    const found: Record<string, string> = {};
    for (const project of this.projects) found[`${project} rows`] = this.sql(project, SEEN);
    if (this.projects.includes("robotoff")) {
      found.keys = this.in("robotoff", "redis", "redis-cli", "eval", HASH, "0");
      const search = `curl -fsS --retry 60 --retry-all-errors --retry-delay 1 '${ELASTIC}/kept/_search?size=1000&sort=n&filter_path=hits.hits._id,hits.hits._source' | tee /tmp/found | sha256sum; grep -o _id /tmp/found | wc -l`;
      found.documents = `${this.in("robotoff", "elasticsearch", "curl", "-fsS", "--retry", "60", "--retry-all-errors", "--retry-delay", "1", `${ELASTIC}/kept/_count`)} ${this.in("robotoff", "elasticsearch", "sh", "-ec", search)}`;
    }
    if (this.projects.includes("protea")) {
      found.messages = this.python(READ);
      found.objects = this.mc(
        'mc ls --recursive --json server/protea/kept | sed \'s/.*"key":"\\([^"]*\\)".*/\\1/\' | sort | while read -r key; do echo "$key $(mc cat "server/protea/kept/$key" | sha256sum)"; done',
      );
    }
    return found;
  }

  /** Volumes and networks as they were made. */
  made(): string[] {
    const on = (...words: string[]) => this.lab.on(this.host, ...words);
    return on("sh", "-c", "docker volume inspect --format '{{.Name}} {{.CreatedAt}}' $(docker volume ls --quiet); docker network inspect --format '{{.Name}} {{.Id}}' $(docker network ls --quiet)").trim().split("\n"); // prettier-ignore
  }
}
