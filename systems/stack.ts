import { ConfigurationError } from "../config/problems.ts";
import { readSettings, type RawConfiguration } from "../config/read.ts";
import { backupDirectory, type HostSettings } from "../config/host.ts";
import type { Secret } from "../config/secrets.ts";
import type { SystemSpec } from "./spec.ts";
import { pulledThrough } from "./registry.ts";
import { describeMonitoring } from "./monitoring/system.ts";
import { describeProtea } from "./protea/system.ts";
import { describeRobotoff } from "./robotoff/system.ts";
import { checkSystems } from "./rules/all.ts";

/** Everything a stack declares, checked. */
export interface Stack {
  name: string;
  host: HostSettings;
  secrets: Secret[];
  systems: SystemSpec[];
}

/** What a problem's path is about: a service, a worker pool, or a key of a namespace. */
function subject(path: string): string {
  return /^\w+:(services\.[^.]+|workers\[\d+\]|[^.[]+)/.exec(path)?.[0] ?? path;
}

/**
 * Reads and checks a stack's configuration and describes its systems.
 * @throws ConfigurationError with every problem, of fields and across them
 */
export function describeStack(raw: RawConfiguration): Stack {
  const { settings, secrets, problems } = readSettings(raw);
  const has = (key: string) => secrets.some((secret) => secret.key === key);
  const backups = backupDirectory(settings.host);
  const copy = settings.host.backups?.copy;
  const { robotoff, protea, monitoring } = settings;
  const watched = [
    ...(robotoff ? [describeRobotoff(robotoff, has, backups, copy)] : []),
    ...(protea ? [describeProtea(protea, has, backups, copy, monitoring !== undefined)] : []),
  ].map((system) => pulledThrough(system, settings.host.registry));
  const systems = [
    ...watched,
    ...(monitoring
      ? [describeMonitoring(monitoring, { stack: raw.stack, host: settings.host, systems: watched, robotoff, protea })]
      : []),
  ];
  // Where a field is wrong its default stands in; what a rule says of that service would mislead.
  const doubtful = new Set(problems.map((problem) => subject(problem.path)));
  const across = checkSystems(systems).filter((problem) => !doubtful.has(subject(problem.path)));
  if (problems.length + across.length > 0)
    throw new ConfigurationError(`Pulumi.${raw.stack}.yaml`, [...problems, ...across]);
  return { name: raw.stack, host: settings.host, secrets, systems };
}
