/** What is checked on a host before anything is touched: all problems at once, then nothing or everything. */
import { backupDirectory, type HostSettings } from "../config/host.ts";
import type { Preparation } from "../config/prepare.ts";
import type { Mount, Port } from "../config/units.ts";
import {
  containerNames,
  isExternal,
  networkName,
  networkNames,
  OWN_NETWORKS,
  type ServiceSpec,
  type SystemSpec,
} from "../systems/spec.ts";
import { adoption } from "./adoption.ts";
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

const NOTHING: Preparation = { folders: [], volumes: [], networks: [], sysctl: {} };

const DOCKER_SOCKET = "/var/run/docker.sock";

/** Where cAdvisor looks for the layers of containers; what is mounted there is the engine's own, and who logs in to a host may not see it. */
const isDockers = ({ target }: Mount): boolean => target === "/var/lib/docker/image";

/** The folders of the host that must be there; what lies below one that a job writes to, the job may make. */
function folders(services: ServiceSpec[], prepared: Preparation): string[] {
  // They have checks of their own; and no folder is the socket, by which the checks' docker answers.
  const own = (mount: Mount) =>
    mount.path !== "host:backups.directory" &&
    mount.source !== DOCKER_SOCKET &&
    !isDockers(mount) &&
    !prepared.folders.some(({ path }) => path === mount.source);
  const onHost = (service: ServiceSpec) => service.mounts.filter((mount) => mount.source.startsWith("/"));
  const written = services
    .filter((service) => service.kind === "job")
    .flatMap((job) => onHost(job).filter((mount) => !mount.readOnly));
  return services.flatMap((service) =>
    onHost(service)
      .filter(own)
      .filter(({ source }) => !written.some((made) => source.startsWith(`${made.source}/`)))
      .map((mount) => check("folder", mount.source, mount.path ?? `${service.path}.volumes`)),
  );
}

/**
 * Where a system's backups are, on a host that fills what is empty from them: there an external volume that is gone, with a lost disk, may be
 * made again once there is a verified one. Without any, an empty volume would be taken for the data.
 */
function filledFrom(host: HostSettings, system: SystemSpec): string | undefined {
  const backups = backupDirectory(host);
  return backups && host.backups?.restoreWhenEmpty === "latest" ? `${backups}/${system.name}` : undefined;
}

const externalVolumes = (system: SystemSpec) =>
  system.volumes.filter(({ external }) => external).map(({ dockerName }) => dockerName);

/**
 * The checks of a system, as hosts/scripts/checks.sh takes them.
 * @param filled where an external volume's contents come from when it is gone; undefined: from nowhere
 * @param made networks that this stack makes itself
 */
export function checksOf(system: SystemSpec, prepared = NOTHING, filled?: string, made: string[] = []): string[] {
  const external = (kind: "volume" | "network", name: string, otherwise = "-") =>
    check("external", kind, name, prepared[`${kind}s`].includes(name) ? "made" : otherwise);
  const services = system.services.filter((service) => service.replicas > 0);
  const checks = [
    ...externalVolumes(system).map((name) => external("volume", name, filled)),
    ...services
      .flatMap((service) => service.externalNetworks)
      .filter((network) => !made.includes(network))
      .map((network) => external("network", network)),
    ...services
      .map((service) => service.image)
      // Made by set-up; no registry has them.
      .filter((image) => image.startsWith("robotoff-protea/"))
      .map((image) => check("image", image)),
    ...containerNames(system).map((container) => check("container", container)),
    // On a new host it is made like any network that host:prepare names: there is nothing in it that could be lost.
    ...OWN_NETWORKS.map((network) =>
      isExternal(system, network)
        ? check("external", "network", networkName(system, network), "made")
        : check("network", networkName(system, network)),
    ),
    ...system.volumes
      .filter((volume) => !volume.external)
      .map((volume) => check("volume", volume.dockerName, `${system.name}:volumes.${volume.name}`)),
    ...services
      .flatMap((service) => service.ports)
      .map((port) => check("port", port.address, String(port.host), port.protocol, ...socket(port))),
    ...folders(services, prepared),
    ...services.flatMap(({ mounts, path }) =>
      mounts.filter(isDockers).map(({ source }) => check("layers", source, `${path}.volumes`)),
    ),
    ...services.filter((service) => service.gpus !== undefined).map((service) => check("gpus", `${service.path}.gpus`)),
    ...services.map((service) => check("limit", String(service.memory), `${service.path}.memory`)),
  ];
  return [...new Set(checks)];
}

