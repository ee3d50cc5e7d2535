/** The name by which an image is pulled through a mirror of registries (host:registry). Pure. */
import type { SystemSpec } from "./spec.ts";

/** Made by set-up (images/builder/): no registry has it. */
export const isOwn = (image: string): boolean => image.startsWith("robotoff-protea/");

/**
 * An image's registry and its path there, as Docker understands what is left out: `redis:7` is docker.io's `library/redis:7`.
 * https://github.com/distribution/reference/blob/main/normalize.go
 */
export function fullName(image: string): { domain: string; path: string } {
  const slash = image.indexOf("/");
  const first = image.slice(0, Math.max(slash, 0));
  const named = /[.:A-Z]/.test(first) || first === "localhost";
  const domain = named ? first.replace(/^index\.docker\.io$/, "docker.io") : "docker.io";
  const path = named ? image.slice(slash + 1) : image;
  return { domain, path: domain === "docker.io" && !path.includes("/") ? `library/${path}` : path };
}

/** @param registry HOST[:PORT][/PATH]; undefined: every image comes from where its name says */
export function throughRegistry(image: string, registry: string | undefined): string {
  if (registry === undefined || isOwn(image)) return image;
  const { domain, path } = fullName(image);
  // A path has no colon, and nobody mirrors what has a port of its own.
  return domain.includes(":") ? image : `${registry}/${domain.toLowerCase()}/${path}`;
}

/** A system whose images are pulled there. */
export function pulledThrough(system: SystemSpec, registry: string | undefined): SystemSpec {
  const services = system.services.map((service) => ({ ...service, image: throughRegistry(service.image, registry) }));
  return { ...system, services };
}
