/** The way back to a deployment: the stack file's text, what of its images is not there, and what it changes. Pure. */
import { parse } from "yaml";
import { MIGRATION } from "../../backups/parts.ts";
import type { Image } from "../../config/fields.ts";
import { readSettings } from "../../config/read.ts";
import { containerArguments } from "../../engines/docker/container-args.ts";
import { imageSettings, type ImageSetting } from "../../systems/image-settings.ts";
import { isOwn, throughRegistry } from "../../systems/registry.ts";
import { containersOf, type SystemSpec } from "../../systems/spec.ts";
import { describeStack, type Stack } from "../../systems/stack.ts";
import { parts, withImage } from "../images/pinned.ts";
import { rawConfiguration } from "../stack.ts";
import type { Deployed, DeployedContainer, Deployment } from "./record.ts";
import { withSecretsOf } from "./text.ts";

/** A deployed image by its content, whatever its tag is now; none: no registry has it. */
function byDigest({ image, digest }: DeployedContainer): string | undefined {
  return digest && `${parts(image).named}@${digest}`;
}

/** What to ask the host for: every name by which a deployment's images may be there. */
export const namesOf = ({ containers }: Deployed): string[] =>
  Object.values(containers)
    .flatMap((one) => [one.image, byDigest(one)])
    .filter((name) => name !== undefined);

/** A container's image as it can be had again. */
interface Had {
  reference: string;
  how: "here" | "pull" | "gone";
}

/** @param there the contents that names have on the host */
function had(container: DeployedContainer, there: ReadonlyMap<string, string | undefined>): Had {
  const pinned = byDigest(container);
  const here = [container.image, pinned].find((name) => name && there.get(name) === container.imageId);
  if (here) return { reference: here, how: "here" };
  return pinned ? { reference: pinned, how: "pull" } : { reference: container.image, how: "gone" };
}

/** The images of a deployment that are not on the host: to be pulled, by their digests, or in no registry. */
export function missingOf({ containers }: Deployed, there: ReadonlyMap<string, string | undefined>) {
  const all = Object.values(containers).map((one) => had(one, there));
  const names = (how: Had["how"]) => [
    ...new Set(all.filter((one) => one.how === how).map(({ reference }) => reference)),
  ];
  return { pull: names("pull"), gone: names("gone") };
}

/** A stack's settings and description, from a text. @throws ConfigurationError with what this program refuses. */
function read(stack: string, text: string): { stack: Stack; images: ImageSetting[] } {
  const raw = rawConfiguration(stack, text);
  const described = describeStack(raw);
  return { stack: described, images: imageSettings(readSettings(raw).settings, described.systems) };
}

/** As read(), of what was deployed once. */
function fitting(stack: string, text: string, { stamp, commit }: Deployment) {
  try {
    return read(stack, text);
  } catch (error) {
    const way = commit ? `; git checkout ${commit.slice(0, 12)} has the program of then` : "";
    throw new Error(
      `the settings of ${stamp} do not fit the program of this checkout${way}. ${(error as Error).message}`,
    );
  }
}

/** A reference as the stack file is to have it: by the name that it has there, and without the mirror, which comes by itself. */
function spelled(reference: string, image: Image, registry: string | undefined): string {
  const { named, digest } = parts(reference);
  const known = typeof image === "string" ? parts(image).named : undefined;
  const same = known !== undefined && throughRegistry(known, registry) === named;
  const bare = registry && named.startsWith(`${registry}/`) ? named.slice(registry.length + 1) : named;
  return `${same ? known : bare}${digest ? `@${digest}` : ""}`;
}

/**
 * The stack file's text with which an `up` goes back: that of the deployment, with the salt and the secrets of now. Its images
 * stand as they stood, unless that name means another content now; then they are named by their digest.
 * @param there the contents that names have on the host
 * @throws Error with what of its settings this program refuses
 */
export function textBack(
  stack: string,
  target: Deployment,
  now: string,
  there: ReadonlyMap<string, string | undefined>,
): string {
  const text = withSecretsOf(target.file, now);
  const { stack: then, images } = fitting(stack, text, target);
  return images.reduce((changed, { path, image, reference, systems }) => {
    const using = then.systems
      .filter(({ name }) => systems.includes(name))
      .flatMap(containersOf)
      .find(({ service, name }) => service.image === reference && target.containers[name]);
    if (!using) return changed;
    const deployed = target.containers[using.name]!;
    const again = had(deployed, there).reference;
    if (again === reference) return changed;
    return withImage(changed, path, spelled(again, image, then.host.registry));
  }, text);
}

