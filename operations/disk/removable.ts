/** Which images `make reclaim` may remove: none that runs, is declared, or that a deployment may go back to. Pure. */

/** What is read of `docker image inspect`. */
export interface Image {
  Id: string;
  /** `REPOSITORY:TAG`; none: nothing names it any more, or only its digest does. */
  RepoTags: string[] | null;
  /** `REPOSITORY@sha256:…`, of what came from or went to a registry. */
  RepoDigests: string[] | null;
  /** When it was built: ISO 8601. */
  Created: string;
}

/** Versions of each repository that stay whatever uses them: the newest, and the one before it. */
const KEPT = 2;

/** A reference as docker lists it: without the Docker Hub's name, and with a tag or a digest, the digest being the stricter. */
function listed(reference: string): string {
  const short = reference.replace(/^docker\.io\//, "").replace(/^library\//, "");
  const [named, digest] = short.split("@") as [string, string | undefined];
  const tagged = /:[^/]*$/.test(named);
  if (digest) return `${tagged ? named.replace(/:[^/]*$/, "") : named}@${digest}`;
  return tagged ? named : `${named}:latest`;
}

const repository = (name: string) => name.replace(/@.*$|:[^/:]*$/, "");
const names = ({ RepoTags, RepoDigests }: Image) => [...(RepoTags ?? []), ...(RepoDigests ?? [])];

/**
 * The images that may go.
 * @param used ids of the images of all containers, stopped ones too
 * @param declared references of every service of every stack file
 */
export function removable(images: Image[], used: Set<string>, declared: string[]): Image[] {
  const wanted = new Set(declared.map(listed));
  const needed = (image: Image) => used.has(image.Id) || names(image).some((name) => wanted.has(listed(name)));
  const kept = new Set(images.filter(needed));
  const repositories = new Set(images.flatMap(names).map(repository));
  for (const each of repositories) {
    const versions = images
      .filter((image) => names(image).some((name) => repository(name) === each))
      .sort((a, b) => Date.parse(b.Created) - Date.parse(a.Created));
    versions.forEach((image, index) => {
      // What runs may have to go back to the one before it, however many newer ones were only tried.
      if (index < KEPT || needed(versions[index - 1]!)) kept.add(image);
    });
  }
  return images.filter((image) => !kept.has(image));
}

/** What a person calls an image. */
export function nameOf(image: Image): string {
  return image.RepoTags?.join(", ") || image.RepoDigests?.map(repository).join(", ") || "(no name)";
}

/**
 * The arguments of `docker image rm` for an image: its id, so that a tag which has moved meanwhile is left alone; each
 * of its tags where it has several, since docker then refuses the id. Never with --force: docker keeps what a container uses.
 */
export function removal(image: Image): string[] {
  const tags = image.RepoTags ?? [];
  return tags.length > 1 ? tags : [image.Id];
}
