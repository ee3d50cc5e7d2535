/** Official images are pulled where a registry answers; what it lacks, and all where none answers, is built. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { vendorOf } from "./images.harness.ts";
import { failed, here, must, run, succeeded } from "./host.ts";
import { marked, nameOf } from "./leftovers.ts";
import { Registry } from "./registry.harness.ts";
import { TestStack } from "./stack.harness.ts";

const docker = (...args: string[]) => here.docker(...args);

const folder = mkdtempSync(join(tmpdir(), "robotoff-protea-pull-"));
const mine = `robotoff-protea-pull-${process.pid}`;
let registry: Registry;
let address: string;

/** Makes images as set-up does, in a process of its own; each from its official reference or else images/recipe. */
function make(...officials: string[]): string[] {
  const program = `
    import { make } from ${JSON.stringify(join(process.cwd(), "images/builder/make.ts"))};
    const [root, mine, ...officials] = process.argv.slice(1);
    for (const [n, official] of officials.entries())
      console.log(make(root, "recipe", { official }, mine + ":" + n, root + "/" + n + ".log"));`;
  const env = { XDG_CACHE_HOME: join(folder, "cache") };
  const made = run(process.execPath, ["--input-type=module", "-e", program, folder, mine, ...officials], env);
  if (made.code !== 0) throw new Error(made.text);
  return made.text.trim().split("\n");
}

/** As an up does, of a stack whose services are of these images. */
function pull(images: string[]) {
  const program = `
    import { pullMissing } from ${JSON.stringify(join(process.cwd(), "operations/images/pull.ts"))};
    const services = process.argv.slice(1).map((image) => ({ image }));
    await pullMissing({ name: "none", host: {}, systems: [] }, [{ services }]);`;
  return run(process.execPath, ["--input-type=module", "-e", program, ...images]);
}

const said = (n: number) => readFileSync(join(folder, `${n}.log`), "utf8");

/** The one file in an image. */
function content(image: string): string {
  const container = docker("create", ...marked(`${nameOf(process.pid)}n0`), image, "none");
  try {
    return must("sh", "-c", `docker cp ${container}:/origin - | tar -xO`);
  } finally {
    docker("rm", container);
  }
}

beforeAll(async () => {
  mkdirSync(join(folder, "images/recipe"), { recursive: true });
  mkdirSync(join(folder, "images/common"));
  writeFileSync(join(folder, "images/recipe/Dockerfile"), "FROM scratch\nCOPY origin /origin\n");
  writeFileSync(join(folder, "images/recipe/origin"), `built ${mine}`);
  writeFileSync(join(folder, "origin"), `pulled ${mine}`);
  must("sh", "-c", `tar -cC ${folder} origin | docker import - ${mine}:upstream`);
  registry = await Registry.of(`${mine}:upstream`);
  docker("rmi", `${mine}:upstream`);
  address = registry.address;
});

afterEach(() => {
  for (const repository of [mine, `${address}/known`]) {
    const tags = docker("image", "ls", "--format", "{{.Repository}}:{{.Tag}}", repository).split("\n").filter(Boolean);
    if (tags.length > 0) docker("rmi", ...tags);
  }
});

afterAll(() => {
  registry.stop();
  rmSync(folder, { recursive: true });
});

test("what a registry has is pulled; what it lacks is built, and the next is asked for again", () => {
  expect(make(`${address}/known:1`, `${address}/nothing:1`, `${address}/known:2`)).toEqual([
    "pulled",
    "built",
    "pulled",
  ]);
  expect(content(`${mine}:0`)).toBe(`pulled ${mine}`);
  expect(content(`${mine}:1`)).toBe(`built ${mine}`);
  expect(vendorOf(`${mine}:0`)).toBe("");
  expect(vendorOf(`${mine}:1`)).toBe("robotoff-protea stand-in");
});

test("what an up lacks is pulled through a mirror, by its digest where the stack file has one, and then asked for no more", () => {
  const { digest } = registry;
  const images = [`${address}/docker.io/library/known:3`, `${address}/ghcr.io/team/known:3@${digest}`];
  try {
    const first = pull(images);
    expect(first.code).toBe(0);
    // Docker's own progress.
    expect(first.text).toContain(`docker pull ${images[0]}`);
    expect(first.text).toContain(`Digest: ${digest}`);
    expect(content(images[1]!)).toBe(`pulled ${mine}`);
    expect(pull(images)).toEqual({ code: 0, text: "" });
    expect(failed(pull([`${address}/nothing:1`]))).toContain("could not be pulled; see above. Nothing was changed");
  } finally {
    for (const image of images) here.tryDocker("rmi", image);
  }
});

test("make digests asks through the mirror for the digest of each tag, writes it, and then finds nothing to change", async () => {
  const stack = await TestStack.create(["robotoff"]);
  try {
    stack.config["host:registry"] = address;
    stack.config["robotoff:images"] = { ...(stack.config["robotoff:images"] as object), redis: "known:3" };
    const written = succeeded(stack.operation("digests", "--yes", "1"));
    const reference = `known:3@${registry.digest}`;
    expect(written).toMatch(/^robotoff:images\.redis +known:3 +- +sha256:[0-9a-f]{12}$/m);
    const file = readFileSync(join(stack.folder, `Pulumi.${stack.name}.yaml`), "utf8");
    expect(file).toContain(`redis: ${reference}`);
    (stack.config["robotoff:images"] as { redis: string }).redis = reference;
    expect(succeeded(stack.operation("digests"))).toContain(
      "1 images with a tag from a registry, each at its tag's digest",
    );
    // Nobody has it: named, and nothing written.
    (stack.config["robotoff:images"] as { redis: string }).redis = "nothing:3";
    expect(failed(stack.operation("digests", "--yes", "1"))).toContain(
      `robotoff:images.redis: ${address}/docker.io/library/nothing:3: `,
    );
  } finally {
    stack.remove();
  }
});

test("where no registry answers all is built, and only the first is tried", () => {
  expect(make("127.0.0.1:9/nobody:1", "127.0.0.1:9/nobody:2")).toEqual(["built", "built"]);
  expect(said(0)).toContain("127.0.0.1:9");
  expect(said(1)).not.toContain("127.0.0.1:9");
});
