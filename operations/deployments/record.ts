/** What a deployment was, as its host keeps it. Pure. */
import { parse } from "yaml";
import type { Inspected } from "../../engines/docker/inspect.ts";
import { CONFIG_LABEL } from "../../engines/docker/labels.ts";
import { fullName } from "../../systems/registry.ts";
import { parts } from "../images/pinned.ts";
import { withoutSecrets } from "./text.ts";

export interface DeployedContainer {
  id: string;
  /** The reference it was made of, also through a mirror. */
  image: string;
  /** That image's content, sha256:…: Docker's name for it on this host. */
  imageId: string;
  /** What a registry calls it, sha256:…; none: it came from no registry. */
  digest?: string;
  /** A hash over what it is, as its label has it (engines/docker/labels.ts). */
  config: string;
}

/** What runs after an `up`. */
export interface Deployed {
  /** The stack file's text, without its secrets. */
  file: string;
  /** Of all systems, by name. */
  containers: Record<string, DeployedContainer>;
}

export interface Deployment extends Deployed {
  /** When it was done, in UTC: 20261126T013932Z. */
  stamp: string;
  /** user@machine */
  by: string;
  /** The program's commit; none where it is no git repository. */
  commit?: string;
  /** The program had changes that are in no commit. */
  changed: boolean;
}

/** What runs now. @param before containers of systems that were not looked at */
export function deployed(text: string, inspected: Inspected[], before: Deployed["containers"] = {}): Deployed {
  const containers = inspected.map(({ Id, Name, Image, Config: { Image: image, Labels } }) => {
    const known = { id: Id, image, imageId: Image, config: Labels?.[CONFIG_LABEL] ?? "" };
    return [Name.replace(/^\//, ""), known] as const;
  });
  return { file: withoutSecrets(text), containers: { ...before, ...Object.fromEntries(containers) } };
}

/** With the digest of each container's image, as its registry has it. @param repoDigests of each image id, as Docker lists them */
export function withDigests(now: Deployed, repoDigests: ReadonlyMap<string, string[]>): Deployed {
  const digestOf = ({ image, imageId }: DeployedContainer) => {
    const own = parts(image);
    const repository = (name: string) => Object.values(fullName(name.replace(/:[^/:]*$/, ""))).join("/");
    const all = (repoDigests.get(imageId) ?? []).map(parts);
    return own.digest ?? all.find(({ named }) => repository(named) === repository(own.named))?.digest;
  };
  const containers = Object.entries(now.containers).map(([name, one]) => [name, { ...one, digest: digestOf(one) }]);
  return { ...now, containers: Object.fromEntries(containers) as Deployed["containers"] };
}

/** As text, to be compared: the settings, whatever their order and comments, and of each container so much. */
function contents(
  { file, containers }: Deployed,
  counts: (setting: string) => boolean,
  what: (container: DeployedContainer) => unknown,
): string {
  const bySortedKeys = (_: string, value: unknown) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value;
  const { config } = parse(file) as { config: Record<string, unknown> };
  const settings = Object.entries(config).filter(([setting]) => counts(setting));
  const each = Object.entries(containers).map(([name, container]) => [name, what(container)]);
  return JSON.stringify([Object.fromEntries(settings), Object.fromEntries(each)], bySortedKeys);
}

/** Whether nothing was deployed between the two: the very same containers. */
export function same(one: Deployed, other: Deployed): boolean {
  const whole = (deployed: Deployed) =>
    contents(
      deployed,
      () => true,
      ({ id }) => id,
    );
  return whole(one) === whole(other);
}

/** Whether going from one to the other would change anything: containers of the same images, made alike. The host's settings stay. */
export function alike(one: Deployed, other: Deployed): boolean {
  const whole = (deployed: Deployed) =>
    contents(
      deployed,
      (setting) => !setting.startsWith("host:"),
      ({ imageId, config }) => [imageId, config],
    );
  return whole(one) === whole(other);
}
