import type { SystemSpec } from "../../systems/spec.ts";
import { serviceSpec } from "../../systems/service-spec.ts";

/** N services of one container each, without health checks, volumes or ports. */
export function plainSystem(project: string, image: string, n: number): SystemSpec {
  const services = Array.from({ length: n }, (_, index) =>
    serviceSpec({ name: `idle-${index + 1}`, image, command: ["sleep", "infinity"], memory: 64 * 2 ** 20 }),
  );
  return { name: "robotoff", project, separator: "-", services, volumes: [] };
}
