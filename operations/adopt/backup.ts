/**
 * A backup of what compose runs, before anything of it is touched: as every backup of this program, verified, in the same folder, so that it
 * is listed and restored like one. Its parts run in containers that are made for it, beside the servers, and removed afterwards.
 */
import { setTimeout as pause } from "node:timers/promises";
import { backupOf, partsOf, scriptsBeside } from "../../backups/parts.ts";
import { dockerApi } from "../../hosts/api.ts";
import { inContainer, runInstalled } from "../../hosts/installed.ts";
import { docker, dockerOutput } from "../../hosts/docker.ts";
import type { HostSettings } from "../../config/host.ts";
import { POSTGRES_BACKUP } from "../../systems/servers/postgres-backup.ts";
import { networkName, type EnvironmentValue, type ServiceSpec, type SystemSpec } from "../../systems/spec.ts";
import type { Container } from "../drift/containers.ts";
import { variablesOf } from "./secrets.ts";

/** The server that a part asks; a folder of the host needs none. Elasticsearch writes snapshots only into a folder that it was started with. */
const ASKS: Record<string, string | undefined> = {
  postgres: "postgres",
  public: "postgres",
  redis: "redis",
  rabbitmq: "rabbitmq",
  bucket: "minio",
};
const NOT_YET = "elasticsearch";
/** backup.sh, while another one runs. */
const RUNS = 75;

/** A system with what runs of it today, by service. */
export interface Running {
  system: SystemSpec;
  /** The containers of its servers. */
  servers: ReadonlyMap<string, Container>;
}

/** The parts that can be made, and those that cannot before they are handed over. Pure. */
export function partsToday({ system, servers }: Running) {
  const parts = partsOf(system).filter(({ name }) => name === NOT_YET || !ASKS[name] || servers.has(ASKS[name]));
  const container = ({ service }: { service: string }) => `${system.project}-adoption-${service}`;
  return {
    made: parts.filter(({ name }) => name !== NOT_YET).map((part) => ({ ...part, container: container(part) })),
    left: parts.filter(({ name }) => name === NOT_YET).map(({ name }) => name),
  };
}

/** A variable's value. */
function valueOf(declared: EnvironmentValue, secret: (key: string) => string): string {
  return [declared]
    .flat()
    .map((part) => {
      if (typeof part === "string") return part;
      return part.encode === "url" ? encodeURIComponent(secret(part.secret)) : secret(part.secret);
    })
    .join("");
}

/** What is otherwise than in the container that is declared: today's servers have users of their own. */
function environment(service: ServiceSpec, { servers }: Running, secret: (key: string) => string): string[] {
  const minio = servers.get("minio") && variablesOf(servers.get("minio")!);
  const [user, password] = ["MINIO_ROOT_USER", "MINIO_ROOT_PASSWORD"].map((name) => minio?.get(name));
  const own: Record<string, string> = {
    ...(service.name === POSTGRES_BACKUP ? { PGHOST: "127.0.0.1" } : {}),
    ...(user && password && "MC_HOST_server" in service.environment
      ? { MC_HOST_server: `http://${encodeURIComponent(user)}:${encodeURIComponent(password)}@minio:9000` }
      : {}),
  };
  const declared = Object.entries(service.environment).filter(([name]) => !(name in own));
  return [
    ...declared.map(([name, value]) => `${name}=${valueOf(value, secret)}`),
    ...Object.entries(own).map(([name, value]) => `${name}=${value}`),
  ];
}

/**
 * The body that creates such a container (POST /containers/create). PostgreSQL's shares its server's network: the image's pg_hba lets nobody
 * copy it from elsewhere, and there nobody needs a password.
 */
export function besideServer(service: ServiceSpec, running: Running, secret: (key: string) => string) {
  const { system, servers } = running;
  const postgres = service.name === POSTGRES_BACKUP;
  return {
    Image: service.image,
    Entrypoint: ["tail"],
    Cmd: ["-f", "/dev/null"],
    ...{ User: service.user ?? "", StopSignal: "SIGKILL", Healthcheck: { Test: ["NONE"] } },
    Env: environment(service, running, secret),
    // As `docker compose run` marks them: of no service.
    Labels: { "com.docker.compose.project": system.project, "com.docker.compose.oneoff": "True" },
    HostConfig: {
      NetworkMode: postgres ? `container:${servers.get("postgres")!.Id}` : networkName(system, "default"),
      Binds: service.mounts
        .filter(({ source }) => source.startsWith("/"))
        .map(({ source, target, readOnly }) => `${source}:${target}${readOnly ? ":ro" : ""}`),
      Memory: service.memory,
    },
  };
}

/** The shell lines that write files; they go in by standard input. */
const writing = (files: ServiceSpec["files"]) =>
  files
    .map(({ path, content }) => {
      const encoded = Buffer.from(content).toString("base64");
      return `mkdir -p "$(dirname ${path})" && echo ${encoded} | base64 -d > ${path}`;
    })
    .join("\n");

/**
 * @param secret the value of a secret of the stack
 * @throws Error where it could not be made, or verified
 */
export async function backupToday(host: HostSettings, running: Running, secret: (key: string) => string) {
  const { system } = running;
  const { made } = partsToday(running);
  const services = new Map(system.services.map((service) => [service.name, service]));
  const names = new Map(made.map(({ service, container }) => [service, container]));
  const agent = names.get(POSTGRES_BACKUP);
  if (!agent)
    throw new Error(`${system.name}: no PostgreSQL runs, and without it no backup is made; see WITHOUT_BACKUP=1`);
  const remove = () => docker(host, ["rm", "--force", "--volumes", ...names.values()]);
  remove();
  try {
    for (const [name, container] of names) {
      const service = services.get(name)!;
      await dockerApi(host, `/containers/create?name=${container}`, besideServer(service, running, secret));
      dockerOutput(host, ["start", container]);
      if (service.files.length > 0 && name !== POSTGRES_BACKUP)
        dockerOutput(host, ["exec", "-i", "-u", "root", container, "sh", "-e"], writing(service.files));
    }
    const line = (verb: string) => {
      const { code, stderr } = inContainer(host, agent, "root", "adoption-line", [verb]);
      if (code !== 0) throw new Error(`${system.name}: ${stderr.trim()}`);
    };
    line("begin");
    try {
      const args = backupOf(system, host, agent, made)!;
      const once = () => runInstalled(host, "backup", args, scriptsBeside(system));
      let code = await once();
      // Of a run that was killed here, what it began there ends with the containers that were just removed, and not at once.
      for (let n = 0; code === RUNS && n < 30; n += 1) {
        await pause(2_000);
        code = await once();
      }
      if (code !== 0) throw new Error(`${system.name}: no verified backup, see above; nothing was handed over`);
    } finally {
      line("end");
    }
  } finally {
    remove();
  }
}
