/** What must hold across fields, services and systems. Each rule is a pure function from descriptions to problems. */
import type { Problem } from "../config/problems.ts";
import { formatDuration, formatSize, type Port } from "../config/units.ts";
import type { Service, System } from "./description.ts";

const each = (systems: System[]) =>
  systems.flatMap((system) => system.services.map((service) => ({ system, service })));
const show = (port: Port) => `${port.address}:${port.host}`;
const isLoopback = (address: string) => address === "::1" || address.startsWith("127.");
const everywhere = (address: string) => address === "0.0.0.0" || address === "::";

/** Two containers on one host port. */
function hostPorts(systems: System[]): Problem[] {
  const taken: { port: Port; service: Service }[] = [];
  const problems: Problem[] = [];
  for (const { service } of each(systems).filter(({ service }) => service.replicas > 0)) {
    for (const port of service.ports) {
      if (service.replicas > 1)
        problems.push({
          path: `${service.path}.ports`,
          message: `host port ${show(port)} cannot serve ${service.replicas} containers; publish none, or set replicas to 1`,
        });
      const other = taken.find(
        (known) =>
          known.port.host === port.host &&
          known.port.protocol === port.protocol &&
          (known.port.address === port.address || everywhere(known.port.address) || everywhere(port.address)),
      );
      if (other)
        problems.push({
          path: `${service.path}.ports`,
          message: `host port ${show(port)} is already published by ${other.service.path}; give one of them another`,
        });
      taken.push({ port, service });
    }
  }
  return problems;
}

/** Data is reachable from this host only. */
function dataPorts(systems: System[]): Problem[] {
  return each(systems).flatMap(({ service }) =>
    service.ports
      .filter((port) => service.dataPorts.includes(port.container) && !isLoopback(port.address))
      .map((port) => ({
        path: `${service.path}.ports`,
        message: `data port ${show(port)} is on a public interface; expected 127.0.0.1:${port.host}:${port.container}`,
      })),
  );
}

/** Bytes of a PostgreSQL memory setting (https://www.postgresql.org/docs/current/config-setting.html). */
function postgresBytes(text: string): number | undefined {
  const match = /^(\d+)\s*(kB|MB|GB|TB)?$/.exec(text);
  const units = { kB: 2 ** 10, MB: 2 ** 20, GB: 2 ** 30, TB: 2 ** 40, none: 8_192 };
  return match ? Number(match[1]) * units[(match[2] ?? "none") as keyof typeof units] : undefined;
}

/** Reservations, PostgreSQL's shared memory and Java's heap stay within the container's memory. */
function memory(systems: System[]): Problem[] {
  return each(systems).flatMap(({ service }) => {
    const limit = formatSize(service.memory);
    const problems: Problem[] = [];
    if (service.memoryReservation && service.memoryReservation > service.memory)
      problems.push({
        path: `${service.path}.memoryReservation`,
        message: `${formatSize(service.memoryReservation)} is above the limit, memory: ${limit}`,
      });
    const shared = service.command?.find((word) => word.startsWith("shared_buffers="))?.split("=")[1];
    const bytes = shared === undefined ? undefined : postgresBytes(shared);
    const [namespace] = service.path.split(":");
    if (shared !== undefined && bytes === undefined)
      problems.push({
        path: `${namespace}:postgres.sharedBuffers`,
        message: `found "${shared}", expected PostgreSQL's form, such as 512MB or 8GB`,
      });
    if (bytes !== undefined && bytes > service.memory)
      problems.push({
        path: `${namespace}:postgres.sharedBuffers`,
        message: `${shared} is above the container's memory, ${service.path}.memory: ${limit}`,
      });
    const java = service.environment.ES_JAVA_OPTS;
    const heap = typeof java === "string" ? /-Xmx(\d+)m/.exec(java)?.[1] : undefined;
    if (heap && Number(heap) * 2 ** 20 > service.memory)
      problems.push({
        path: `${namespace}:elasticsearch.heap`,
        message: `${heap}m is above the container's memory, ${service.path}.memory: ${limit}`,
      });
    return problems;
  });
}

