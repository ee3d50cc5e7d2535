import type { Problem } from "../../config/problems.ts";
import type { SystemSpec } from "../spec.ts";

/**
 * A queue that says so has exactly one consumer, whichever services those are: protea.embeddings, of which the
 * runbook warns, and what the stack file calls `single`.
 */
export function soleConsumers(systems: SystemSpec[]): Problem[] {
  return systems.flatMap((system) =>
    system.services.flatMap((service) => {
      if (!service.soleConsumer) return [];
      const { queue, why } = service.soleConsumer;
      const consumers = system.services.filter((other) => other.command?.includes(queue));
      const count = consumers.reduce((sum, consumer) => sum + consumer.replicas, 0);
      if (count === 1) return [];
      const others = consumers.filter((consumer) => consumer !== service && consumer.replicas > 0);
      const who = others.length > 0 ? ` (also ${others.map((other) => other.path).join(", ")})` : "";
      const message = `found ${count} consumers of ${queue}${who}, expected exactly 1: ${why}`;
      return [{ path: `${service.path}.replicas`, message }];
    }),
  );
}
