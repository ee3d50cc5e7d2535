/**
 * What a container is, as facts: a name in Docker's words, and its value as text. Those that a container shows and those that
 * its arguments ask for are made alike, so that they can be compared one by one. What the engine has by default is no fact:
 * then one that nobody declared is somebody's. Pure.
 */
import { formatDuration, formatSize } from "../../config/units.ts";
import type { InspectedConfig, InspectedSettings } from "./inspect.ts";

/** By name, sorted as they are to be read. A value that is undefined is any: it has to be there, and what it is nobody knows. */
export type Facts = Map<string, string | undefined>;

/** Docker's default, in bytes. */
export const SHM_SIZE = 64 * 2 ** 20;

/** The words of a command as text. */
export const wordsText = (words: string[]): string => JSON.stringify(words);

/** @param timing in milliseconds */
export function healthcheckText(
  test: string[],
  timing: { interval: number; timeout: number; startPeriod: number; startInterval: number; retries: number },
): string {
  const { interval, timeout, startPeriod, startInterval, retries } = timing;
  const times = { every: interval, timeout, "start period": startPeriod, "start interval": startInterval };
  const said = Object.entries(times).map(([name, time]) => `${name} ${formatDuration(time)}`);
  return [wordsText(test), ...said, `retries ${retries}`].join(", ");
}

/** @param bytes -1: as much as there is */
export const sizeText = (bytes: number): string =>
  bytes === -1 ? "unlimited" : bytes % 2 ** 10 === 0 ? formatSize(bytes) : `${bytes} B`;

/** What of an image's settings is as well a container's. */
export function imageFacts({
  Env,
  Cmd,
  Entrypoint,
  User,
  WorkingDir,
  StopSignal,
  Healthcheck,
  Labels,
}: InspectedConfig) {
  const facts: Facts = new Map();
  if (Entrypoint?.length) facts.set("entrypoint", wordsText(Entrypoint));
  if (Cmd?.length) facts.set("command", wordsText(Cmd));
  if (User) facts.set("user", User);
  if (WorkingDir && WorkingDir !== "/") facts.set("working dir", WorkingDir);
  if (StopSignal) facts.set("stop signal", StopSignal);
  if (Healthcheck?.Test?.length) {
    const { Test, Interval = 0, Timeout = 0, StartPeriod = 0, StartInterval = 0, Retries = 0 } = Healthcheck;
    const [interval, timeout, startPeriod, startInterval] = [Interval, Timeout, StartPeriod, StartInterval].map(
      (nanoseconds) => nanoseconds / 1e6,
    ) as [number, number, number, number];
    const timing = { interval, timeout, startPeriod, startInterval, retries: Retries };
    facts.set("health check", healthcheckText(Test, timing));
  }
  for (const one of Env ?? []) {
    const [name, ...value] = one.split("=");
    facts.set(`env ${name}`, value.join("="));
  }
  for (const [label, value] of Object.entries(Labels ?? {})) facts.set(`label ${label}`, value);
  return facts;
}

/** What has facts of its own here, and what says nothing of the container: who looked at it, where its id is written. */
const OWN = new Set([
  "Binds", "CapAdd", "CapDrop", "ConsoleSize", "ContainerIDFile", "DeviceRequests", "LogConfig", "MaskedPaths", "Memory", "MemoryReservation",
  "MemorySwap", "Mounts", "NanoCpus", "PortBindings", "ReadonlyPaths", "RestartPolicy", "SecurityOpt", "ShmSize", "Tmpfs", "Ulimits",
]); // prettier-ignore

/** Of the rest of Config, what makes another container of it. */
const CONFIG = ["Domainname", "MacAddress", "NetworkDisabled", "OpenStdin", "StdinOnce", "Tty"];

/** What a setting is when nobody sets it. -1: no limit of processes, no opinion on swapping. */
function unset(name: string, value: unknown): boolean {
  if (value === null || value === undefined || value === "" || value === 0 || value === false) return true;
  if (value === -1) return name === "PidsLimit" || name === "MemorySwappiness";
  return typeof value === "object" && Object.keys(value).length === 0;
}

/** `CpusetCpus` as `cpuset cpus`. */
const words = (name: string) =>
  name
    .replaceAll(/([a-z\d])([A-Z])/g, "$1 $2")
    .replaceAll(/([A-Z])([A-Z][a-z])/g, "$1 $2")
    .toLowerCase();

const plain = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));

/** @param asked the volumes that the container was told to have, by name: one of them may have the name of one that nobody named */
function mountText(mount: InspectedSettings["Mounts"][number], asked: ReadonlySet<string | undefined>): string {
  const { Type, Name, Source, RW, Propagation } = mount;
  const anonymous = /^[0-9a-f]{64}$/.test(Name ?? "") && !asked.has(Name);
  const what = Type === "volume" ? (anonymous ? ANONYMOUS : `volume ${Name}`) : `${Type} ${Source}`.trim();
  // Where the engine's own folder is in it or around it, the engine takes rslave by itself.
  const usual = Source === "/" || Source.startsWith("/var/lib/docker/") ? ["rprivate", "rslave"] : ["rprivate"];
  const shared = Propagation && !usual.includes(Propagation) ? `, ${Propagation}` : "";
  return `${what}${RW ? "" : ", read-only"}${shared}`;
}

