/** Making a service's description: defaults, then what the stack file changes. */
import type { Image, ServiceSettings } from "../config/fields.ts";
import type { Port } from "../config/units.ts";
import { standInTag } from "../images/tag.ts";
import type { HealthCheck, Need, Service } from "./description.ts";

const SECOND = 1_000;
const MIB = 2 ** 20;

/** What a health check leaves open: checked twice a second while starting, then every 30 s (26 of them must stay cheap). */
const healthDefaults = {
  interval: 30 * SECOND,
  timeout: 10 * SECOND,
  retries: 3,
  startPeriod: 60 * SECOND,
  startInterval: SECOND / 2,
};

/**
 * How long a server may take to open its data (milliseconds): crash recovery, a large snapshot, models to load. Until
 * then it counts as starting, and an `up` waits for it. One that is ready at once waits for nothing.
 */
export const OPENING = 5 * 60 * SECOND;

/** Why a server with a data volume is one container. */
export const ONE_SERVER = "two servers must never share a data volume";

/** A health check from its test, with the defaults for what is left out. */
export function healthcheck(test: string[], times: Partial<HealthCheck> = {}): HealthCheck {
  return { test, ...healthDefaults, ...times };
}

type Optional =
  | "kind" | "path" | "environment" | "ports" | "dataPorts" | "mounts" | "files" | "restart" | "replicas" | "single"
  | "memory" | "ulimits" | "stopGracePeriod" | "needs" | "externalNetworks" | "urls"; // prettier-ignore

/**
 * A service's description. Defaults: one container, 512 MiB (Docker's own default, no limit, is refused: one
 * runaway service must not take the host down), 10 s to stop (Docker's), restarted unless stopped by hand.
 */
export function service(base: Omit<Service, Optional> & Partial<Pick<Service, Optional>>): Service {
  return {
    kind: "service",
    path: "",
    environment: {},
    ports: [],
    dataPorts: [],
    mounts: [],
    files: [],
    restart: base.kind === "job" ? "no" : "unless-stopped",
    replicas: 1,
    single: base.kind === "job" ? "a job runs once" : undefined,
    memory: 512 * MIB,
    ulimits: [],
    stopGracePeriod: 10 * SECOND,
    needs: [],
    externalNetworks: [],
    urls: {},
    ...base,
  };
}

/**
 * A description with a stack file's changes. Lists replace, except mounts and variables, which merge by target and name.
 * @param path where the stack file has the changes, for problems to name
 */
export function withSettings(base: Service, path: string, settings: ServiceSettings = {}): Service {
  const { environment, volumes, ulimits, healthcheck: health, ...rest } = settings;
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
    ulimits: ulimits ? Object.entries(ulimits).map(([name, limit]) => ({ name, ...limit })) : base.ulimits,
    healthcheck: test ? { ...healthcheck(test), ...base.healthcheck, ...times } : undefined,
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

/**
 * A health check by the kernel's table of TCP sockets, so that it costs no interpreter.
 * https://docs.kernel.org/networking/proc_net_tcp.html (columns: slot, local address, remote address, state)
 */
function tcpSocket(local: string, remote: string, state: string): HealthCheck {
  return healthcheck(["CMD", "grep", "-Eqs", `: ${local} ${remote} ${state} `, "/proc/net/tcp", "/proc/net/tcp6"]);
}

const hexPort = (port: number) => port.toString(16).toUpperCase().padStart(4, "0");

/** A health check that holds while a connection to a port (that of its queue server) is ESTABLISHED (01). */
export function connectedTo(port: number): HealthCheck {
  return tcpSocket("[0-9A-F]+:[0-9A-F]{4}", `[0-9A-F]+:${hexPort(port)}`, "01");
}

/** A health check that holds while something listens (0A) on a TCP port of the container, for images with grep alone. */
export function listeningOn(port: number): HealthCheck {
  return tcpSocket(`[0-9A-F]+:${hexPort(port)}`, "[0-9A-F]+:0000", "0A");
}

/**
 * A health check that holds while an HTTP path answers 200, for images with bash and without curl. A few
 * milliseconds of processor time, where Python would take fifty: it runs for ever, in every container.
 */
export function httpAnswers(port: number, path: string): HealthCheck {
  return healthcheck(["CMD", "bash", "-c", bashHttp(port, path)]);
}

/** The bash commands that succeed when an HTTP path answers 200 (a status line without a reason ends in a carriage return). */
export function bashHttp(port: number, path: string): string {
  const request = `printf "GET ${path} HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n" >&3`;
  return `exec 3<>/dev/tcp/127.0.0.1/${port} || exit 1; ${request}; read -r _ code _ <&3; [[ $code = 200* ]]`;
}

/** A container port on the host's loopback address. */
export function loopback(host: number, container: number): Port {
  return { address: "127.0.0.1", host, container, protocol: "tcp" };
}
