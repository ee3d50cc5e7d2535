import { backupDirectory, type HostSettings } from "../config/host.ts";
import type { Port } from "../config/units.ts";
import { containerNames, type ServiceSpec, type SystemSpec } from "./spec.ts";

/** Where a published port is called by one who sits on the host: `127.0.0.1:5500`. */
export function calledAt({ address, host }: Pick<Port, "address" | "host">): string {
  const one = ["0.0.0.0", "::"].includes(address) ? "127.0.0.1" : address;
  return `${one.includes(":") ? `[${one}]` : one}:${host}`;
}

/** A service's URLs by label, of the ports that it publishes. @param at where a port is called; default: on the host */
export function urls(service: ServiceSpec, at: (port: Port) => string = calledAt): Record<string, string> {
  const filled = Object.entries(service.urls).map(([label, url]) => {
    const container = Number(/\{(\d+)\}/.exec(url)?.[1]);
    const port = service.ports.find((published) => published.container === container);
    return [label, port && url.replace(`{${container}}`, at(port))] as const;
  });
  return Object.fromEntries(filled.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/** What a stack tells of a system: URLs, containers, how to see logs. */
export function systemOutputs(system: SystemSpec) {
  return {
    urls: Object.assign({}, ...system.services.map((service) => urls(service))) as Record<string, string>,
    containers: containerNames(system),
    logs: `docker compose -p ${system.project} logs -f --tail 100 [SERVICE]`,
  };
}

/** The host's folder of each system's backups; undefined where none are made. */
export function backupDirectories(systems: SystemSpec[], host: HostSettings): Record<string, string> | undefined {
  const directory = backupDirectory(host);
  if (directory === undefined) return undefined;
  return Object.fromEntries(
    systems.filter(({ name }) => name !== "monitoring").map(({ name }) => [name, `${directory}/${name}`]),
  );
}
