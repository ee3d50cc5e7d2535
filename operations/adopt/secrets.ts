/** Passwords and tokens that today's containers have in their environment, and the stack's secrets. Values are shown nowhere. Pure. */
import type { SecretForm } from "../../config/secrets.ts";
import { variablesIn } from "../../engines/docker/inspect.ts";
import type { EnvironmentValue, SecretReference } from "../../systems/spec.ts";
import { nameOf, type Container } from "../drift/containers.ts";
import type { Handover } from "./old.ts";

/** A secret as a container has it today. */
export interface Known {
  key: string;
  value: string;
  /** `robotoff-postgres-1, POSTGRES_PASSWORD` */
  from: string;
  /** Of a server: what it was made with is what it takes. */
  server: boolean;
}

/** The variables of a container. */
export const variablesOf = ({ Config }: Pick<Container, "Config">): Map<string, string> =>
  variablesIn(Config.Env ?? []);

/** The one secret that is a whole value; a text around it would have to be understood. */
function whole(declared: EnvironmentValue): SecretReference | undefined {
  const [only, ...more] = [declared].flat();
  return more.length === 0 && typeof only === "object" && only.encode === undefined ? only : undefined;
}

/** Who a server was made for, of whom a password is: a declared other user has a password of his own. */
const USERS: Record<string, string> = {
  POSTGRES_PASSWORD: "POSTGRES_USER",
  RABBITMQ_DEFAULT_PASS: "RABBITMQ_DEFAULT_USER",
  MINIO_ROOT_PASSWORD: "MINIO_ROOT_USER",
};

const sameUser = (password: string, declared: Record<string, EnvironmentValue>, found: Map<string, string>) => {
  const user = USERS[password];
  return user === undefined || declared[user] === undefined || declared[user] === found.get(user);
};

/** The secrets of these services that their containers have today, a server's own before what its clients were told. */
export function known(handovers: Handover[]): Known[] {
  const seen = handovers.flatMap(({ service, old }) =>
    old.slice(0, 1).flatMap((container) => {
      const variables = variablesOf(container);
      return Object.entries(service.environment).flatMap(([name, declared]) => {
        const value = variables.get(name);
        const secret = whole(declared)?.secret;
        if (!secret || !value) return [];
        const own = sameUser(name, service.environment, variables);
        return [{ key: secret, value, from: `${nameOf(container)}, ${name}`, server: service.server, own }];
      });
    }),
  );
  const others = new Set(seen.filter(({ own }) => !own).map(({ key }) => key));
  const all = seen.filter(({ key }) => !others.has(key)).map(({ own, ...one }) => one);
  const servers = new Map(all.filter(({ server }) => server).map((one) => [one.key, one]));
  const clients = new Map(all.filter(({ key }) => !servers.has(key)).map((one) => [one.key, one]));
  return [...servers.values(), ...clients.values()];
}

export interface Secrets {
  /** Set in the stack's configuration. */
  taken: Known[];
  /** Of no server, and another one in the stack already: that one is given from now on. */
  kept: Known[];
  problems: string[];
}

/**
 * @param form what a secret's value may be made of, by its key
 * @param configured the stack's value; undefined: it has none
 */
export function compareSecrets(
  found: Known[],
  form: (key: string) => SecretForm,
  configured: (key: string) => string | undefined,
): Secrets {
  const differing = found.filter(({ key, value }) => configured(key) !== value);
  const taken = differing.filter(({ key, server }) => server || configured(key) === undefined);
  const problems = taken
    .filter(({ key, value }) => !form(key).expression.test(value))
    .map(({ key, from }) => `${key}: ${from} has a value that not every program here takes, expected ${form(key).expected}: change it where it runs, first`); // prettier-ignore
  return { taken, kept: differing.filter((one) => !taken.includes(one)), problems };
}
