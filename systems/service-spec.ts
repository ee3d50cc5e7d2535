/** Making a service's description: defaults, then what the stack file changes. */
import type { Image, ServiceSettings } from "../config/fields.ts";
import type { Port } from "../config/units.ts";
import { standInTag } from "../images/builder/tag.ts";
import { healthcheck } from "./healthchecks.ts";
import type { Need, OwnNetwork, ServiceSpec, Tmpfs } from "./spec.ts";

const SECOND = 1_000;
const MIB = 2 ** 20;

/** Why a server with a data volume is one container. */
export const ONE_SERVER = "two servers must never share a data volume";

type Optional =
  | "kind" | "server" | "path" | "environment" | "secrets" | "ports" | "dataPorts" | "mounts" | "files" | "restart" | "replicas" | "single"
  | "memory" | "memoryNeeds" | "ulimits" | "capAdd" | "readOnly" | "tmpfs" | "pidsLimit" | "cpuShares" | "stopGracePeriod" | "needs" | "networks" | "externalNetworks" | "urls"; // prettier-ignore

/** Processes and threads of a container: the most that was seen of any server here, idle, is a quarter of it; a fork bomb ends there. */
const PIDS_LIMIT = 512;

/** Of who uses the servers and must reach what is outside as well. */
export const ONLINE: OwnNetwork[] = ["default", "servers"];

/** What an image's entrypoint needs that begins as root, gives its folders to the server's user and becomes that user. */
export const STEP_DOWN = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"];

/** What reading and writing files of any owner needs, and giving them back to theirs. */
export const ANY_FILE = ["CHOWN", "DAC_OVERRIDE", "FOWNER"];

/** The user nobody, by number: not every image has the name. */
export const NOBODY = "65534:65534";

/** A folder for temporary files, of 64 MiB. */
export const TMP: Tmpfs = { target: "/tmp", size: 64 * MIB };

/**
 * A service's description. Defaults: one container, 512 MiB (Docker's own default, no limit, is refused: one
 * runaway service must not take the host down), 10 s to stop (Docker's), restarted unless stopped by hand; no capability,
 * a root that cannot be written to, 512 processes.
 */
export function serviceSpec(base: Omit<ServiceSpec, Optional> & Partial<Pick<ServiceSpec, Optional>>): ServiceSpec {
  return {
    kind: "service",
    server: false,
    path: "",
    environment: {},
    secrets: "variables",
    ports: [],
    dataPorts: [],
    mounts: [],
    files: [],
    restart: base.kind === "job" ? "no" : "unless-stopped",
    replicas: 1,
    single: base.kind === "job" ? "a job runs once" : undefined,
    memory: 512 * MIB,
    memoryNeeds: [],
    ulimits: [],
    capAdd: [],
    readOnly: true,
    tmpfs: [],
    pidsLimit: PIDS_LIMIT,
    // A worker that runs wild must not starve the database that all wait for. No limit in cores: hosts have other numbers of them.
    cpuShares: base.server ? 1024 : 512,
    stopGracePeriod: 10 * SECOND,
    needs: [],
    networks: ["servers"],
    externalNetworks: [],
    urls: {},
    ...base,
  };
}

/**
 * A description with a stack file's changes. Lists replace, except mounts and variables, which merge by target and name.
 * @param path where the stack file has the changes, for problems to name
 */
export function withSettings(base: ServiceSpec, path: string, settings: ServiceSettings = {}): ServiceSpec {
  const { environment, volumes, ulimits, tmpfs, healthcheck: health, ...rest } = settings;
  const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
  const targets = new Set(volumes?.map((mount) => mount.target));
  const test = health?.test ?? base.healthcheck?.test;
  const times = Object.fromEntries(Object.entries(health ?? {}).filter(([, value]) => value !== undefined));
  return {
    ...base,
    ...given,
    path,
    environment: { ...base.environment, ...environment },
    mounts: [...base.mounts.filter((mount) => !targets.has(mount.target)), ...(volumes ?? [])],
    tmpfs: tmpfs ? Object.entries(tmpfs).map(([target, size]) => ({ target, size })) : base.tmpfs,
    ulimits: ulimits ? Object.entries(ulimits).map(([name, limit]) => ({ name, ...limit })) : base.ulimits,
    healthcheck: test && base.kind === "service" ? { ...healthcheck(test), ...base.healthcheck, ...times } : undefined,
  };
}

/** The reference a configured image stands for: itself, or the tag set-up gives what it pulled or built. */
export function imageReference(image: Image): string {
  return typeof image === "string" ? image : standInTag(image.build);
}

/** Needs these services to be healthy. */
export function healthy(...services: string[]): Need[] {
  return services.map((name) => ({ service: name, condition: "service_healthy" }));
}

/** Needs these jobs to have ended well. */
export function completed(...jobs: string[]): Need[] {
  return jobs.map((name) => ({ service: name, condition: "service_completed_successfully" }));
}

/** A container port on the host's loopback address. */
export function loopback(host: number, container: number): Port {
  return { address: "127.0.0.1", host, container, protocol: "tcp" };
}