/** Whoever is waited for can say that it is ready, and the times of a check fit together. */
function healthchecks(systems: System[]): Problem[] {
  return each(systems).flatMap(({ system, service }) => {
    const check = service.healthcheck;
    const path = `${service.path}.healthcheck`;
    const waiting = system.services.filter((other) =>
      other.needs.some((need) => need.service === service.name && need.condition === "service_healthy"),
    );
    if (service.kind === "service" && !check)
      return [
        {
          path,
          message: `missing; ${waiting.map((other) => other.name).join(", ") || "status"} needs to know when it is healthy`,
        },
      ];
    if (!check) return [];
    const problems: Problem[] = [];
    if (check.startInterval > check.interval)
      problems.push({
        path: `${path}.startInterval`,
        message: `${formatDuration(check.startInterval)} is above the interval, ${formatDuration(check.interval)}`,
      });
    if (check.startPeriod < check.startInterval)
      problems.push({
        path: `${path}.startPeriod`,
        message: `${formatDuration(check.startPeriod)} is below the startInterval, ${formatDuration(check.startInterval)}`,
      });
    return problems;
  });
}

/** Servers and jobs of which there may be one only. */
function single(systems: System[]): Problem[] {
  return each(systems)
    .filter(({ service }) => service.single && service.replicas > 1)
    .map(({ service }) => ({
      path: `${service.path}.replicas`,
      message: `found ${service.replicas}, expected at most 1: ${service.single}`,
    }));
}

const COORDINATED = "protea.embeddings";

/** The runbook's warning: the queue protea.embeddings has exactly one consumer, whichever service it is. */
function coordinator(systems: System[]): Problem[] {
  return systems
    .filter((system) => system.name === "protea")
    .flatMap((system) => {
      const consumers = system.services.filter((service) => service.command?.includes(COORDINATED));
      const count = consumers.reduce((sum, service) => sum + service.replicas, 0);
      if (count === 1) return [];
      const others = consumers.filter((service) => service.name !== "worker-embeddings" && service.replicas > 0);
      const who = others.length > 0 ? ` (also ${others.map((service) => service.path).join(", ")})` : "";
      const why = "the coordinator serialises GPU access; two cause RetryLaterError storms";
      return [
        {
          path: "protea:services.worker-embeddings.replicas",
          message: `found ${count} consumers of ${COORDINATED}${who}, expected exactly 1: ${why}`,
        },
      ];
    });
}

/** Names are unique, and what is named exists. */
function names(systems: System[]): Problem[] {
  const problems: Problem[] = [];
  const projects = new Map<string, string>();
  for (const system of systems) {
    const other = projects.get(system.project);
    if (other)
      problems.push({
        path: `${system.name}:project`,
        message: `"${system.project}" is ${other}'s; give each its own`,
      });
    projects.set(system.project, system.name);
    const seen = new Map<string, Service>();
    for (const service of system.services) {
      const twin = seen.get(service.name);
      if (twin)
        problems.push({ path: service.path, message: `the service name "${service.name}" is taken by ${twin.path}` });
      seen.set(service.name, service);
    }
    for (const service of system.services) {
      for (const mount of service.mounts) {
        if (mount.source.startsWith("/") || system.volumes.some((volume) => volume.name === mount.source)) continue;
        problems.push({
          path: `${service.path}.volumes`,
          message: `no volume "${mount.source}"; declare it under ${system.name}:volumes or give a host path`,
        });
      }
    }
  }
  return problems;
}

/** Every high-priority queue that jobs are put into has a worker. */
function highPriorityQueues(systems: System[]): Problem[] {
  const robotoff = systems.find((system) => system.name === "robotoff");
  if (!robotoff) return [];
  const queues = Number(robotoff.services.find((service) => service.name === "api")?.environment.NUM_RQ_WORKERS);
  const consumed = new Set(robotoff.services.filter((s) => s.replicas > 0).flatMap((service) => service.command ?? []));
  // The older layout has one queue per priority and no numbered ones.
  if (![...consumed].some((word) => /^robotoff-high-\d+$/.test(word))) return [];
  const idle = Array.from({ length: queues }, (_, n) => `robotoff-high-${n + 1}`).filter((name) => !consumed.has(name));
  if (idle.length === 0) return [];
  const message = `${queues}, but no worker consumes ${idle.join(", ")}; add workers or lower it`;
  return [{ path: "robotoff:highPriorityQueues", message }];
}

/** Every problem of the described systems. */
export function checkSystems(systems: System[]): Problem[] {
  return [hostPorts, dataPorts, memory, healthchecks, single, coordinator, names, highPriorityQueues].flatMap((rule) =>
    rule(systems),
  );
}
