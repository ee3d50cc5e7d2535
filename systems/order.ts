import type { ServiceSpec } from "./spec.ts";

/** Services in an order in which each comes after what it needs. */
export function inOrder(services: ServiceSpec[]): ServiceSpec[] {
  const ordered: ServiceSpec[] = [];
  const visit = (service: ServiceSpec, chain: string[]) => {
    if (ordered.includes(service)) return;
    if (chain.includes(service.name))
      throw new Error(`services need each other: ${[...chain, service.name].join(" -> ")}`);
    for (const need of service.needs) {
      const needed = services.find((other) => other.name === need.service);
      if (!needed) throw new Error(`${service.path}: needs "${need.service}", which is not declared`);
      visit(needed, [...chain, service.name]);
    }
    ordered.push(service);
  };
  for (const service of services) visit(service, []);
  return ordered;
}
