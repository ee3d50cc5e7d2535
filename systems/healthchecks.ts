/** Health checks: the defaults, and tests that cost little, since each runs for ever in every container. */
import type { HealthCheck } from "./spec.ts";

const SECOND = 1_000;

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

/** A health check from its test, with the defaults for what is left out. */
export function healthcheck(test: string[], times: Partial<HealthCheck> = {}): HealthCheck {
  return { test, ...healthDefaults, ...times };
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
