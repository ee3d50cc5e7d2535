/** Labels on what this program makes. */
import { createHash } from "node:crypto";
import type { OwnNetwork, ServiceSpec, SystemSpec } from "../../systems/spec.ts";

/** Label on everything this program makes: which stack it belongs to. */
export const STACK_LABEL = "robotoff-protea.stack";

/** Compose's labels. https://github.com/docker/compose/blob/main/pkg/api/labels.go */
export const PROJECT_LABEL = "com.docker.compose.project";

/** A container's label that names its image's content: a tag that moved replaces the container by it. */
export const IMAGE_LABEL = "com.docker.compose.image";

/** A container's label with the hash over what it is. */
export const CONFIG_LABEL = "com.docker.compose.config-hash";

/** The labels that make an object a member of its Compose project, so that `docker compose -p PROJECT …` works. */
export function projectLabels(system: Pick<SystemSpec, "project">, stack: string): Record<string, string> {
  return { [PROJECT_LABEL]: system.project, [STACK_LABEL]: stack };
}

/** The labels of one of a system's own networks. */
export function networkLabels(system: SystemSpec, stack: string, network: OwnNetwork): Record<string, string> {
  return { ...projectLabels(system, stack), "com.docker.compose.network": network };
}

/** Labels in the Docker provider's form. */
export function labelList(labels: Record<string, string>): { label: string; value: string }[] {
  return Object.entries(labels).map(([label, value]) => ({ label, value }));
}

/** The labels of a service's n-th container. */
export function containerLabels(
  system: SystemSpec,
  service: ServiceSpec,
  n: number,
  stack: string,
  hash: string,
): Record<string, string> {
  const needs = service.needs.map((need) => `${need.service}:${need.condition}:false`);
  return {
    ...projectLabels(system, stack),
    "com.docker.compose.service": service.name,
    "com.docker.compose.container-number": String(n),
    "com.docker.compose.oneoff": "False",
    // Compose starts and stops in the order of what needs what.
    "com.docker.compose.depends_on": needs.join(","),
    // Compose warns about a project without them; there is no compose file.
    "com.docker.compose.project.config_files": "",
    "com.docker.compose.project.working_dir": "",
    [CONFIG_LABEL]: hash,
  };
}

/** A value with the keys of every map in it sorted: the order of keys differs between a YAML file and what Pulumi hands over. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
}

/** A sha256 over what a container is; what is undefined does not count. */
export function configHash(fixed: object): string {
  return createHash("sha256")
    .update(JSON.stringify(sorted(fixed)))
    .digest("hex");
}
