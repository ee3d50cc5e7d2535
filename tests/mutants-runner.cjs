const { existsSync, readFileSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");
const { default: TestRunner } = require("jest-runner");

/**
 * jest's own runner for `make mutants`, which asks for a few tests of many, by their names, once for each change. jest
 * would load every file to see that it has none of them. The first run, of all tests, notes which tests a file has and
 * how long it takes; later ones run only the files that have what is asked for, the fastest first, up to one that fails.
 */
module.exports = class MutantsRunner extends TestRunner {
  async runTests(tests, watcher, options) {
    const notes = join(this._globalConfig.rootDir, "tests-by-file.json");
    const pattern = this._globalConfig.testNamePattern;
    const seen = {};
    let failed = false;
    this.on("test-file-success", ([{ path }, { testResults, perfStats, numFailingTests }]) => {
      seen[path] = { names: testResults.map(({ fullName }) => fullName), runtime: perfStats.runtime };
      failed ||= numFailingTests > 0;
    });
    if (!pattern || !existsSync(notes)) {
      await super.runTests(tests, watcher, options);
      if (!pattern) writeFileSync(notes, JSON.stringify(seen));
      return;
    }
    const known = JSON.parse(readFileSync(notes, "utf8"));
    const asked = new RegExp(pattern, "i");
    const having = tests
      .filter(({ path }) => known[path]?.names.some((name) => asked.test(name)))
      .sort((a, b) => known[a.path].runtime - known[b.path].runtime);
    for (const test of having) if (!failed) await super.runTests([test], watcher, options);
  }
};
