const { default: TestRunner } = require("jest-runner");

/** jest's own runner, one file after another: engine tests share the machine's ports and its two cores. */
module.exports = class SerialRunner extends TestRunner {
  isSerial = true;
};
