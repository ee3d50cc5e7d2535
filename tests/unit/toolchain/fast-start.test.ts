// toolchain/fast-start.ts in a Node process of its own: what it leaves out for @pulumi/pulumi, and for nobody else.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const scratch = mkdtempSync(join(tmpdir(), "fast-start-"));
afterAll(() => rmSync(scratch, { recursive: true }));

function file(path: string, text: string): void {
  mkdirSync(dirname(join(scratch, path)), { recursive: true });
  writeFileSync(join(scratch, path), text);
}

/** Asks for all that fast-start knows, from a file two folders below a package's root, and says what came. */
const ASKER = `
  const loaded = (name) => (globalThis.loaded ??= []).includes(name);
  require("source-map-support/register");
  const typescript = require("typescript");
  const early = loaded("typescript");
  const hooks = require("../../runtime/closure/v8Hooks");
  const promise = require("./debuggable").debuggablePromise(Promise.resolve(), "why");
  console.log(JSON.stringify({
    maps: loaded("source-map-support/register"), early, version: typescript.version,
    hooks: loaded("v8Hooks"), initialised: hooks.isInitializedAsync() instanceof Promise, lines: promise.stack.split("\\n").length > 1,
  }));
`;
const note = (name: string): string => `(globalThis.loaded ??= []).push(${JSON.stringify(name)});`;

/** What the asker says that lies in a package of this name. */
function asked(folder: string, how: string[]): unknown {
  file(`${folder}/runtime/closure/v8Hooks.js`, `${note("v8Hooks")} exports.isInitializedAsync = async () => {};`);
  file(
    `${folder}/cmd/run/debuggable.js`,
    `exports.debuggablePromise = (p) => Object.assign(p, { stack: new Error().stack });`,
  );
  file(`${folder}/cmd/run/index.js`, ASKER);
  // Whatever lies in the folders above must not decide what kind of module these are.
  file("package.json", "{}");
  const run = spawnSync(process.execPath, [...how, join(scratch, folder, "cmd/run/index.js")], {
    encoding: "utf8",
    env: { ...process.env, NODE_COMPILE_CACHE: join(scratch, "cache") },
  });
  expect(run.stderr).toBe("");
  return JSON.parse(run.stdout);
}

beforeAll(() => {
  file("node_modules/source-map-support/register.js", note("source-map-support/register"));
  file("node_modules/typescript/index.js", `${note("typescript")} exports.version = "6";`);
});

const FAST = ["--import", join(__dirname, "../../../toolchain/fast-start.ts")];
const AS_IS = { maps: true, early: true, version: "6", hooks: true, initialised: true, lines: true };

test("@pulumi/pulumi's own files get less, and TypeScript when they ask it something", () => {
  expect(asked("node_modules/@pulumi/pulumi", FAST)).toEqual({
    maps: false,
    early: false,
    version: "6",
    hooks: false,
    initialised: true,
    lines: false,
  });
});

test.each([
  "node_modules/other",
  "node_modules/@pulumi/pulumi/node_modules/other",
  "node_modules/@pulumi/pulumi-other",
  ".",
])("%s gets what it asks for, under the same names", (folder) => expect(asked(folder, FAST)).toEqual(AS_IS));

test("without it @pulumi/pulumi does the same, slower", () => {
  expect(asked("node_modules/@pulumi/pulumi", [])).toEqual(AS_IS);
});
