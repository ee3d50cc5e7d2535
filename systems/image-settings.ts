/** Where a stack file names its images. Pure. */
import type { Image } from "../config/fields.ts";
import type { Settings } from "../config/read.ts";
import type { SystemSpec } from "./spec.ts";
import { throughRegistry } from "./registry.ts";
import { imageReference } from "./service-spec.ts";

/** An image that a stack file names, or whose default it leaves. */
export interface ImageSetting {
  /** Below `config:`; the last word is the image's name. */
  path: [string, ...string[]];
  image: Image;
  /** What its containers are made of, also through a mirror. */
  reference: string;
  /** Of which systems. */
  systems: SystemSpec["name"][];
}

/** The images of a stack that services are made of. */
export function imageSettings(settings: Settings, systems: SystemSpec[]): ImageSetting[] {
  const { registry, backups } = settings.host;
  const named = (system: SystemSpec["name"]) =>
    Object.entries<Image | undefined>(settings[system]?.images ?? {}).map(([name, image]) => ({
      ...{ path: [`${system}:images`, name] as ImageSetting["path"], image, only: [system] },
    }));
  const copy = { path: ["host:backups", "copy", "image"] as ImageSetting["path"], image: backups?.copy?.image };
  const all = [
    ...named("robotoff"),
    ...named("protea"),
    ...named("monitoring"),
    { ...copy, only: ["robotoff", "protea"] },
  ];
  return all.flatMap(({ path, image, only }) => {
    if (image === undefined) return [];
    const reference = throughRegistry(imageReference(image), registry);
    const using = systems.filter(
      ({ name, services }) => only.includes(name) && services.some((service) => service.image === reference),
    );
    return using.length > 0 ? [{ path, image, reference, systems: using.map(({ name }) => name) }] : [];
  });
}
