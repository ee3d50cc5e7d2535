/** What must hold of the names that Docker knows things by, over all systems of a stack. */
import type { Problem } from "../../config/problems.ts";
import { isOnline, networkName, networkNames, type SystemSpec } from "../spec.ts";

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
  const own = new Set(systems.flatMap(networkNames));
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

/**
 * A way out is by the network whose name comes first, of those of a container that have a gateway. Only monitoring is in another system's.
 * https://docs.docker.com/engine/network/#connecting-to-multiple-networks
 */
export function waysOut(systems: SystemSpec[]): Problem[] {
  const closed = new Set(systems.map((system) => networkName(system, "servers")));
  return systems.flatMap((system) => {
    const own = networkName(system, "default");
    const online = system.services.filter(isOnline);
    const before = online.flatMap((one) => one.externalNetworks).find((name) => closed.has(name) && name < own);
    if (before === undefined) return [];
    return [
      {
        path: `${system.name}:project`,
        message: `Docker takes the way out by the network whose name comes first, and from "${before}" there is none; expected a name before it`,
      },
    ];
  });
}
