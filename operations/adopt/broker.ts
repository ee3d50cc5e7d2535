/** RabbitMQ keeps its users in its data: the one that is declared is added to the server that runs, which nobody notices. */
import { createHash, randomBytes } from "node:crypto";
import type { HostSettings } from "../../config/host.ts";
import { dockerOutput } from "../../hosts/docker.ts";
import type { Container } from "../drift/containers.ts";
import { variablesOf } from "./secrets.ts";

/** As RabbitMQ keeps a password: https://www.rabbitmq.com/docs/passwords#this-is-the-algorithm */
export function passwordHash(password: string, salt = randomBytes(4)): string {
  const digest = createHash("sha256").update(Buffer.concat([salt, Buffer.from(password)])).digest(); // prettier-ignore
  return Buffer.concat([salt, digest]).toString("base64");
}

/** What `rabbitmqctl import_definitions` adds to what is there: an administrator. Pure. */
export const definitions = (user: string, hash: string) => ({
  users: [
    { name: user, password_hash: hash, hashing_algorithm: "rabbit_password_hashing_sha256", tags: ["administrator"] },
  ],
  permissions: [{ user, vhost: "/", configure: ".*", write: ".*", read: ".*" }],
});

/** In a file for a moment: rabbitmqctl waits for ever for what comes by standard input. */
export const IMPORT =
  'umask 077; file=$(mktemp); trap \'rm -f "$file"\' EXIT; cat > "$file"; chmod 644 "$file"; rabbitmqctl --quiet import_definitions "$file"';

/** @param password of the declared user */
export function addUser(host: HostSettings, container: Container, user: string, password: string): void {
  const before = variablesOf(container);
  if (before.get("RABBITMQ_DEFAULT_USER") === user && before.get("RABBITMQ_DEFAULT_PASS") === password) return;
  const added = JSON.stringify(definitions(user, passwordHash(password)));
  dockerOutput(host, ["exec", "-i", container.Id, "sh", "-ec", IMPORT], added);
}
