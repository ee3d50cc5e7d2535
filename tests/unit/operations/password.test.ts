// `make password`: which secret is meant, its value in the state, and that it is not printed where it may be kept.
import { chosenKey, generatedValue } from "../../../operations/password/keys.ts";
import { serviceSpec } from "../../../systems/service-spec.ts";
import { Checkout } from "../support/checkout.ts";
import { FakeDocker } from "../support/fake-docker.ts";
import { committed } from "../support/stack.ts";

const protea = committed("local").systems[1]!;

test.each([
  ["postgres", "protea:postgresPassword"],
  ["rabbitmq", "protea:rabbitmqPassword"],
  ["minio", "protea:minioPassword"],
  ["bucket", "protea:minioPassword"],
])("%s has one: %s", (name, key) => {
  expect(
    chosenKey(
      protea.services.find((one) => one.name === name)!,
      undefined,
    ),
  ).toBe(key);
});

const service = serviceSpec({
  name: "api",
  image: "api:1",
  environment: {
    PLAIN: "text",
    DB_URL: ["postgresql://user:", { secret: "protea:postgresPassword", encode: "url" }, "@postgres/db"],
    AGAIN: { secret: "protea:postgresPassword" },
    TOKEN: { secret: "protea:adminToken" },
  },
});

test("each secret once, also one within a text", () => {
  expect(() => chosenKey(service, undefined)).toThrow("KEY=protea:adminToken or KEY=protea:postgresPassword");
});

test.each(["protea:adminToken", "adminToken"])("KEY=%s", (key) => {
  expect(chosenKey(service, key)).toBe("protea:adminToken");
});

test.each([undefined, "Token", "robotoff:adminToken", ""])("KEY=%s: the choice is shown", (key) => {
  expect(() => chosenKey(service, key)).toThrow(
    "api has several secrets; add KEY=protea:adminToken or KEY=protea:postgresPassword",
  );
});

test("a service without any", () => {
  expect(() => chosenKey(serviceSpec({ name: "redis", image: "redis:7" }), undefined)).toThrow("redis has no secret");
});

const urn = (name: string) => `urn:pulumi:local::robotoff-protea::command:local:Command::${name}`;
const deployment = {
  resources: [
    { urn: urn("other-secrets-protea-minioPassword"), outputs: { stdout: "wrong" } },
    { urn: urn("secrets-protea-minioPassword"), outputs: { stdout: { plaintext: '"0a1b"' } } },
    { urn: urn("secrets-protea-rabbitmqPassword"), outputs: { stdout: "2c3d" } },
    { urn: urn("secrets-protea-postgresPassword"), outputs: { stdout: {} } },
    { urn: urn("secrets-robotoff-postgresPassword") },
  ],
};

test.each([
  ["protea:minioPassword", "0a1b"],
  ["protea:rabbitmqPassword", "2c3d"],
  ["protea:postgresPassword", undefined],
  ["robotoff:postgresPassword", undefined],
  ["robotoff:elasticPassword", undefined],
])("generated: %s is %s", (key, value) => {
  expect(generatedValue(deployment, key)).toBe(value);
});

test("a state without resources has none", () => {
  expect(generatedValue({}, "protea:minioPassword")).toBeUndefined();
});

test.each<[string[], string]>([
  [["--service", "rabbitmq"], "protea:rabbitmqPassword is not printed where it may be kept"],
  [["--service", "rabbitmq", "--show", "0"], "add SHOW=1"],
  [["--service", "postgres"], "add SYSTEM="],
  [[], "expected, for instance, make password SERVICE=rabbitmq"],
])("%j in a pipe: nothing is printed", async (words, message) => {
  const docker = new FakeDocker();
  const { status, stdout, stderr } = await docker.operation("password", ...words);
  docker.remove();
  expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
  expect(stderr).toContain(message);
});

describe("make password SHOW=1", () => {
  let checkout: Checkout;
  beforeEach(() => (checkout = new Checkout()));
  afterEach(() => checkout.remove());
  const KEY = "protea:rabbitmqPassword";
  const GET = "pulumi config --show-secrets --json --stack local";
  const EXPORT = "pulumi stack export --show-secrets --stack local";
  const pulumi = (get: string, exported: string) =>
    checkout.pulumi(`case "$*" in config*) ${get} ;; stack*) ${exported} ;; esac`);
  const HAS = `echo '${JSON.stringify({ [KEY]: { value: "hunter2", secret: true } })}'`;
  const NOT_THERE = "echo '{}'";
  const state = (resources: object[]) => `echo '${JSON.stringify({ deployment: { resources } })}'`;

  test.each<[string, string, string, object, string[]]>([
    ["configured", HAS, "exit 1", { status: 0, stdout: "hunter2\n", stderr: `${KEY} of local:\n` }, [GET]],
    [
      "generated",
      NOT_THERE,
      state([{ urn: urn("secrets-protea-rabbitmqPassword"), outputs: { stdout: "0a1b" } }]),
      { status: 0, stdout: "0a1b\n", stderr: `${KEY} of local:\n` },
      [GET, EXPORT],
    ],
    [
      "neither",
      NOT_THERE,
      state([]),
      {
        status: 1,
        stdout: "",
        stderr: `${KEY} of local:\n${KEY} is neither configured (bin/pulumi config set --secret ${KEY} --stack local) nor generated yet\n`,
      },
      [GET, EXPORT],
    ],
    [
      "not to be decrypted",
      "echo ' incorrect passphrase ' >&2; exit 255",
      "exit 1",
      { status: 1, stdout: "", stderr: `${KEY} of local:\nincorrect passphrase\n` },
      [GET],
    ],
    [
      "in a state that cannot be decrypted",
      NOT_THERE,
      "echo ' no passphrase ' >&2; exit 255",
      { status: 1, stdout: "", stderr: `${KEY} of local:\nno passphrase\n` },
      [GET, EXPORT],
    ],
  ])("%s", async (_what, get, exported, expected, calls) => {
    pulumi(get, exported);
    expect(await checkout.operation("password", "--service", "rabbitmq", "--show", "1")).toEqual(expected);
    expect(checkout.all).toEqual(calls);
  });

  test("on a terminal it is shown without being asked for", async () => {
    pulumi(HAS, "exit 1").terminal = true;
    expect((await checkout.operation("password", "--service", "rabbitmq")).stdout).toBe("hunter2\n");
  });
});
