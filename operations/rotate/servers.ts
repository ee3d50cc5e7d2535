/** How a server that runs is told another password. Passwords go by standard input, into no argument and no log. */
import { createHash, createHmac, pbkdf2Sync, randomBytes } from "node:crypto";
import type { HostSettings } from "../../config/host.ts";
import { EXEC } from "../../engines/docker/secrets.ts";
import { docker, dockerOutput } from "../../hosts/docker.ts";
import { BACKUP_COPY } from "../../systems/servers/backup-copy.ts";
import { IMPORT, passwordHash } from "../adopt/broker.ts";
import type { User } from "./plan.ts";

/** What PostgreSQL keeps of a password, so that it never sees the password: https://www.postgresql.org/docs/current/catalog-pg-authid.html */
export function scram(password: string, salt = randomBytes(16), iterations = 4096): string {
  const hmac = (key: Buffer, text: string) => createHmac("sha256", key).update(text).digest();
  const salted = pbkdf2Sync(password, salt, iterations, 32, "sha256");
  const stored = createHash("sha256").update(hmac(salted, "Client Key")).digest("base64"); // prettier-ignore
  return `SCRAM-SHA-256$${iterations}:${salt.toString("base64")}$${stored}:${hmac(salted, "Server Key").toString("base64")}`;
}

/** Something that keeps a password in its data. */
interface Server {
  /** Whether it changes the password only for who knows the one of today. */
  asksForOld: boolean;
  /** Sets it. Once more, it changes nothing. @param now what the stack has for it, which a killed run may have set already */
  tell(host: HostSettings, user: User, value: string, now: string): void;
  /** Whether who has it is let in. */
  accepts(host: HostSettings, user: User, value: string): boolean;
}

function text({ service }: User, variable: string): string {
  const value = service.environment[variable];
  if (typeof value !== "string") throw new Error(`${service.path} has no ${variable}`);
  return value;
}

const postgres: Server = {
  asksForOld: false,
  tell(host, user, value) {
    const role = text(user, "POSTGRES_USER");
    // Not even the hash gets into the server's log, whatever it is set to log.
    const sql = `set log_statement = none; set log_min_duration_statement = -1; set log_min_error_statement = panic;
alter role "${role.replaceAll('"', '""')}" password '${scram(value)}';`;
    dockerOutput(host, ["exec", "-i", user.name, "psql", "-U", role, "-d", "postgres", "-qXv", "ON_ERROR_STOP=1"], sql);
  },
  accepts(host, user, value) {
    // At the container's own address: from loopback the image asks for none.
    const script =
      'IFS= read -r PGPASSWORD; export PGPASSWORD; psql -h "$(hostname -i | cut -d " " -f 1)" -U "$POSTGRES_USER" -d postgres -qAtXwc "select 1"';
    return docker(host, ["exec", "-i", user.name, "sh", "-c", script], `${value}\n`).code === 0;
  },
};

const rabbitmq: Server = {
  asksForOld: false,
  tell(host, user, value) {
    const name = text(user, "RABBITMQ_DEFAULT_USER");
    const algorithm = { hashing_algorithm: "rabbit_password_hashing_sha256", tags: ["administrator"] };
    const users = [{ name, password_hash: passwordHash(value), ...algorithm }];
    dockerOutput(host, ["exec", "-i", user.name, "sh", "-ec", IMPORT], JSON.stringify({ users }));
  },
  accepts(host, user, value) {
    const credentials = Buffer.from(`${text(user, "RABBITMQ_DEFAULT_USER")}:${value}`).toString("base64");
    const script = [
      "IFS= read -r credentials; exec 3<>/dev/tcp/127.0.0.1/15672 || exit 1",
      'printf "GET /api/whoami HTTP/1.0\\r\\nAuthorization: Basic %s\\r\\n\\r\\n" "$credentials" >&3',
      "read -r _ code _ <&3; [[ $code = 200* ]]",
    ].join("\n");
    return docker(host, ["exec", "-i", user.name, "bash", "-c", script], `${credentials}\n`).code === 0;
  },
};

/** https://www.elastic.co/guide/en/elasticsearch/reference/8.5/security-api-change-password.html */
const elasticsearch: Server = {
  asksForOld: true,
  tell(host, user, value, now) {
    if (elasticsearch.accepts(host, user, value)) return;
    const body = JSON.stringify(JSON.stringify({ password: value }));
    const words = `user = "elastic:${now}"\nrequest = "POST"\nheader = "content-type: application/json"\ndata = ${body}\n`;
    curl(host, user, "_security/user/elastic/_password", words, true);
  },
  accepts: (host, user, value) => curl(host, user, "_security/_authenticate", `user = "elastic:${value}"\n`, false),
};

/** @param config curl's own words, by standard input */
function curl(host: HostSettings, { name }: User, path: string, config: string, must: boolean): boolean {
  const words = ["exec", "-i", name, "curl", "-fsS", "-o", "/dev/null", "-K", "-", `http://127.0.0.1:9200/${path}`];
  if (!must) return docker(host, words, config).code === 0;
  dockerOutput(host, words, config);
  return true;
}

/** Of the copy off the host: a repository has as many keys as it was given, each with its password. */
const repository: Server = {
  asksForOld: true,
  tell(host, user, value) {
    if (repository.accepts(host, user, value)) return;
    const script = `umask 077; file=$(mktemp); trap 'rm -f "$file"' EXIT; cat > "$file"; restic key add --new-password-file "$file"`;
    dockerOutput(host, ["exec", "-i", user.name, EXEC, "sh", "-ec", script], `${value}\n`);
  },
  accepts(host, user, value) {
    const script =
      "IFS= read -r RESTIC_PASSWORD; export RESTIC_PASSWORD; unset RESTIC_PASSWORD_FILE; exec timeout 60 restic --no-lock cat config";
    return docker(host, ["exec", "-i", user.name, EXEC, "sh", "-c", script], `${value}\n`).code === 0;
  },
};

/** By the service's name. */
export const SERVERS: Record<string, Server> = { postgres, rabbitmq, elasticsearch, [BACKUP_COPY]: repository };
