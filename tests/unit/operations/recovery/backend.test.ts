// Pulumi's file backend, read and mended without Pulumi.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { isTorn, locks, mend, readState } from "../../../../operations/recovery/backend.ts";
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

describe("a backend elsewhere", () => {
  beforeEach(() => {
    process.env.PULUMI_BACKEND_URL = "s3://bucket";
    checkout.lock({ pid: 4711, hostname: "here" });
    writeFileSync(checkout.stateFile(), "{");
  });

  test("keeps its own locks, and tears nothing", () => {
    expect(locks("local")).toEqual([]);
    expect(isTorn("local")).toBe(false);
  });

  test("is asked by Pulumi", () => {
    checkout.pulumi(`echo '${JSON.stringify({ deployment: LATEST })}'`);
    expect(readState("local")).toEqual(LATEST);
    expect(checkout.calls).toEqual(["pulumi stack export --stack local"]);
  });

  test("that has no such stack: empty", () => {
    checkout.pulumi("echo 'no stack named local' >&2; exit 255");
    expect(readState("local")).toEqual({});
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
