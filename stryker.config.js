/** `make mutants`: would the unit tests notice a small change of the code? docs/testing.md. */
import { project, testTimeout } from "./jest.config.js";

const folder = ".local/mutants";

/** @type {import("@stryker-mutator/api/core").PartialStrykerOptions} */
export default {
  // The rooms without effects of their own, and the daily commands, which are tried against a fake docker.
  mutate: ["config", "systems", "engines", "hosts", "operations"].map((room) => `${room}/**/*.ts`),
  testRunner: "jest",
  jest: { projectType: "custom", config: { ...project("unit"), testTimeout } },
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
  reporters: ["clear-text", "html", "json"],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  htmlReporter: { fileName: `${folder}/report.html` },
  jsonReporter: { fileName: `${folder}/report.json` },
  thresholds: { high: 90, low: 85, break: null },
  allowEmpty: true,
  disableTypeChecks: false,
};
