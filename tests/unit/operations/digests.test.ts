/** Digests in a stack file: what is asked, shown and written; and images that an up pulls before anything else. */
import { describeStack } from "../../../systems/stack.ts";
import { parts, short, withImage } from "../../../operations/images/pinned.ts";
import { readSettings } from "../../../config/read.ts";
import { imageSettings } from "../../../systems/image-settings.ts";
import { Checkout } from "../support/checkout.ts";
import { fileValues, MINIMAL, raw, type Values } from "../support/stack.ts";

const [ONE, TWO] = ["1", "2"].map((digit) => `sha256:${digit.repeat(64)}`) as [string, string];

const settingsOf = (values: Values) =>
  imageSettings(readSettings(raw(values)).settings, describeStack(raw(values)).systems);

test("the images that services are made of, and where a stack file names them", () => {
  const found = settingsOf({
    ...MINIMAL,
    "robotoff:images": { robotoff: "example/robotoff:1", fasttext: "x/unused:1" },
  });
  const named = found.map(({ path, reference, systems }) => [path.join("."), reference, systems.join()]);
  expect(named).toContainEqual(["robotoff:images.robotoff", "example/robotoff:1", "robotoff"]);
  expect(named).toContainEqual(["robotoff:images.postgres", "postgres:16.3-alpine", "robotoff"]);
  expect(named).toContainEqual(["protea:images.frontend", "example/protea-frontend:1", "protea"]);
  const paths = named.map(([path]) => path);
  for (const unused of ["robotoff:images.fasttext", "robotoff:images.statsd", "host:backups.copy.image"])
    expect(paths).not.toContain(unused);
  // Each service is of one of them.
  const { systems } = describeStack(raw(MINIMAL));
  const all = systems.flatMap(({ services }) => services.map(({ image }) => image));
  expect(new Set(settingsOf(MINIMAL).map(({ reference }) => reference))).toEqual(new Set(all));
});

test("through a mirror, and of the copy off the host, which both systems make", () => {
  const copy = { repository: "rest:https://b.example.org/x" };
  const values = { ...MINIMAL, "host:registry": "m:5000", "host:backups": { directory: "/srv/b", copy } };
  expect(settingsOf(values)).toContainEqual({
    path: ["host:backups", "copy", "image"],
    image: "restic/restic:0.18.1",
    reference: "m:5000/docker.io/restic/restic:0.18.1",
    systems: ["robotoff", "protea"],
  });
});

test.each([
  ["redis:7", { named: "redis:7", tagged: true, digest: undefined }],
  [`redis:7@${ONE}`, { named: "redis:7", tagged: true, digest: ONE }],
  [`a.b:5000/redis@${ONE}`, { named: "a.b:5000/redis", tagged: false, digest: ONE }],
])("the parts of %s", (reference, expected) => {
  expect(parts(reference)).toEqual(expected);
});

test("a digest is shown with twelve of its digits", () => {
  expect([ONE, `redis:7@${ONE}`, "redis:7"].map(short)).toEqual([
    "sha256:111111111111",
    "redis:7@sha256:111111111111",
    "redis:7",
  ]);
});

const FILE = `config:
  robotoff:images:
    # of the same version as the commit
    robotoff: example/robotoff:1 # kept
    redis: { build: images/redis }
  protea:images: { protea: "example/protea:1", frontend: example/protea-frontend:1 }
`;

test("an image takes the place of another, with its layout, or is added; nothing else of the text changes", () => {
  const changed = [
    [["robotoff:images", "robotoff"], `example/robotoff:1@${ONE}`],
    [["robotoff:images", "redis"], "redis:7"],
    [["robotoff:images", "postgres"], "postgres:16"],
    [["protea:images", "protea"], `example/protea:1@${TWO}`],
    [["protea:images", "mc"], "minio/mc:1"],
  ].reduce((text, [path, image]) => withImage(text, path as [string, string], image as string), FILE);
  expect(changed).toBe(`config:
  robotoff:images:
    # of the same version as the commit
    robotoff: example/robotoff:1@${ONE} # kept
    postgres: postgres:16
    redis: redis:7
  protea:images: { protea: "example/protea:1@${TWO}", frontend: example/protea-frontend:1, mc: minio/mc:1 }
`);
  expect(() => withImage(FILE, ["host:backups", "copy", "image"], "x:1")).toThrow(
    "the stack file has no host:backups.copy",
  );
});

