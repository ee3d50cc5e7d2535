/** What of a service can be called, and by which of this machine's ports. Pure. */
import type { Port } from "../../config/units.ts";
import { calledAt, urls } from "../../systems/outputs.ts";
import type { ServiceSpec, SystemSpec } from "../../systems/spec.ts";

/** A published port, and this machine's port that leads to it. */
export interface Way {
  port: Port;
  here: number;
}

/** What ssh can forward. */
export const openPorts = ({ ports }: ServiceSpec): Port[] => ports.filter(({ protocol }) => protocol === "tcp");

const isOpen = (service: ServiceSpec) => service.replicas > 0 && openPorts(service).length > 0;

/**
 * @param systems those that may be meant
 * @throws Error naming what can be opened, when it is not one of that
 */
export function refuseOthers(systems: SystemSpec[], service: string | undefined): asserts service is string {
  const known = systems.flatMap(({ name, services }) => services.filter(isOpen).map((one) => ({ system: name, one })));
  if (known.some(({ one }) => one.name === service)) return;
  const lines = systems.map(({ name }) => {
    const names = known.filter(({ system }) => system === name).map(({ one }) => one.name);
    return `\n  ${name}: ${names.join(", ") || "nothing"}`;
  });
  throw new Error(
    `found SERVICE=${service ?? ""}, expected one that publishes a port (services.NAME.ports):${lines.join("")}`,
  );
}

/** What ssh is told of a way: `15501:127.0.0.1:5501`. */
export const forward = ({ port, here }: Way): string => `${here}:${calledAt(port)}`;

/**
 * A line for each URL of the service, and for each port that has none.
 * @param ways undefined: its ports are this machine's own
 */
export function openings(service: ServiceSpec, ways?: Way[]): string[] {
  const at = (port: Port) => {
    const way = ways?.find((one) => one.port === port);
    return way ? `127.0.0.1:${way.here}` : calledAt(port);
  };
  const named = urls(service, at);
  const unnamed = openPorts(service).filter(
    (port) => !Object.values(service.urls).some((url) => url.includes(`{${port.container}}`)),
  );
  return [...Object.values(named), ...unnamed.map((port) => `${at(port)} (its port ${port.container})`)];
}
