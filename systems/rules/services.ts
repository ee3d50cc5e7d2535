/** What must hold of services: health checks, how many, names, that jobs end. */
import type { Problem } from "../../config/problems.ts";
import { formatDuration } from "../../config/units.ts";
import type { ServiceSpec, SystemSpec } from "../spec.ts";
import { everyService } from "./every-service.ts";

/** Whoever is waited for can say that it is ready, and the times of a check fit together. */
export function healthchecks(systems: SystemSpec[]): Problem[] {
  return everyService(systems).flatMap(({ system, service }) => {
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

/** A job that Docker starts again has never ended, and whoever waits for that waits for ever. */
export function ending(systems: SystemSpec[]): Problem[] {
  return everyService(systems)
    .filter(({ service }) => service.kind === "job" && service.restart !== "no")
    .map(({ service }) => ({
      path: `${service.path}.restart`,
      message: `found ${service.restart}, expected no: a job ends, and make up runs it again`,
    }));
}

/** Servers and jobs of which there may be one only. */
export function single(systems: SystemSpec[]): Problem[] {
  return everyService(systems)
    .filter(({ service }) => service.single && service.replicas > 1)
    .map(({ service }) => ({
      path: `${service.path}.replicas`,
      message: `found ${service.replicas}, expected at most 1: ${service.single}`,
    }));
}

/** Names are unique, and what is named exists. */
export function names(systems: SystemSpec[]): Problem[] {
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
    const seen = new Map<string, ServiceSpec>();
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
