const { default: TestRunner } = require("jest-runner");

/**
 * jest's own runner, two files at a time, however many cores there are: much of the time these tests wait for servers, and what each
 * makes has names, ports and folders of its own.
 */
module.exports = class PairsRunner extends TestRunner {
  constructor(globalConfig, context) {
    super({ ...globalConfig, maxWorkers: 2 }, context);
  }

  /** On one or two cores jest would run them in its own process, one after another. */
  runTests(tests, watcher, options) {
    return super.runTests(tests, watcher, { ...options, serial: false });
  }
};