/** A volume that the image asks for, and that nobody named. */
export const ANONYMOUS = "anonymous volume";

const gpusText = (requests: InspectedSettings["HostConfig"]["DeviceRequests"]) =>
  (requests ?? [])
    .map(({ Count, DeviceIDs, Capabilities }) => {
      const devices = DeviceIDs?.length ? `device=${DeviceIDs.join(",")}` : Count === -1 ? "all" : String(Count);
      return (Capabilities ?? []).flat().includes("gpu") ? devices : JSON.stringify({ devices, Capabilities });
    })
    .join("; ");

/** Docker takes it with and without its beginning. */
export const capability = (name: string): string => name.replace(/^CAP_/, "");

/** The aliases of a container in a network, and what else is said of its place there. */
export const networkText = (aliases: string[], more = ""): string =>
  `${aliases.length > 0 ? `as ${[...aliases].sort().join(", ")}` : "without an alias"}${more}`;

/** The facts of a container that is there. */
export function foundFacts({ Id, Image, Config, HostConfig, Mounts, NetworkSettings }: InspectedSettings): Facts {
  const facts: Facts = new Map([["image", Config.Image], ["image id", Image], ...imageFacts(Config)]);
  const set = (name: string, value: string | undefined) => value && facts.set(name, value);
  if (Config.Hostname !== Id.slice(0, 12)) set("hostname", Config.Hostname);
  if (Config.StopTimeout !== undefined && Config.StopTimeout !== null) set("stop timeout", `${Config.StopTimeout} s`);
  for (const name of CONFIG) if (!unset(name, Config[name])) set(words(name), plain(Config[name]));
  const { RestartPolicy, LogConfig, PortBindings, SecurityOpt, Ulimits, DeviceRequests, CapAdd, CapDrop, Tmpfs } =
    HostConfig;
  const retries = RestartPolicy.MaximumRetryCount ? `, ${RestartPolicy.MaximumRetryCount} times` : "";
  set("restart", `${RestartPolicy.Name || "no"}${retries}`);
  if (HostConfig.Memory) set("memory", sizeText(HostConfig.Memory));
  if (HostConfig.MemorySwap) set("memory swap", sizeText(HostConfig.MemorySwap));
  if (HostConfig.MemoryReservation) set("memory reservation", sizeText(HostConfig.MemoryReservation));
  if (HostConfig.NanoCpus) set("cpus", String(HostConfig.NanoCpus / 1e9));
  if (HostConfig.ShmSize !== SHM_SIZE) set("shm size", sizeText(HostConfig.ShmSize));
  set("gpus", gpusText(DeviceRequests));
  set("log driver", LogConfig.Type);
  for (const [name, value] of Object.entries(LogConfig.Config ?? {})) set(`log option ${name}`, value);
  for (const option of SecurityOpt ?? []) set(`security option ${option}`, "set");
  for (const name of CapDrop ?? []) set(`capability ${capability(name)}`, "dropped");
  for (const name of CapAdd ?? []) set(`capability ${capability(name)}`, "added");
  for (const [target, options] of Object.entries(Tmpfs ?? {})) facts.set(`tmpfs ${target}`, options);
  for (const { Name, Soft, Hard } of Ulimits ?? []) set(`ulimit ${Name}`, `${Soft}:${Hard}`);
  for (const [port, hosts] of Object.entries(PortBindings ?? {}))
    set(`port ${port}`, (hosts ?? []).map(({ HostIp, HostPort }) => `${HostIp || "0.0.0.0"}:${HostPort}`).sort().join(", ")); // prettier-ignore
  const told = (HostConfig.Mounts ?? []) as { Source?: string }[];
  const asked = new Set(told.map(({ Source }) => Source));
  for (const mount of Mounts) set(`mount ${mount.Destination}`, mountText(mount, asked));
  for (const [name, { Aliases, IPAMConfig, Links }] of Object.entries(NetworkSettings.Networks ?? {})) {
    // Older engines list its short id.
    const aliases = (Aliases ?? []).filter((alias) => alias !== Id.slice(0, 12));
    const more = [IPAMConfig, Links]
      .filter((one) => one && Object.keys(one).length > 0)
      .map((one) => `, ${plain(one)}`);
    set(`network ${name}`, networkText(aliases, more.join("")));
  }
  // Whatever else can be asked of an engine, now or later.
  for (const [name, value] of Object.entries(HostConfig))
    if (!OWN.has(name) && !unset(name, value)) set(words(name), plain(value));
  // Which paths they are is the engine's; none is somebody's doing (--security-opt systempaths=unconfined), and --privileged's.
  for (const name of ["MaskedPaths", "ReadonlyPaths"])
    if (HostConfig.Privileged !== true && unset(name, HostConfig[name])) set(words(name), "none");
  return facts;
}
