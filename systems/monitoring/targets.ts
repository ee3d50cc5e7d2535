/** What is asked for measurements: of the other systems' services, those that are declared. Pure. */
import { networkName, type ServiceSpec, type SystemSpec } from "../spec.ts";

/** Something that answers Prometheus. */
export interface Target {
  /** Prometheus' job. */
  job: string;
  /** HOST:PORT. */
  address: string;
  /** Whose measurements these are. */
  system: SystemSpec["name"];
  service: string;
  /** Default: /metrics. */
  path?: string;
  params?: Record<string, string[]>;
}

/** A service of another system that runs. */
export function watched(systems: SystemSpec[], name: SystemSpec["name"], service: string): ServiceSpec | undefined {
  const found = systems.find((system) => system.name === name)?.services.find((one) => one.name === service);
  return found && found.replicas > 0 ? found : undefined;
}

/** What serves measurements itself, by Prometheus' job; the path and port are the server's own. */
const OWN: (Pick<Target, "job" | "path" | "params"> & { system: SystemSpec["name"]; service: string; port: number })[] =
  [
    { job: "rabbitmq", system: "protea", service: "rabbitmq", port: 15692 },
    {
      // One queue a line: https://www.rabbitmq.com/docs/prometheus#detailed-endpoint
      ...{ job: "rabbitmq-queues", system: "protea", service: "rabbitmq", port: 15692, path: "/metrics/detailed" },
      params: { family: ["queue_coarse_metrics", "queue_consumer_count"] },
    },
    { job: "minio", system: "protea", service: "minio", port: 9000, path: "/minio/v2/metrics/cluster" },
    { job: "triton", system: "robotoff", service: "triton", port: 8002 },
    { job: "statsd", system: "robotoff", service: "statsd", port: 9102 },
  ];

/** Servers that answer Prometheus themselves. */
export function ownTargets(systems: SystemSpec[]): Target[] {
  return OWN.flatMap(({ port, ...own }) => {
    if (!watched(systems, own.system, own.service)) return [];
    // No two systems have a service of such a name; with the network's, which may have an underscore, MinIO refuses it.
    return [{ ...own, address: `${own.service}:${port}` }];
  });
}

/** A page that has to answer 200. */
export interface Probe {
  url: string;
  system: string;
  service: string;
}

/** What says of itself that it can do its work, asked as a client does. */
const PAGES = [
  { system: "robotoff", service: "api", port: 5500, path: "/api/v1/status" },
  { system: "protea", service: "api", port: 8000, path: "/health/ready" },
  { system: "protea", service: "frontend", port: 3000, path: "/" },
] as const;

/** The pages of the systems, and public ones. @param certificates https:// URLs of the stack file */
export function probes(systems: SystemSpec[], certificates: string[]): Probe[] {
  const pages = PAGES.flatMap(({ system: name, service, port, path }) => {
    const system = systems.find((one) => one.name === name);
    if (!system || !watched(systems, name, service)) return [];
    return [{ url: `http://${service}.${networkName(system, "servers")}:${port}${path}`, system: name, service }];
  });
  return [...pages, ...certificates.map((url) => ({ url, system: "public", service: new URL(url).host }))];
}

/** rq's queues that workers consume, by the workers' commands. */
export function rqQueues({ services }: SystemSpec): string[] {
  const words = services.flatMap(({ command = [], replicas }) => {
    const at = command.indexOf("run-worker");
    return at < 0 || replicas === 0 ? [] : command.slice(at + 1);
  });
  return [...new Set(words)].sort();
}
