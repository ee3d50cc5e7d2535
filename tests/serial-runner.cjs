const { default: TestRunner } = require("jest-runner");

/** jest's own runner, one file after another: each has the whole machine. */
module.exports = class SerialRunner extends TestRunner {
  isSerial = true;
};
