/** Who has secrets, and what it takes to change them. Pure. */
import type { Rotation, Secret } from "../../config/secrets.ts";
import { inOrder } from "../../systems/order.ts";
import { BACKUP_COPY } from "../../systems/servers/backup-copy.ts";
import { containerName, type ServiceSpec, type SystemSpec } from "../../systems/spec.ts";
import { secretKeys } from "../../engines/docker/secrets.ts";
import { titled } from "../table.ts";

/** A container that has a secret. */
export interface User {
  system: SystemSpec;
  service: ServiceSpec;
  name: string;
}

export interface Rotating {
  secret: Secret;
  /** Those that keep it in their data, and are told before the others are made again. */
  keepers: User[];
}

/** Servers with users of their own. */
const KEEPERS = ["postgres", "rabbitmq", "elasticsearch"];

const KEEPS: Record<Rotation, (secret: Secret, user: User) => boolean> = {
  server: ({ key }, { system, service }) => KEEPERS.includes(service.name) && key.startsWith(`${system.name}:`),
  repository: (_, { service }) => service.name === BACKUP_COPY,
  start: () => false,
  others: () => false,
};

/** All that have one of the secrets, in the order in which they are made again. */
export function usersOf(systems: SystemSpec[], keys: string[]): User[] {
  const having = (service: ServiceSpec) =>
    secretKeys(Object.values(service.environment)).some((key) => keys.includes(key));
  return systems.flatMap((system) =>
    inOrder(system.services)
      .filter(having)
      .flatMap((service) =>
        Array.from({ length: service.replicas }, (_, index) => ({
          ...{ system, service, name: containerName(system, service.name, index + 1) },
        })),
      ),
  );
}

/**
 * @param asked `NAMESPACE:NAME`, several with blanks or commas between them
 * @throws Error with the secrets that there are
 */
export function rotating(systems: SystemSpec[], secrets: Secret[], asked: string | undefined): Rotating[] {
  const keys = [...new Set((asked ?? "").split(/[\s,]+/).filter(Boolean))];
  const unknown = keys.filter((key) => !secrets.some((one) => one.key === key));
  if (keys.length === 0 || unknown.length > 0) {
    const known = secrets.map((one) => `  ${one.key} (${one.purpose})`);
    throw new Error(`found SECRET=${unknown.join(" ")}; this stack has\n${known.join("\n")}`);
  }
  return keys.map((key) => {
    const secret = secrets.find((one) => one.key === key)!;
    return { secret, keepers: usersOf(systems, [key]).filter((user) => KEEPS[secret.rotation](secret, user)) };
  });
}

const HOW: Record<Rotation, string> = {
  server: "is told while it runs: who is connected stays so, who connects with the old one is refused until it is made again",
  start: "whoever has it reads it at its start",
  others: "the new value is what others gave you",
  repository: "adds a second key to the repository; the first stays until you remove it where the repository is (docs/secrets.md)",
}; // prettier-ignore

/** @param pending keys whose new value a run before has made */
export function rotationText(all: Rotating[], users: User[], pending: ReadonlySet<string>): string {
  const line = ({ secret, keepers }: Rotating) =>
    [
      `${secret.key}${pending.has(secret.key) ? " (the new value of the run before)" : ""}:`,
      ...(keepers.length > 0 ? [keepers.map(({ name }) => name).join(", ")] : []),
      HOW[secret.rotation],
    ].join(" ");
  return [
    ...titled("new values", all.map(line)),
    ...titled(
      "made again, in this order; volumes stay",
      users.map(({ name, service }) => (service.kind === "job" ? `${name} (a job, run again)` : name)),
    ),
  ].join("\n");
}
