/** Finding a container to ask something in. */
import type { HostSettings } from "../../config/host.ts";
import { dockerOutput } from "../../hosts/docker.ts";
import { containersOf, type ServiceSpec, type SystemSpec } from "../../systems/spec.ts";

/**
 * The first running container of the services that can be asked.
 * @param able which of the system's services these are
 * @throws Error naming them when none runs, or with what docker said
 */
export function runningContainer(host: HostSettings, system: SystemSpec, able: (service: ServiceSpec) => boolean) {
  const candidates = containersOf(system).filter(({ service }) => service.kind === "service" && able(service));
  const filter = `label=com.docker.compose.project=${system.project}`;
  const running = new Set(dockerOutput(host, ["ps", "--filter", filter, "--format", "{{.Names}}"]).split("\n"));
  const found = candidates.find(({ name }) => running.has(name));
  if (!found) throw new Error(`none of these containers runs: ${candidates.map(({ name }) => name).join(", ")}`);
  return found;
}
