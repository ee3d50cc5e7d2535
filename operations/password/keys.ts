/** Which secret a person means, and a generated one's value in the stack's state. Pure. */
import { secretKeys } from "../../engines/docker/secrets.ts";
import type { ServiceSpec } from "../../systems/spec.ts";

/**
 * The one that is meant.
 * @param key as KEY= has it, with or without its namespace; undefined: the service's only one
 * @throws Error with the choice when that is not clear
 */
export function chosenKey(service: ServiceSpec, key: string | undefined): string {
  const keys = secretKeys(Object.values(service.environment));
  if (keys.length === 0) throw new Error(`${service.name} has no secret`);
  const meant = key === undefined ? keys : keys.filter((known) => known === key || known.split(":")[1] === key);
  if (meant.length === 1) return meant[0]!;
  throw new Error(
    `${service.name} has ${keys.length === 1 ? "" : "several secrets; add "}KEY=${keys.join(" or KEY=")}`,
  );
}

/** What is read of `pulumi stack export --show-secrets`. */
export interface Deployment {
  resources?: { urn: string; outputs?: { stdout?: string | { plaintext?: string } } }[];
}

/** The value that a stack generated for a key (components/secrets.ts); undefined when it did not. */
export function generatedValue({ resources = [] }: Deployment, key: string): string | undefined {
  const command = resources.find(({ urn }) => urn.endsWith(`::secrets-${key.replace(":", "-")}`));
  const stdout = command?.outputs?.stdout;
  if (typeof stdout === "string") return stdout;
  return stdout?.plaintext === undefined ? undefined : (JSON.parse(stdout.plaintext) as string);
}
