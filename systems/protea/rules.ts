import type { Problem } from "../../config/problems.ts";
import type { SystemSpec } from "../spec.ts";

const COORDINATED = "protea.embeddings";

/** The runbook's warning: the queue protea.embeddings has exactly one consumer, whichever service it is. */
export function coordinator(systems: SystemSpec[]): Problem[] {
  return systems
    .filter((system) => system.name === "protea")
    .flatMap((system) => {
      const consumers = system.services.filter((service) => service.command?.includes(COORDINATED));
      const count = consumers.reduce((sum, service) => sum + service.replicas, 0);
      if (count === 1) return [];
      const others = consumers.filter((service) => service.name !== "worker-embeddings" && service.replicas > 0);
      const who = others.length > 0 ? ` (also ${others.map((service) => service.path).join(", ")})` : "";
      const why = "the coordinator serialises GPU access; two cause RetryLaterError storms";
      return [
        {
          path: "protea:services.worker-embeddings.replicas",
          message: `found ${count} consumers of ${COORDINATED}${who}, expected exactly 1: ${why}`,
        },
      ];
    });
}
