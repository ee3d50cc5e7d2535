import type { ServiceSpec, SystemSpec } from "../spec.ts";

/** Every service of every system, with its system. */
export function everyService(systems: SystemSpec[]): { system: SystemSpec; service: ServiceSpec }[] {
  return systems.flatMap((system) => system.services.map((service) => ({ system, service })));
}
