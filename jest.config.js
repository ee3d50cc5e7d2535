/**
 * Four projects: `unit` (pure functions and Pulumi mocks, seconds), `engine` (a real Docker engine; slow, two files at a
 * time), `hosts` (two hosts and a proxy on this machine) and `faults` (the long campaigns of `make faults`, of which `engine`
 * and `hosts` have a short sample each).
 */

/** Types are checked by tsc; here they are only removed, and modules become CommonJS, which jest can load and mock. */
const transform = {
  "^.+\\.ts$": [
    "@swc/jest",
    { jsc: { parser: { syntax: "typescript" }, target: "es2023" }, module: { type: "commonjs" }, sourceMaps: "inline" },
  ],
};

/** @param {"unit" | "engine" | "hosts" | "faults"} name */
export const project = (name) => ({
  displayName: name,
  testEnvironment: "node",
  testMatch: [`<rootDir>/tests/${name}/**/*.test.ts`],
  // Caches and builds below may hold other package.json files, which jest would take for modules of this repository.
  modulePathIgnorePatterns: ["<rootDir>/\\.local/"],
  transform,
});

/** For all projects: jest reads it at the top only, and leaves it out of account in a project. */
export const testTimeout = 300_000;

/** @type {import("jest").Config} */
export default {
  projects: [
    project("unit"),
    .../** @type {const} */ (["engine", "hosts", "faults"]).map((name) => ({
      ...project(name),
      // Campaigns measure.
      runner: `<rootDir>/tests/${name === "faults" ? "serial" : "pairs"}-runner.cjs`,
      ...(name === "hosts" && { globalSetup: "<rootDir>/tests/hosts/once.ts" }),
    })),
  ],
  testTimeout,
  testSequencer: "<rootDir>/tests/longest-first.cjs",
  // Of two cores jest would use one for unit tests; the runners above have numbers of their own.
  maxWorkers: "100%",
};
