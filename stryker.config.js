/** `make mutants`: would the unit tests notice a small change of the code? docs/testing.md. */
import { env } from "node:process";
import { project } from "./jest.config.js";

/**
 * The rooms without effects of their own, and the daily commands, which are tried against a fake docker; each with the
 * tests of its own that must notice its changes. What is common is passed through by hundreds of others as well: to try
 * them all would take a day.
 */
const ROOMS = {
  config: ["configuration", "schema.test.ts"],
  systems: ["containers", "configuration", "outputs.test.ts", "resources/order.test.ts", "backups/copy.test.ts"],
  engines: ["containers", "compose.test.ts"],
  hosts: ["hosts", "scripts/checks.test.ts"],
  backups: ["backups", "scripts/fill-postgres.test.ts"],
  operations: ["operations", "backups/list.test.ts"],
};
const room = env.ROOM;
if (!ROOMS[room]) throw new Error(`found ROOM=${room ?? ""}, expected one of ${Object.keys(ROOMS).join(", ")}`);
const folder = `.local/mutants/${room}`;

/** @type {import("@stryker-mutator/api/core").PartialStrykerOptions} */
export default {
  // A change of processes.ts could kill the plug-ins of somebody else's Pulumi.
  mutate: [`${room}/**/*.ts`, "!operations/recovery/processes.ts"],
  testFiles: ROOMS[room].map((test) => `tests/unit/${test.endsWith(".ts") ? test : `${test}/**/*.test.ts`}`),
  testRunner: "jest",
  jest: {
    projectType: "custom",
    config: {
      ...project("unit"),
      // Instead of jest.config.js's two, which would run every unit test twice.
      projects: [],
      runner: "<rootDir>/tests/mutants-runner.cjs",
      // A change may leave a test waiting for ever.
      testTimeout: 20_000,
    },
    // That runner chooses, by what has run. jest would choose by imports, and cannot see that of a verb.
    enableFindRelatedTests: false,
  },
  // For each change only the tests that pass through it run.
  coverageAnalysis: "perTest",
  // What runs while a module is loaded (most of the schemas) would need every test each time: hours.
  ignoreStatic: true,
  incremental: true,
  incrementalFile: `${folder}/incremental.json`,
  concurrency: 2,
  // A busy machine is not an endless loop.
  timeoutMS: 60_000,
  tempDirName: `${folder}/sandbox`,
  ignorePatterns: ["/.local", "/bench"],
  reporters: ["progress-append-only", "clear-text", "html", "json"],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  htmlReporter: { fileName: `${folder}/report.html` },
  jsonReporter: { fileName: `${folder}/report.json` },
  thresholds: { high: 90, low: 85, break: null },
  allowEmpty: true,
  disableTypeChecks: false,
};
