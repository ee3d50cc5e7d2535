/** The facts that a container's arguments ask for. Pure. */
import { parseDuration } from "../../config/units.ts";
import type { ContainerArguments } from "./container-args.ts";
import {
  ANONYMOUS,
  capability,
  healthcheckText,
  imageFacts,
  networkText,
  SHM_SIZE,
  sizeText,
  wordsText,
  type Facts,
} from "./facts.ts";
import type { InspectedConfig } from "./inspect.ts";

/**
 * The arguments of docker.Container that a container shows: those declared now, or those that the last `up` gave.
 * The last three are an engine's own choice, known once a container was made; undefined: any.
 */
export type ShownArguments = Omit<Partial<ContainerArguments>, "image" | "labels" | "mounts"> & {
  image: string;
  /** Where one is mounted from; undefined: from anywhere. */
  mounts?: (Omit<ContainerArguments["mounts"][number], "source"> & { source: string | undefined })[];
  /** The content of that image, sha256:… */
  imageId: string | undefined;
  /** As the variables, by name; undefined: any value. */
  labels: Record<string, string | undefined>;
  environment: Record<string, string | undefined>;
  /** Set beside the provider, by `docker update`; undefined: not known. */
  pidsLimit?: number;
  runtime?: string;
  ipcMode?: string;
  cgroupnsMode?: string;
};

const MIB = 2 ** 20;

/** The fact's name. */
export const PIDS_LIMIT = "pids limit";

/** What an image may say of a container when nobody else does; without knowing the image, these are not known either. */
const IMAGE_MAY_SAY = /^(entrypoint|command|user|working dir|stop signal|health check|env .*|label .*|mount .*)$/;

/** An engine's own choice, which it may be told to make otherwise; where it is not known, it is right. */
const ENGINES_OWN = new Set(["runtime", "ipc mode", "cgroupns mode"]);

export interface Difference {
  fact: string;
  /** Undefined: nothing was to be there. */
  declared?: string;
  /** Undefined: it is not there. */
  found?: string;
}

/** The facts as they should be and are not. @param imageKnown whether the declared ones have what their image says */
export function differences(declared: Facts, found: Facts, imageKnown = true): Difference[] {
  return [...new Set([...declared.keys(), ...found.keys()])].flatMap((fact) => {
    const [wanted, is] = [declared.get(fact), found.get(fact)];
    if (declared.has(fact)) {
      const right = wanted === undefined ? found.has(fact) : wanted === is;
      return right ? [] : [{ fact, declared: wanted, found: is }];
    }
    const unknown = ENGINES_OWN.has(fact) || (!imageKnown && IMAGE_MAY_SAY.test(fact));
    return unknown ? [] : [{ fact, found: is }];
  });
}

function byPort(ports: NonNullable<ShownArguments["ports"]>): Map<string, string[]> {
  const hosts = new Map<string, string[]>();
  for (const { internal, protocol, ip, external } of ports) {
    const port = `${internal}/${protocol}`;
    hosts.set(port, [...(hosts.get(port) ?? []), `${ip}:${external}`]);
  }
  return hosts;
}

/** @param image what its image says; undefined: that is not known */
export function declaredFacts(args: ShownArguments, image?: InspectedConfig): Facts {
  const facts: Facts = new Map([["image", args.image], ["image id", args.imageId], ...imageFacts(image ?? {})]);
  const set = (name: string, value: string | undefined) => value !== undefined && facts.set(name, value);
  if (args.entrypoints?.length) {
    set("entrypoint", wordsText(args.entrypoints));
    // An image's command belongs to its own entrypoint.
    facts.delete("command");
  }
  if (args.command?.length) set("command", wordsText(args.command));
  if (args.user) set("user", args.user);
  if (args.hostname) set("hostname", args.hostname);
  if (args.stopSignal) set("stop signal", args.stopSignal);
  if (args.stopTimeout !== undefined) set("stop timeout", `${args.stopTimeout} s`);
  if (args.healthcheck) {
    const { tests, retries, ...times } = args.healthcheck;
    const [interval, timeout, startPeriod, startInterval] = (
      ["interval", "timeout", "startPeriod", "startInterval"] as const
    ).map((name) => parseDuration(times[name])!) as [number, number, number, number];
    set("health check", healthcheckText(tests, { interval, timeout, startPeriod, startInterval, retries }));
  }
  for (const [name, value] of Object.entries(args.environment)) facts.set(`env ${name}`, value);
  for (const [label, value] of Object.entries(args.labels)) facts.set(`label ${label}`, value);
  set("restart", args.restart ?? "no");
  for (const [name, mebibytes] of [
    ["memory", args.memory],
    ["memory swap", args.memorySwap],
    ["memory reservation", args.memoryReservation],
  ] as const)
    if (mebibytes) set(name, sizeText(mebibytes * MIB));
  if (args.cpuShares) set("cpu shares", String(args.cpuShares));
  if (args.cpus) set("cpus", String(Number(args.cpus)));
  if (args.shmSize && args.shmSize * MIB !== SHM_SIZE) set("shm size", sizeText(args.shmSize * MIB));
  if (args.gpus) set("gpus", args.gpus);
  set("log driver", args.logDriver);
  for (const [name, value] of Object.entries(args.logOpts ?? {})) set(`log option ${name}`, value);
  for (const option of args.securityOpts ?? []) set(`security option ${option}`, "set");
  for (const name of args.capabilities?.drops ?? []) set(`capability ${capability(name)}`, "dropped");
  for (const name of args.capabilities?.adds ?? []) set(`capability ${capability(name)}`, "added");
  for (const [target, options] of Object.entries(args.tmpfs ?? {})) set(`tmpfs ${target}`, options);
  if (args.readOnly) set("readonly rootfs", "true");
  if (args.pidsLimit !== undefined) set(PIDS_LIMIT, String(args.pidsLimit));
  for (const { name, soft, hard } of args.ulimits ?? []) set(`ulimit ${name}`, `${soft}:${hard}`);
  for (const [port, hosts] of byPort(args.ports ?? [])) set(`port ${port}`, hosts.sort().join(", "));
  for (const target of Object.keys(image?.Volumes ?? {})) set(`mount ${target}`, ANONYMOUS);
  for (const { type, source, target, readOnly } of args.mounts ?? [])
    facts.set(`mount ${target}`, source && `${type} ${source}${readOnly ? ", read-only" : ""}`);
  for (const { name, aliases = [] } of args.networksAdvanced ?? []) set(`network ${name}`, networkText(aliases));
  if (args.dns) set("dns", JSON.stringify(args.dns));
  // What the Docker provider asks for when nothing is said.
  set("network mode", "bridge");
  set("runtime", args.runtime);
  set("ipc mode", args.ipcMode);
  set("cgroupns mode", args.cgroupnsMode);
  return facts;
}
