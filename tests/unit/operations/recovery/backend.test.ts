// Pulumi's file backend, read and mended without Pulumi.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { isShared, isTorn, locks, mend, readState } from "../../../../operations/recovery/backend.ts";
import { Checkout } from "../../support/checkout.ts";

jest.mock("node:os", () => ({
  ...jest.requireActual<object>("node:os"),
  homedir: () => process.env.HOME,
}));

const here = process.cwd();
const { HOME, PULUMI_BACKEND_URL } = process.env;
const LATEST = { resources: [{ urn: "urn:redis" }] };
let checkout: Checkout;
beforeEach(() => {
  checkout = new Checkout();
  process.chdir(checkout.folder);
  delete process.env.PULUMI_BACKEND_URL;
});
afterEach(() => {
  process.chdir(here);
  checkout.remove();
  process.env.HOME = HOME;
  if (PULUMI_BACKEND_URL === undefined) delete process.env.PULUMI_BACKEND_URL;
  else process.env.PULUMI_BACKEND_URL = PULUMI_BACKEND_URL;
});

test("the state of a stack is the latest of its checkpoint", () => {
  checkout.state(LATEST);
  expect(readState("local")).toEqual(LATEST);
});

test("a stack that does not exist, or has never been deployed, has an empty state", () => {
  expect(readState("local")).toEqual({});
  writeFileSync(checkout.stateFile(), JSON.stringify({ checkpoint: {} }));
  expect(readState("local")).toEqual({});
  expect(checkout.all).toEqual([]);
});

test("locks are this stack's, whatever their files are named; other files are none", () => {
  expect(locks("local")).toEqual([]);
  const file = checkout.lock({ pid: 4711, hostname: "here" });
  checkout.lock({ pid: 1, hostname: "there" }, "staging");
  writeFileSync(join(dirname(file), "note.txt"), "no lock");
  expect(locks("local")).toEqual([{ pid: 4711, hostname: "here", username: "off", timestamp: "2026-11-24T22:00:00Z" }]);
});

test.each([
  ["file://", (folder: string) => `file://${folder}/elsewhere`],
  ["file://~", () => "file://~/elsewhere"],
])("another folder: %s", (_what, url) => {
  process.env.HOME = checkout.folder;
  process.env.PULUMI_BACKEND_URL = url(checkout.folder);
  const folder = join(checkout.folder, "elsewhere/.pulumi/stacks/robotoff-protea");
  mkdirSync(folder, { recursive: true });
  checkout.state({ resources: [] });
  writeFileSync(join(folder, "local.json"), JSON.stringify({ checkpoint: { latest: LATEST } }));
  expect(readState("local")).toEqual(LATEST);
});

