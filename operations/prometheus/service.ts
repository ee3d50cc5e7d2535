/** The Prometheus of a stack that is watched. */
import { containerName, type ServiceSpec } from "../../systems/spec.ts";
import type { Stack } from "../../systems/stack.ts";

/** @throws Error that says how a stack would be watched */
export function prometheusOf({ name, systems }: Stack): { service: ServiceSpec; container: string } {
  const monitoring = systems.find((system) => system.name === "monitoring");
  if (!monitoring)
    throw new Error(`Pulumi.${name}.yaml has nothing watched: say monitoring:enabled: true, then make up`);
  const service = monitoring.services.find((one) => one.name === "prometheus")!;
  return { service, container: containerName(monitoring, service.name, 1) };
}
