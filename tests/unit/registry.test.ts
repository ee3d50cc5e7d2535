/** host:registry: each image by its full name, below the mirror. */
import { IMAGE } from "../../config/names.ts";
import { throughRegistry } from "../../systems/registry.ts";
import { describeStack } from "../../systems/stack.ts";
import { fileValues, raw, STACKS } from "./support/stack.ts";

const MIRROR = "10.1.0.1:5000";
const DIGEST = `@sha256:${"0a".repeat(32)}`;

test.each([
  ["redis:7.0.5-alpine", "docker.io/library/redis:7.0.5-alpine"],
  ["docker.io/redis:7", "docker.io/library/redis:7"],
  ["index.docker.io/redis:7", "docker.io/library/redis:7"],
  ["minio/mc:1", "docker.io/minio/mc:1"],
  ["docker.io/minio/mc:1", "docker.io/minio/mc:1"],
  ["ghcr.io/openfoodfacts/robotoff:1.85.10", "ghcr.io/openfoodfacts/robotoff:1.85.10"],
  ["nvcr.io/nvidia/tritonserver:24.08-py3", "nvcr.io/nvidia/tritonserver:24.08-py3"],
  ["localhost/a:1", "localhost/a:1"],
  ["GHCR.io/a/b:1", "ghcr.io/a/b:1"],
  [`redis:7${DIGEST}`, `docker.io/library/redis:7${DIGEST}`],
  [`ghcr.io/a/b${DIGEST}`, `ghcr.io/a/b${DIGEST}`],
])("%s is pulled as MIRROR/%s", (image, below) => {
  const mirrored = throughRegistry(image, MIRROR);
  expect(mirrored).toBe(`${MIRROR}/${below}`);
  expect(mirrored).toMatch(IMAGE);
  expect(throughRegistry(image, undefined)).toBe(image);
});

test.each(["robotoff-protea/redis:0123456789ab", "example.org:5000/a:1"])("%s stays as it is", (image) => {
  expect(throughRegistry(image, MIRROR)).toBe(image);
});

test.each(STACKS)("every service of %s, and nothing else", (stack) => {
  const values = fileValues(`Pulumi.${stack}.yaml`);
  const images = (more: object) =>
    describeStack(raw({ ...values, ...more }, { stack })).systems.flatMap(({ services }) =>
      services.map(({ image }) => image),
    );
  const own = (image: string) => image.startsWith("robotoff-protea/");
  const mirrored = images({ "host:registry": MIRROR });
  expect(mirrored).toEqual(images({}).map((image) => throughRegistry(image, MIRROR)));
  expect(mirrored.every((image) => own(image) || image.startsWith(`${MIRROR}/`))).toBe(true);
});
