import type { Problem } from "../../config/problems.ts";
import type { SystemSpec } from "../spec.ts";

/** Every high-priority queue that jobs are put into has a worker. */
export function highPriorityQueues(systems: SystemSpec[]): Problem[] {
  const robotoff = systems.find((system) => system.name === "robotoff");
  if (!robotoff) return [];
  const queues = Number(robotoff.services.find((service) => service.name === "api")?.environment.NUM_RQ_WORKERS);
  const consumed = new Set(robotoff.services.filter((s) => s.replicas > 0).flatMap((service) => service.command ?? []));
  // The older layout has one queue per priority and no numbered ones.
  if (![...consumed].some((word) => /^robotoff-high-\d+$/.test(word))) return [];
  const idle = Array.from({ length: queues }, (_, n) => `robotoff-high-${n + 1}`).filter((name) => !consumed.has(name));
  if (idle.length === 0) return [];
  const message = `${queues}, but no worker consumes ${idle.join(", ")}; add workers or lower it`;
  return [{ path: "robotoff:highPriorityQueues", message }];
}
