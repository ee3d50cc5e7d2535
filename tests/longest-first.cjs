const { default: TestSequencer } = require("@jest/test-sequencer");

/**
 * jest's own order, the longest first, but that in a new clone it knows no durations and takes the size of files, by which the longest,
 * whose topics are files of their own, would be begun last, with nothing beside it.
 */
module.exports = class LongestFirst extends TestSequencer {
  sort(tests) {
    const rank = (test) => (test.path.endsWith("/engine/stack.test.ts") ? 0 : 1);
    return super.sort(tests).sort((a, b) => rank(a) - rank(b));
  }
};