describe("make digests", () => {
  let checkout: Checkout;
  beforeEach(() => {
    checkout = new Checkout();
    // What Pulumi.local.yaml has is made by set-up; two of it come from a registry.
    const text = checkout.text("local").replace("{ build: images/redis }", "redis:7.0.5-alpine");
    checkout.write("local", text.replace("{ build: images/mc }", `minio/mc:1@${ONE}`));
  });
  afterEach(() => checkout.remove());
  const answer = (status: string, body: object) => {
    const content = JSON.stringify(body);
    checkout.answer("system dial-stdio", `HTTP/1.1 ${status}\r\nContent-Length: ${content.length}\r\n\r\n${content}`);
  };

  test("shows what changes, and writes it after a yes", async () => {
    answer("200 OK", { Descriptor: { digest: TWO } });
    const before = checkout.text("local");
    const unsure = await checkout.operation("digests");
    expect([unsure.status, unsure.stderr]).toEqual([1, expect.stringContaining("nothing was changed")]);
    expect(unsure.stdout).toMatch(/^robotoff:images.redis +redis:7.0.5-alpine +- +sha256:222222222222$/m);
    expect(unsure.stdout).toMatch(/^protea:images.mc +minio\/mc:1 +sha256:111111111111 +sha256:222222222222$/m);
    expect(checkout.text("local")).toBe(before);
    expect(await checkout.operation("digests", "--yes", "1")).toMatchObject({ status: 0, stderr: "" });
    const after = before.replace("redis: redis:7.0.5-alpine", `redis: redis:7.0.5-alpine@${TWO}`).replace(ONE, TWO);
    expect(checkout.text("local")).toBe(after);
    expect(await checkout.operation("digests")).toEqual({
      status: 0,
      stdout: "Pulumi.local.yaml: 2 images with a tag from a registry, each at its tag's digest\n",
      stderr: "",
    });
    // Each by its tag, whatever digest it has.
    expect(
      new Set(
        checkout.requests
          .trim()
          .split("\n")
          .map((line) => line.trim()),
      ),
    ).toEqual(
      new Set(["GET /distribution/redis:7.0.5-alpine/json HTTP/1.1", "GET /distribution/minio/mc:1/json HTTP/1.1"]),
    );
  });

  test("through a mirror", async () => {
    checkout.write("local", checkout.text("local").replace("config:", "config:\n  host:registry: m:5000"));
    answer("200 OK", { Descriptor: { digest: TWO } });
    await checkout.operation("digests", "--yes", "1");
    expect(checkout.requests).toContain("GET /distribution/m:5000/docker.io/library/redis:7.0.5-alpine/json ");
    expect(checkout.text("local")).toContain(`redis: redis:7.0.5-alpine@${TWO}`);
  });

  test("one that no registry has: all of them are named, and nothing is written", async () => {
    answer("404 Not Found", { message: "manifest unknown" });
    const before = checkout.text("local");
    expect(await checkout.operation("digests", "--yes", "1")).toEqual({
      status: 1,
      stdout: "",
      stderr:
        "nothing was changed; no digest of\n  robotoff:images.redis: redis:7.0.5-alpine: manifest unknown\n" +
        "  protea:images.mc: minio/mc:1: manifest unknown\n",
    });
    expect(checkout.text("local")).toBe(before);
  });
});

test("staging's images are all from registries", () => {
  const found = settingsOf({ ...fileValues("Pulumi.staging.yaml") });
  expect(found.every(({ image }) => typeof image === "string" && parts(image).tagged)).toBe(true);
});
