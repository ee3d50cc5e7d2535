/** What must hold of published ports. */
import type { Problem } from "../../config/problems.ts";
import type { Port } from "../../config/units.ts";
import type { ServiceSpec, SystemSpec } from "../spec.ts";
import { everyService } from "./every-service.ts";

const show = (port: Port) => `${port.address}:${port.host}`;
const isLoopback = (address: string) => address === "::1" || address.startsWith("127.");
const everywhere = (address: string) => address === "0.0.0.0" || address === "::";

/** Two containers on one host port. */
export function hostPorts(systems: SystemSpec[]): Problem[] {
  const taken: { port: Port; service: ServiceSpec }[] = [];
  const problems: Problem[] = [];
  for (const { service } of everyService(systems).filter(({ service }) => service.replicas > 0)) {
    for (const port of service.ports) {
      if (service.replicas > 1)
        problems.push({
          path: `${service.path}.ports`,
          message: `host port ${show(port)} cannot serve ${service.replicas} containers; publish none, or set replicas to 1`,
        });
      const other = taken.find(
        (known) =>
          known.port.host === port.host &&
          known.port.protocol === port.protocol &&
          (known.port.address === port.address || everywhere(known.port.address) || everywhere(port.address)),
      );
      if (other)
        problems.push({
          path: `${service.path}.ports`,
          message: `host port ${show(port)} is already published by ${other.service.path}; give one of them another`,
        });
      taken.push({ port, service });
    }
  }
  return problems;
}

/**
 * One container port on two addresses: the engine lists them in another order than they were declared in (26.1 the last first), which the
 * Docker provider takes for a change, and it would replace the container at every `up`.
 */
export function publishedOnce(systems: SystemSpec[]): Problem[] {
  return everyService(systems).flatMap(({ service }) =>
    service.ports
      .filter(({ container, protocol }, index, all) =>
        all.slice(0, index).some((port) => port.container === container && port.protocol === protocol),
      )
      .map((port) => ({
        path: `${service.path}.ports`,
        message: `container port ${port.container} is published a second time, at ${show(port)}; keep one: with two, every up would replace the container`,
      })),
  );
}

/** Data is reachable from this host only. */
export function dataPorts(systems: SystemSpec[]): Problem[] {
  return everyService(systems).flatMap(({ service }) =>
    service.ports
      .filter((port) => service.dataPorts.includes(port.container) && !isLoopback(port.address))
      .map((port) => ({
        path: `${service.path}.ports`,
        message: `data port ${show(port)} is on a public interface; expected 127.0.0.1:${port.host}:${port.container}`,
      })),
  );
}
