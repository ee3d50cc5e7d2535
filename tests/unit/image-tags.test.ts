// A tag follows the content: whatever could change an image changes its tag, and nothing else does.
import { chmodSync, cpSync, mkdirSync, mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { standInTag } from "../../images/builder/tag.ts";

const scratch = mkdtempSync(join(tmpdir(), "image-tags-"));
const original = join(scratch, "original");
afterAll(() => rmSync(scratch, { recursive: true }));

beforeAll(() => {
  for (const folder of ["redis/deep", "mc", "common"]) mkdirSync(join(original, "images", folder), { recursive: true });
  writeFileSync(join(original, "images/redis/Dockerfile"), "FROM base\n");
  writeFileSync(join(original, "images/redis/deep/entrypoint.sh"), "echo\n");
  writeFileSync(join(original, "images/mc/Dockerfile"), "FROM base\n");
  writeFileSync(join(original, "images/common/need.sh"), "true\n");
});

let copies = 0;
/** The tag of images/redis in a copy of the repository after `change`, which is given the copy's images folder. */
function tagAfter(change: (images: string) => void): string {
  const copy = join(scratch, `copy-${(copies += 1)}`);
  cpSync(original, copy, { recursive: true });
  change(join(copy, "images"));
  return standInTag("images/redis", copy);
}

test("names the image's folder and 12 hex digits", () => {
  expect(standInTag("images/redis", original)).toMatch(/^robotoff-protea\/redis:[0-9a-f]{12}$/);
});

test.each<[string, (images: string) => void]>([
  ["a file's content", (images) => writeFileSync(join(images, "redis/Dockerfile"), "FROM other\n")],
  ["a file more", (images) => writeFileSync(join(images, "redis/more"), "")],
  ["a file less", (images) => rmSync(join(images, "redis/deep/entrypoint.sh"))],
  ["a file's name", (images) => renameSync(join(images, "redis/Dockerfile"), join(images, "redis/dockerfile"))],
  ["an executable bit", (images) => chmodSync(join(images, "redis/deep/entrypoint.sh"), 0o755)],
  ["what all images share", (images) => writeFileSync(join(images, "common/need.sh"), "false\n")],
])("changes with %s", (_what, change) => {
  expect(tagAfter(change)).not.toBe(standInTag("images/redis", original));
});

test.each<[string, (images: string) => void]>([
  ["where the repository is", () => undefined],
  ["a file's age", (images) => utimesSync(join(images, "redis/Dockerfile"), 0, 0)],
  ["permissions of others", (images) => chmodSync(join(images, "redis/Dockerfile"), 0o600)],
  ["another image", (images) => writeFileSync(join(images, "mc/Dockerfile"), "FROM other\n")],
  [
    "what Python leaves behind",
    (images) => {
      mkdirSync(join(images, "redis/__pycache__"));
      writeFileSync(join(images, "redis/__pycache__/a.pyc"), "");
    },
  ],
])("does not change with %s", (_what, change) => {
  expect(tagAfter(change)).toBe(standInTag("images/redis", original));
});

test("an image without a folder is an error", () => {
  expect(() => standInTag("images/none", original)).toThrow("images/none");
});
