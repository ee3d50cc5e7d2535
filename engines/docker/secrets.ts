/** A container's secrets: files in a folder of the host, which it has read-only (docs/decisions/secrets.md). Pure. */
import { createHash } from "node:crypto";
import { SECRETS, type EnvironmentValue, type ServiceSpec, type SystemSpec } from "../../systems/spec.ts";

/** Runs a command with all of them as variables (hosts/scripts/secrets-exec.sh): `docker exec CONTAINER /run/secrets/exec COMMAND`. */
export const EXEC = `${SECRETS}/exec`;

/** The variables that have a secret in them, by name. */
export function secretVariables({ environment }: Pick<ServiceSpec, "environment">): [string, EnvironmentValue][] {
  return Object.entries(environment)
    .filter(([, value]) => typeof value !== "string")
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Whether it gets any secret. */
export const hasSecrets = (service: Pick<ServiceSpec, "environment">): boolean => secretVariables(service).length > 0;

/** The services of a system that have a folder of secrets. */
export const secretServices = (system: SystemSpec): ServiceSpec[] =>
  system.services.filter((service) => service.replicas > 0 && hasSecrets(service));

/** The keys of the secrets in these values, each once. */
export function secretKeys(values: EnvironmentValue[]): string[] {
  return [...new Set(values.flat().flatMap((part) => (typeof part === "string" ? [] : [part.secret])))].sort();
}

/** The variables in the container's configuration, sorted by name: no secret is in any of them. */
export function plainVariables({ environment, secrets }: ServiceSpec): Record<string, string> {
  const plain = Object.entries(environment).map(([name, value]) => {
    if (typeof value === "string") return [[name, value]];
    return secrets === "files" ? [[`${name}_FILE`, `${SECRETS}/${name}`]] : [];
  });
  return Object.fromEntries((plain.flat() as [string, string][]).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * The entrypoint, undefined for the image's own.
 * @throws Error where that would lose the image's command
 */
export function entrypointOf(service: ServiceSpec): string[] | undefined {
  if (!hasSecrets(service) || service.secrets === "files") return service.entrypoint;
  if (!service.command && !service.entrypoint)
    throw new Error(`${service.path || service.name}: it gets secrets as variables, so its command has to be declared`);
  return [EXEC, ...(service.entrypoint ?? [])];
}

/**
 * The name of a service's folder. It changes with anything in it: a container keeps the one that it was made with, and another secret makes
 * another container.
 * @param versions of each secret, by key: another value has another one
 * @param exec hash of secrets-exec.sh
 */
export function folderName(service: ServiceSpec, versions: Record<string, string>, exec: string): string {
  const content = { files: secretVariables(service), versions, exec };
  const hash = createHash("sha256").update(JSON.stringify(content)).digest("hex");
  return `${service.name}-${hash.slice(0, 12)}`;
}

/** A line of what secrets.sh reads: a folder, a file's name and its text, which has no control character (config/secrets.ts). */
export const secretLine = (folder: string, name: string, text: string): string =>
  `${[folder, name, text].join("\t")}\n`;

/** What was written by such lines: each file's text, by FOLDER/NAME. */
export function secretFiles(lines: string): Map<string, string> {
  const each = lines.split("\n").filter(Boolean);
  return new Map(
    each.map((line) => {
      const [folder, name, ...text] = line.split("\t");
      return [`${folder}/${name}`, text.join("\t")];
    }),
  );
}

/** The mount of a folder of the host. @param source absolute */
export const secretMount = <T>(source: T) => ({ type: "bind", source, target: SECRETS, readOnly: true });
