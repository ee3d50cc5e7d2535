import type { System } from "../../systems/description.ts";
import { service } from "../../systems/service.ts";

/** N services of one container each, without health checks, volumes or ports. */
export function plainSystem(project: string, image: string, n: number): System {
  const services = Array.from({ length: n }, (_, index) =>
    service({ name: `idle-${index + 1}`, image, command: ["sleep", "infinity"], memory: 64 * 2 ** 20 }),
  );
  return { name: "robotoff", project, separator: "-", services, volumes: [] };
}
