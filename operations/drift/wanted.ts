/** The containers that a stack declares, as their engine is to show them. Pure. */
import { containerArguments } from "../../engines/docker/container-args.ts";
import type { ShownArguments } from "../../engines/docker/declared-facts.ts";
import { IMAGE_LABEL } from "../../engines/docker/labels.ts";
import { containerName, type EnvironmentValue, type ServiceSpec, type SystemSpec } from "../../systems/spec.ts";
import type { Applied } from "./applied.ts";

export interface Wanted {
  service: ServiceSpec;
  name: string;
  args: ShownArguments;
}

/** A value that no variable has: of a secret that was declared since the last `up`. */
const NEW_SECRET = "\0";

/**
 * What variables have to be: of those with a secret in them, what the last `up` gave them. Whether a secret was changed
 * since, only Pulumi knows.
 */
function environment(service: ServiceSpec, before: ShownArguments | undefined): ShownArguments["environment"] {
  const value = (name: string, declared: EnvironmentValue) => {
    if (typeof declared === "string") return declared;
    // Nothing there at all: it was not decrypted.
    if (!before || Object.keys(before.environment).length === 0) return undefined;
    return before.environment[name] ?? NEW_SECRET;
  };
  return Object.fromEntries(
    Object.entries(service.environment).map(([name, declared]) => [name, value(name, declared)]),
  );
}

/** @param keepAnonymousVolumes as of containerArguments() */
export function wantedContainers(
  system: SystemSpec,
  stack: string,
  keepAnonymousVolumes: boolean,
  { containers, images }: Pick<Applied, "containers" | "images">,
): Wanted[] {
  return system.services.flatMap((service) =>
    Array.from({ length: service.replicas }, (_, index) => {
      const name = containerName(system, service.name, index + 1);
      const before = containers.get(name)?.args;
      const { labels, ...args } = containerArguments(system, service, index + 1, stack, keepAnonymousVolumes);
      const imageId = images.get(service.image);
      const { runtime, ipcMode, cgroupnsMode } = before ?? {};
      const shown: ShownArguments = {
        ...args,
        ...{ runtime, ipcMode, cgroupnsMode, imageId, pidsLimit: service.pidsLimit },
        labels: { ...labels, [IMAGE_LABEL]: imageId },
        environment: environment(service, before),
      };
      return { service, name, args: shown };
    }),
  );
}

/** What is secret in a value: what stands between the words around it, where there is one secret in it. */
function within(declared: EnvironmentValue, value: string): string[] {
  const parts = typeof declared === "string" ? [declared] : [declared].flat();
  const words = (some: typeof parts) => some.filter((part) => typeof part === "string");
  if (words(parts).length === parts.length) return [];
  if (words(parts).length < parts.length - 1) return [value];
  const at = parts.findIndex((part) => typeof part !== "string");
  const [before, after] = [words(parts.slice(0, at)).join(""), words(parts.slice(at + 1)).join("")];
  return [value.slice(before.length, value.length - after.length)];
}

/** The values of secrets that these containers were given: what is never to be shown. */
export function secretValues(wanted: Wanted[]): Set<string> {
  return new Set(
    wanted.flatMap(({ service, args }) =>
      Object.entries(service.environment).flatMap(([name, declared]) => {
        const value = args.environment[name];
        return value === undefined || value === NEW_SECRET ? [] : within(declared, value);
      }),
    ),
  );
}

/** The names of the variables that have a secret in them. */
export const secretNames = ({ environment }: ServiceSpec): Set<string> =>
  new Set(Object.entries(environment).flatMap(([name, value]) => (typeof value === "string" ? [] : [name])));
