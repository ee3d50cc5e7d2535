/** The containers that a stack declares, as their engine is to show them. Pure. */
import { containerArguments } from "../../engines/docker/container-args.ts";
import type { ShownArguments } from "../../engines/docker/declared-facts.ts";
import { IMAGE_LABEL } from "../../engines/docker/labels.ts";
import { hasSecrets, plainVariables, secretMount, secretVariables } from "../../engines/docker/secrets.ts";
import {
  containerName,
  SECRETS,
  type EnvironmentValue,
  type ServiceSpec,
  type SystemSpec,
} from "../../systems/spec.ts";
import type { Applied } from "./applied.ts";

export interface Wanted {
  service: ServiceSpec;
  name: string;
  args: ShownArguments;
}

/** The mount of its secrets: the folder of the last `up`, where that is known. Whether a secret was changed since, only Pulumi knows. */
function secretMounts(service: ServiceSpec, before: ShownArguments | undefined) {
  if (!hasSecrets(service)) return [];
  const known = before?.mounts?.find(({ target }) => target === SECRETS);
  return [secretMount(known?.source)];
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
      const { labels, mounts, ...args } = containerArguments(system, service, index + 1, stack, keepAnonymousVolumes);
      const imageId = images.get(service.image);
      const { runtime, ipcMode, cgroupnsMode } = before ?? {};
      const shown: ShownArguments = {
        ...args,
        ...{ runtime, ipcMode, cgroupnsMode, imageId, pidsLimit: service.pidsLimit },
        labels: { ...labels, [IMAGE_LABEL]: imageId },
        mounts: [...mounts, ...secretMounts(service, before)],
        environment: plainVariables(service),
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

/** The values of secrets that containers were given: what is never to be shown. */
export function secretValues(wanted: Wanted[], { secrets }: Pick<Applied, "secrets">): Set<string> {
  const texts = new Map(
    [...secrets.values()].flatMap(({ project, files }) =>
      [...(files ?? [])].map(([file, text]) => [`${project}/${file}`, text] as const),
    ),
  );
  return new Set(
    wanted.flatMap(({ service, args }) => {
      const source = args.mounts?.find(({ target }) => target === SECRETS)?.source ?? "";
      const folder = source.split("/").slice(-2).join("/");
      return secretVariables(service).flatMap(([name, declared]) => {
        const text = texts.get(`${folder}/${name}`);
        return text === undefined ? [] : within(declared, text);
      });
    }),
  );
}