/** Every setting by its path, but for secrets. */
function leaves(value: unknown, path = ""): Map<string, string> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return new Map([[path, JSON.stringify(value)]]);
  if ("secure" in value) return new Map();
  return new Map(Object.entries(value).flatMap(([key, inner]) => [...leaves(inner, path ? `${path}.${key}` : key)]));
}

/** A line for each setting that differs between two texts. */
export function differences(now: string, then: string): string[] {
  const [before, after] = [now, then].map((text) => leaves((parse(text) as { config: unknown }).config)) as [
    Map<string, string>,
    Map<string, string>,
  ];
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((path) => before.get(path) !== after.get(path))
    .map((path) => `${path}: ${before.get(path) ?? "default"} -> ${after.get(path) ?? "default"}`);
}

/** What a text declares. */
export const declaredBy = (stack: string, text: string): Stack => read(stack, text).stack;

/** The volumes that one declares and the other does not: an `up` of the other would remove them, with their data. */
export function volumesLost(now: SystemSpec[], then: SystemSpec[]): string[] {
  const own = (systems: SystemSpec[]) =>
    systems.flatMap(({ volumes }) => volumes.filter(({ external }) => !external).map(({ dockerName }) => dockerName));
  const kept = new Set(then.flatMap(({ volumes }) => volumes.map(({ dockerName }) => dockerName)));
  return own(now).filter((volume) => !kept.has(volume));
}

/** What an `up` of a stack does to the containers there are. */
export function effects(then: Stack, target: Deployed, running: Deployed["containers"]) {
  const declared = then.systems.flatMap((system) =>
    system.services.flatMap((service) =>
      Array.from({ length: service.replicas }, (_, index) => {
        const { name, labels } = containerArguments(system, service, index + 1, then.name, then.host.protectVolumes);
        return { name, config: labels["com.docker.compose.config-hash"]!, imageId: target.containers[name]?.imageId };
      }),
    ),
  );
  const other = ({ name, config, imageId }: (typeof declared)[number]) =>
    running[name] !== undefined &&
    (running[name].config !== config || (imageId !== undefined && running[name].imageId !== imageId));
  const names = new Set(declared.map(({ name }) => name));
  return {
    anew: declared.filter(other).map(({ name }) => name),
    come: declared.filter(({ name }) => !running[name]).map(({ name }) => name),
    go: Object.keys(running).filter((name) => !names.has(name)),
  };
}

/**
 * The systems whose migration ran after a deployment: the container of that job was another one.
 * @param after what was deployed since, the oldest first, and what runs now
 */
export function migratedSince(systems: SystemSpec[], target: Deployed, after: Deployed[]): SystemSpec["name"][] {
  const job = (system: SystemSpec, { containers }: Deployed) =>
    containersOf(system)
      .filter(({ service }) => service.name === MIGRATION)
      .flatMap(({ name }) => (containers[name] ? [`${containers[name].imageId} ${containers[name].config}`] : []))[0];
  return systems
    .filter((system) => {
      const jobs = [target, ...after].map((each) => job(system, each)).filter((one) => one !== undefined);
      return jobs.some((one) => one !== jobs[0]);
    })
    .map(({ name }) => name);
}

/** Of what a person asked for: the deployment to go back to. @throws Error with what there is */
export function chosen(
  deployments: Deployment[],
  to: string | undefined,
  other: (one: Deployment) => boolean,
): Deployment {
  const found = to ? deployments.find(({ stamp }) => stamp === to) : deployments.find(other);
  if (found) return found;
  const known = deployments.map(({ stamp }) => stamp).join(", ") || "none";
  throw new Error(
    to
      ? `found TO=${to}, expected one of the last deployments: ${known}`
      : `there is no earlier deployment to go back to (known: ${known}); make deployments`,
  );
}

/** Of images that are in no registry: made here by set-up, or loaded by hand. */
export const wayOut = (reference: string, commit: string | undefined): string =>
  isOwn(reference)
    ? `${reference}: made by set-up of ${commit ? `commit ${commit.slice(0, 12)}: git worktree add ../then ${commit.slice(0, 12)}, there toolchain/setup` : "that checkout"}`
    : `${reference}: no registry's digest of it is known; docker load it`;