describe("a bucket", () => {
  beforeEach(() => {
    process.env.PULUMI_BACKEND_URL = "s3://bucket?region=eu-west-3";
    checkout.lock({ pid: 4711, hostname: "here" }, "staging");
    writeFileSync(checkout.stateFile("staging"), "{");
  });
  const says = (text: string, code = 255) => checkout.pulumi(`cat >&2 <<'EOF'\n${text}\nEOF\nexit ${code}`);

  test("is everybody's, and tears nothing", () => {
    expect(isShared()).toBe(true);
    expect(isTorn("staging")).toBe(false);
    process.env.PULUMI_BACKEND_URL = "file:///srv/state";
    expect(isShared()).toBe(false);
  });

  test("its state is what Pulumi exports", () => {
    checkout.pulumi(`echo '${JSON.stringify({ deployment: LATEST })}'`);
    expect(readState("staging")).toEqual(LATEST);
    expect(checkout.calls).toEqual(["pulumi stack export --stack staging"]);
  });

  test("with no such stack, or one without a deployment: an empty state", () => {
    says("error: no stack named 'staging' found");
    expect(readState("staging")).toEqual({});
    expect(locks("staging")).toEqual([]);
    checkout.pulumi(`echo '{"version":3,"deployment":null}'`);
    expect(readState("staging")).toEqual({});
  });

  test("its locks are those that Pulumi names to who comes second; nobody else's change is asked for", () => {
    says(
      [
        "SDK 2026/11/26 02:40:10 WARN Skipped validation of multipart checksum.",
        "error: the stack is currently locked by 2 lock(s). Either wait for the other process(es) to end or delete the lock file with `pulumi cancel`.",
        "  s3://bucket/.pulumi/locks/organization/robotoff-protea/staging/a.json?region=eu-west-3: created by ada@her-laptop (pid 4711) at 2026-11-26T02:11:12Z",
        "  s3://bucket/.pulumi/locks/organization/robotoff-protea/staging/b.json?region=eu-west-3: created by CORP\\\\o p@x@ci-7 (pid 1) at 2026-11-26T02:11:13+01:00",
      ].join("\n"),
    );
    expect(locks("staging")).toEqual([
      { username: "ada", hostname: "her-laptop", pid: 4711, timestamp: "2026-11-26T02:11:12Z" },
      { username: "CORP\\\\o p@x", hostname: "ci-7", pid: 1, timestamp: "2026-11-26T02:11:13+01:00" },
    ]);
    expect(checkout.calls).toEqual(["pulumi stack rename staging --stack staging"]);
  });

  test("without a lock Pulumi refuses the name that is taken", () => {
    says("error: a stack named staging already exists");
    expect(locks("staging")).toEqual([]);
  });

  test.each([
    ["does not let us in", 'error: read ".pulumi/meta.yaml": StatusCode: 403, SignatureDoesNotMatch'],
    ["is not there", "error: error listing stacks: NoSuchBucket: The specified bucket does not exist"],
    ["names no holder", "error: the stack is currently locked by 1 lock(s)."],
  ])("that %s is neither without a lock nor without a state", (_what, text) => {
    says(text);
    const message = `nothing was changed: Pulumi cannot tell the state of staging (PULUMI_BACKEND_URL; docs/team.md): ${text}`;
    expect(() => locks("staging")).toThrow(new Error(message));
    expect(() => readState("staging")).toThrow(new Error(message));
  });

  test("has no stack local: that is a machine's own", () => {
    expect(() => locks("local")).toThrow(
      "local is a machine's own stack, and the backend is everybody's: unset PULUMI_BACKEND_URL",
    );
    expect(checkout.all).toEqual([]);
  });

  test("a service does not say who works with a stack: it is not guessed", () => {
    process.env.PULUMI_BACKEND_URL = "https://api.pulumi.com";
    expect(() => locks("staging")).toThrow("cannot be seen in a backend of https://, only in file:// and s3://, gs://");
    expect(checkout.all).toEqual([]);
  });
});

test.each([
  ["not there", undefined, false],
  ["whole", "{}", false],
  ["cut off", '{"checkpoint": {"lat', true],
  ["empty", "", true],
])("a state that is %s is torn: %s", (_what, content, torn) => {
  if (content !== undefined) writeFileSync(checkout.stateFile(), content);
  expect(isTorn("local")).toBe(torn);
});

test("a torn state is kept beside the one before it, which takes its place and stays", () => {
  const before = JSON.stringify({ checkpoint: { latest: LATEST } });
  writeFileSync(checkout.stateFile(), "{torn");
  writeFileSync(`${checkout.stateFile()}.bak`, before);
  jest.spyOn(Date, "now").mockReturnValue(1_700_000_000_999);
  const file = ".local/state/.pulumi/stacks/robotoff-protea/local.json";
  expect(mend("local")).toBe(
    `the state was torn by a kill: took the one before it (${file}.bak); the torn one is kept as ${file}.torn-1700000000`,
  );
  jest.restoreAllMocks();
  expect(readdirSync(dirname(file)).sort()).toEqual(["local.json", "local.json.bak", "local.json.torn-1700000000"]);
  expect(readFileSync(file, "utf8")).toBe(before);
  expect(readFileSync(`${file}.bak`, "utf8")).toBe(before);
  expect(readFileSync(`${file}.torn-1700000000`, "utf8")).toBe("{torn");
  expect(readState("local")).toEqual(LATEST);
});

test.each([
  ["torn, too", "{"],
  ["not there", undefined],
])("the state before it is %s: nothing is moved, and it is said what to do", (_what, content) => {
  const file = ".local/state/.pulumi/stacks/robotoff-protea/local.json";
  writeFileSync(file, "{torn");
  if (content !== undefined) writeFileSync(`${file}.bak`, content);
  expect(() => mend("local")).toThrow(
    new Error(
      `the state of local cannot be read (${file}), nor the one before it (${file}.bak): put back a copy of that file`,
    ),
  );
  expect(existsSync(file)).toBe(true);
});
