/** Runs the SQL files of this folder by psql inside a system's postgres container, over its local socket. */
import { readFileSync } from "node:fs";
import type { HostSettings } from "../../config/host.ts";
import { dockerCommand, quote } from "../../hosts/connection.ts";
import { dockerOutput } from "../../hosts/docker.ts";
import { containerName, type SystemSpec } from "../../systems/spec.ts";

/** A file's variables by name. psql quotes them where the file says `:'name'`: nothing is put into its text. */
export type Variables = Record<string, string | number>;

const file = (name: string) => `operations/database/${name}.sql`;

/** The words after `docker`. The socket needs no password: the image trusts whoever is inside the container. */
export function psqlArguments(system: SystemSpec, variables: Variables): string[] {
  const { environment } = system.services.find((service) => service.name === "postgres")!;
  const { POSTGRES_USER: user, POSTGRES_DB: database } = environment as Record<string, string>;
  const set = Object.entries({ ON_ERROR_STOP: 1, ...variables }).flatMap(([name, value]) => ["-v", `${name}=${value}`]);
  return ["exec", "-i", containerName(system, "postgres", 1), "psql", "-Xq", "-U", user!, "-d", database!, ...set];
}

/** Prints how psql is called, as it can be typed by hand, to standard error as show() does. */
export function showPsql(host: HostSettings, system: SystemSpec, name: string, variables: Variables = {}): void {
  const words = dockerCommand(host, psqlArguments(system, variables));
  console.error(`${words.map(quote).join(" ")} < ${file(name)}`);
}

/**
 * What psql prints for a file of this folder.
 * @param name without `.sql`
 * @throws Error with what psql or docker said
 */
export function psql(host: HostSettings, system: SystemSpec, name: string, variables: Variables = {}): string {
  return dockerOutput(host, psqlArguments(system, variables), readFileSync(file(name), "utf8"));
}
