import { backupDirectory, type HostSettings } from "../config/host.ts";
import { containerNames, type ServiceSpec, type SystemSpec } from "./spec.ts";

/** Where a service's URLs are on the host. */
function urls(service: ServiceSpec): Record<string, string> {
  const filled = Object.entries(service.urls).map(([label, url]) => {
    const container = Number(/\{(\d+)\}/.exec(url)?.[1]);
    const port = service.ports.find((published) => published.container === container);
    const address = port && (port.address === "0.0.0.0" ? "127.0.0.1" : port.address);
    return [label, port && url.replace(`{${container}}`, `${address}:${port.host}`)] as const;
  });
  return Object.fromEntries(filled.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/** What a stack tells of a system: URLs, containers, how to see logs. */
export function systemOutputs(system: SystemSpec) {
  return {
    urls: Object.assign({}, ...system.services.map(urls)) as Record<string, string>,
    containers: containerNames(system),
    logs: `docker compose -p ${system.project} logs -f --tail 100 [SERVICE]`,
  };
}

/** The host's folder of each system's backups; undefined where none are made. */
export function backupDirectories(systems: SystemSpec[], host: HostSettings): Record<string, string> | undefined {
  const directory = backupDirectory(host);
  if (directory === undefined) return undefined;
  return Object.fromEntries(systems.map(({ name }) => [name, `${directory}/${name}`]));
}
