/** What must hold of the names that Docker knows things by, over all systems of a stack. */
import type { Problem } from "../../config/problems.ts";
import { networkName, type SystemSpec } from "../spec.ts";

/** Two volumes of one name would be one, with two servers' data in it. External ones may be shared on purpose. */
export function volumeNames(systems: SystemSpec[]): Problem[] {
  const taken = new Map<string, { path: string; external: boolean }>();
  const problems: Problem[] = [];
  for (const system of systems) {
    for (const { name, dockerName, external } of system.volumes) {
      const path = `${system.name}:volumes.${name}`;
      const other = taken.get(dockerName);
      if (other && !(external && other.external))
        problems.push({ path, message: `"${dockerName}" is the volume of ${other.path}; give each its own name` });
      taken.set(dockerName, { path, external });
    }
  }
  return problems;
}

/** An external network exists before this program makes anything. */
export function ownNetworks(systems: SystemSpec[]): Problem[] {
  const own = new Set(systems.map(networkName));
  // Monitoring is made after the others, whose networks it joins.
  return systems.flatMap((system) => {
    if (system.name === "monitoring") return [];
    const joined = new Set(system.services.flatMap((service) => service.externalNetworks));
    return [...joined]
      .filter((network) => own.has(network))
      .map((network) => ({
        path: `${system.name}:externalNetworks`,
        message: `"${network}" is made by this stack; expected networks that others made`,
      }));
  });
}
