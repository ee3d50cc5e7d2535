// Names images by what they are made of, so that a changed recipe is a new tag and an unchanged one is never rebuilt.
// The Pulumi program calls this on every preview: synchronous, no processes, a few milliseconds for all images.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";

/** Left by tools that run inside the folders; no recipe copies them. */
const ignored = new Set(["__pycache__", "node_modules", ".pytest_cache", ".DS_Store"]);

/** Every file below `folder`, as paths relative to `root`, in an order that does not depend on the file system. */
function filesBelow(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter((entry) => !ignored.has(entry.name))
    .flatMap((entry) => {
      const path = `${folder}/${entry.name}`;
      return entry.isDirectory() ? filesBelow(root, path) : [path];
    })
    .sort();
}

/** The first 12 hex digits of a sha256 over the paths, executable bits and contents of all files in `folders`. */
export function contentHash(root: string, ...folders: string[]): string {
  const hash = createHash("sha256");
  for (const path of folders.flatMap((folder) => filesBelow(root, folder))) {
    const content = readFileSync(join(root, path));
    const executable = (statSync(join(root, path)).mode & 0o100) !== 0;
    // Lengths keep neighbouring fields apart: no two trees give the same stream.
    hash.update(`${path.length}:${path}:${executable ? "x" : "-"}:${content.length}:`).update(content);
  }
  return hash.digest("hex").slice(0, 12);
}

/** What images/common holds counts for every image: hashed once per process and repository. */
const common = new Map<string, string>();

/**
 * The local tag of an image that the stack file declares as `{build: images/NAME}`: `robotoff-protea/NAME:<12 hex>`.
 * @param folder the image's folder, relative to `root`, for example `images/redis`
 * @param root   the repository's root; by default the working directory, as Pulumi sets it
 * @throws when the folder does not exist
 */
export function standInTag(folder: string, root: string = process.cwd()): string {
  if (!common.has(root)) common.set(root, contentHash(root, "images/common"));
  const hash = createHash("sha256")
    .update(`${contentHash(root, folder)}${common.get(root)}`)
    .digest("hex")
    .slice(0, 12);
  return `robotoff-protea/${basename(folder)}:${hash}`;
}