/** What is made where it is missing, as hosts/scripts/prepare.sh takes it: host:prepare, and what a lost disk took. */
export function preparations(host: HostSettings, systems: SystemSpec[]): string[] {
  const { folders, volumes, networks, sysctl } = host.prepare ?? NOTHING;
  const refilled = systems.flatMap((system) => {
    const from = filledFrom(host, system);
    const names = from ? externalVolumes(system).filter((name) => !volumes.includes(name)) : [];
    return names.map((name) => check("volume", name, from!));
  });
  return [
    ...folders.map(({ path, owner }) => check("folder", path, owner ?? "-")),
    ...Object.entries(sysctl)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, least]) => check("sysctl", name, String(least))),
    ...volumes.map((volume) => check("volume", volume)),
    ...refilled,
    ...[
      ...networks,
      ...systems.filter((one) => isExternal(one, "default")).map((one) => networkName(one, "default")),
    ].map((network) => check("network", network)),
  ];
}

/** The checks of the host itself. What Docker lets its users make needs none. */
function checksOfHost(host: HostSettings, systems: SystemSpec[]): string[] {
  const backups = backupDirectory(host);
  // A job ends, and gives back what it had.
  const running = systems.flatMap(({ services }) => services.filter(({ kind }) => kind === "service"));
  return [
    ...preparations(host, systems)
      .filter((thing) => /^(folder|sysctl) /.test(thing))
      .map((thing) => `prepare ${thing}`),
    ...(backups ? [check("backups", backups)] : []),
    ...(host.backups?.schedule ? ["schedule"] : []),
    check("limits", String(running.reduce((sum, { memory, replicas }) => sum + memory * replicas, 0))),
  ];
}

/** What the checks found. */
export interface Found {
  /** Every problem; undefined: nothing is in the way. */
  problems?: string;
  /** What is in nobody's way, and worth knowing. */
  warnings: string[];
  /** The things of host:prepare that are not as declared, each with its kind: `folder /srv/x`. */
  missing: string[];
}

/** Seconds that the host's clock may differ from this machine's: backups have moments for names, and restores go to moments. */
const CLOCKS = 60;

/**
 * What is wrong with the host's clock; nothing where it showed a moment between those two of this machine's.
 * @param shown seconds since 1970
 */
export function clockProblem(shown: number, before: number, after: number): string | undefined {
  const ahead = shown > after;
  const off = Math.round(ahead ? shown - after : before - shown);
  if (off <= CLOCKS) return undefined;
  return (
    `the host's clock is ${off} s ${ahead ? "ahead of" : "behind"} this machine's; expected ${CLOCKS} s at most: ` +
    "on the one that is wrong (date -u), timedatectl set-ntp true"
  );
}

/** Asks the host, in one round trip. */
export function checkHost(host: HostSettings, stack: string, systems: SystemSpec[]): Found {
  const adopted = Object.values(adoption()).flatMap((old) => old.map(({ name }) => check("adopts", name)));
  const checks = [
    ...adopted,
    ...checksOfHost(host, systems),
    ...systems.flatMap((system) =>
      checksOf(system, host.prepare, filledFrom(host, system), systems.flatMap(networkNames)),
    ),
  ];
  const before = Date.now() / 1_000;
  const { code, stdout, stderr } = runScript(host, "checks", [stack, ...new Set(checks)], ["machine"]);
  const after = Date.now() / 1_000;
  const told = (word: string) =>
    stdout.split("\n").flatMap((line) => (line.startsWith(`${word} `) ? [line.slice(word.length + 1)] : []));
  const [shown] = told("clock");
  const clock = shown === undefined ? undefined : clockProblem(Number(shown), before, after);
  const said = code === 0 ? "" : stderr.trim() || `the checks of the host ended with exit code ${code}`;
  const problems = clock ? `${said || "checks, before any change, found:"}\n  ${clock}` : said;
  return { ...(problems ? { problems } : {}), warnings: told("warning"), missing: told("missing") };
}
