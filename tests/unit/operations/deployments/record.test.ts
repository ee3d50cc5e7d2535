/** A deployment as its host keeps it, and a stack file's text without secrets and with those of now. */
import { parse } from "yaml";
import { alike, deployed, same, withDigests, type Deployed } from "../../../../operations/deployments/record.ts";
import { withoutSecrets, withSecretsOf } from "../../../../operations/deployments/text.ts";
import type { Inspected } from "../../../../engines/docker/inspect.ts";

const FILE = `# the VM
encryptionsalt: v1:old=
config:
  # how it is reached
  host:ssh:
    address: 10.1.0.200 # then
    user: off
  robotoff:postgresPassword:
    secure: v1:cipher
  robotoff:images:
    # of the same version as the commit
    robotoff: example/robotoff:1
  robotoff:offPassword: { secure: "v1:other" }
  robotoff:tld: net
`;

test("a kept text has no secret, no salt, and all else as it was", () => {
  expect(withoutSecrets(FILE)).toBe(
    FILE.replace("encryptionsalt: v1:old=\n", "").replace("v1:cipher", '""').replace('"v1:other"', '""'),
  );
  expect(withoutSecrets("config:\n  a:b: 1")).toBe("config:\n  a:b: 1");
});

test("with what is another's: the salt, the secrets and the host's settings, each in its place", () => {
  const now = `encryptionsalt: v1:new=
config:
    host:ssh:
        address: 10.3.0.200
        user: deploy
    host:registry: m:5000
    robotoff:images: { robotoff: example/robotoff:2 }
    robotoff:postgresPassword:
        secure: v1:new
    robotoff:sentryDsn:
        secure: v1:added
`;
  const text = withSecretsOf(withoutSecrets(FILE), now);
  expect(text).toBe(`encryptionsalt: v1:new=
# the VM
config:
  # how it is reached
  host:ssh:
      address: 10.3.0.200
      user: deploy
  robotoff:postgresPassword:
      secure: v1:new
  robotoff:images:
    # of the same version as the commit
    robotoff: example/robotoff:1
  robotoff:tld: net
  host:registry: m:5000
  robotoff:sentryDsn:
      secure: v1:added
`);
  expect(parse(text)).toMatchObject({ config: { "host:ssh": { user: "deploy" } } });
});

test("its own text and its own secrets are what it was", () => {
  const beside = `config:\n  a:b: 1\n  a:c:\n    secure: x\nencryptionsalt: v1:x\n`;
  expect(withSecretsOf(withoutSecrets(beside), beside)).toBe(beside);
  // Without a last line's end, and without a pair.
  expect(withSecretsOf("config:\n  a:b: 2", "config:\n  a:c: { secure: x }")).toBe(
    "config:\n  a:b: 2\n  a:c: { secure: x }\n",
  );
});

const inspected = (name: string, image: string, more: Partial<Inspected> = {}): Inspected => ({
  ...{ Id: `id-${name}`, Name: `/${name}`, Image: "sha256:aa", NetworkSettings: { Ports: null } },
  State: { Status: "running", ExitCode: 0, StartedAt: "", FinishedAt: "" },
  Config: { Image: image, Labels: { "com.docker.compose.config-hash": "h" } },
  ...more,
});
const CONTAINER = { id: "id-a", image: "redis:7", imageId: "sha256:aa", config: "h" };

test("what runs: of the systems that were looked at, and what was known of the others", () => {
  const before = { a: { ...CONTAINER, id: "older" }, b: { ...CONTAINER, id: "id-b" } };
  expect(deployed(FILE, [inspected("a", "redis:7")], before)).toEqual({
    file: withoutSecrets(FILE),
    containers: { a: CONTAINER, b: before.b },
  });
});

test.each([
  ["redis:7", ["redis@sha256:d1", "m:5000/docker.io/library/redis@sha256:d2"], "sha256:d1"],
  ["m:5000/docker.io/library/redis:7", ["redis@sha256:d1", "m:5000/docker.io/library/redis@sha256:d2"], "sha256:d2"],
  ["docker.io/library/redis:7", ["redis@sha256:d1"], "sha256:d1"],
  ["redis:7@sha256:d3", ["redis@sha256:d1"], "sha256:d3"],
  ["robotoff-protea/redis:0a", [], undefined],
  ["redis:7", ["other/redis@sha256:d1"], undefined],
])("the digest of %s, of an image known as %j", (image, names, digest) => {
  const now = { file: FILE, containers: { a: { ...CONTAINER, image } } };
  expect(withDigests(now, new Map([["sha256:aa", names]])).containers.a!.digest).toBe(digest);
});

test.each<[string, Partial<Deployed>, boolean, boolean]>([
  ["comments, and the order of settings", { file: "config:\n  b:b: 2 # x\n  a:a: { c: 1 }\n" }, true, true],
  ["another setting", { file: "config:\n  a:a: { c: 2 }\n  b:b: 2\n" }, false, false],
  ["how the host is reached", { file: "config:\n  a:a: { c: 1 }\n  b:b: 2\n  host:registry: m:5000\n" }, false, true],
  ["a digest", { containers: { a: { ...CONTAINER, digest: "sha256:d" } } }, true, true],
  ["a container that was made anew", { containers: { a: { ...CONTAINER, id: "another" } } }, false, true],
  ["another image", { containers: { a: { ...CONTAINER, id: "x", imageId: "sha256:bb" } } }, false, false],
  ["one made otherwise", { containers: { a: { ...CONTAINER, id: "x", config: "i" } } }, false, false],
  ["a container more", { containers: { a: CONTAINER, b: CONTAINER } }, false, false],
])("%s", (_what, change, isSame, isAlike) => {
  const one = { file: "config:\n  a:a: { c: 1 }\n  b:b: 2\n", containers: { a: CONTAINER } };
  expect([same(one, { ...one, ...change }), alike(one, { ...one, ...change })]).toEqual([isSame, isAlike]);
});
