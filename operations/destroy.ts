/** `make destroy`: Pulumi's `destroy`, after an interrupted command's leftovers. Words after `--` go to Pulumi. */
import { show } from "../hosts/docker.ts";
import { run } from "./command.ts";
import { recoverWhenNeeded } from "./recovery/when-needed.ts";

export const done = run([], async (options) => {
  await recoverWhenNeeded(options, "destroy");
  return show(["bin/pulumi", "destroy", "--stack", options.stack, ...options.words]);
});
