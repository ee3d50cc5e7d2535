/** What must hold of memory. */
import type { Problem } from "../../config/problems.ts";
import { formatSize } from "../../config/units.ts";
import type { SystemSpec } from "../spec.ts";
import { everyService } from "./every-service.ts";

/** Reservations, and what a server takes at once (shared memory, a heap), stay within the container's memory. */
export function memory(systems: SystemSpec[]): Problem[] {
  return everyService(systems).flatMap(({ service }) => {
    const limit = formatSize(service.memory);
    const problems = service.memoryNeeds
      .filter(({ bytes }) => bytes > service.memory)
      .map(({ what, bytes, path }) => ({
        path,
        message: `${what} of ${formatSize(bytes)} is above the container's memory, ${service.path}.memory: ${limit}`,
      }));
    if (service.memoryReservation && service.memoryReservation > service.memory)
      problems.push({
        path: `${service.path}.memoryReservation`,
        message: `${formatSize(service.memoryReservation)} is above the limit, memory: ${limit}`,
      });
    return problems;
  });
}
