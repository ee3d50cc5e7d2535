/** What is checked on a host before anything is touched: all problems at once, then nothing or everything. */
import type { HostSettings } from "../config/host.ts";
import type { Port } from "../config/units.ts";
import { containerNames, networkName, type ServiceSpec, type SystemSpec } from "../systems/spec.ts";
import { runScript } from "./run.ts";

/**
 * A published port as /proc/net/tcp and udp show a socket in its way: the local addresses, in the machine's byte order,
 * and the port. https://docs.kernel.org/networking/proc_net_tcp.html
 */
function socket({ address, host }: Port): [string, string] {
  const bytes = address.split(".").map((part) => Number(part).toString(16).padStart(2, "0"));
  const own = bytes.length === 4 ? bytes.reverse().join("").toUpperCase() : undefined;
  const every = own === undefined || own === "00000000";
  const local = every ? "[0-9A-F]+" : `(${own}|0{8}|0{32}|0{16}FFFF0000${own})`;
  return [local, host.toString(16).toUpperCase().padStart(4, "0")];
}

/**
 * A check, whose words go to the host between blanks.
 * @throws Error when one is no word: the configuration lets none through
 */
export function check(...words: string[]): string {
  const broken = words.find((word) => !/^[!-~]+$/.test(word));
  if (broken !== undefined) throw new Error(`no word for a check of the host: ${JSON.stringify(broken)}`);
  return words.join(" ");
}

/** The folders of the host that must be there; what lies below one that a job writes to, the job may make. */
function folders(services: ServiceSpec[]): string[] {
  const onHost = (service: ServiceSpec) => service.mounts.filter((mount) => mount.source.startsWith("/"));
  const written = services
    .filter((service) => service.kind === "job")
    .flatMap((job) => onHost(job).filter((mount) => !mount.readOnly));
  return services.flatMap((service) =>
    onHost(service)
      .filter(({ source }) => !written.some((made) => source.startsWith(`${made.source}/`)))
      .map((mount) => check("folder", mount.source, mount.path ?? `${service.path}.volumes`)),
  );
}

/** The checks of a system, as hosts/scripts/checks.sh takes them. */
export function checksOf(system: SystemSpec): string[] {
  const services = system.services.filter((service) => service.replicas > 0);
  const checks = [
    ...system.volumes
      .filter((volume) => volume.external)
      .map((volume) => check("external", "volume", volume.dockerName)),
    ...services.flatMap((service) => service.externalNetworks).map((network) => check("external", "network", network)),
    ...services
      .map((service) => service.image)
      // Made by set-up; no registry has them.
      .filter((image) => image.startsWith("robotoff-protea/"))
      .map((image) => check("image", image)),
    ...containerNames(system).map((container) => check("container", container)),
    check("network", networkName(system)),
    ...system.volumes
      .filter((volume) => !volume.external)
      .map((volume) => check("volume", volume.dockerName, `${system.name}:volumes.${volume.name}`)),
    ...services
      .flatMap((service) => service.ports)
      .map((port) => check("port", port.address, String(port.host), port.protocol, ...socket(port))),
    ...folders(services),
    ...services.filter((service) => service.gpus !== undefined).map((service) => check("gpus", `${service.path}.gpus`)),
  ];
  return [...new Set(checks)];
}

/**
 * Asks the host, in one round trip.
 * @returns undefined when nothing is in the way, else every problem
 */
export function checkHost(host: HostSettings, stack: string, systems: SystemSpec[]): string | undefined {
  const { code, stderr } = runScript(host, "checks", [stack, ...new Set(systems.flatMap(checksOf))]);
  if (code === 0) return undefined;
  return stderr.trim() || `the checks of the host ended with exit code ${code}`;
}
