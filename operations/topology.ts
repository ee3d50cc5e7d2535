/** `make topology`: prints the picture of a deployed stack; README.md has that of `local`. */
import { readState } from "./recovery/backend.ts";
import { run } from "./command.ts";
import { topology, type GraphResource } from "./topology/picture.ts";

export const done = run([], ({ stack }) => {
  const { resources } = readState(stack);
  if (!resources) throw new Error(`the stack ${stack} has no resources yet; make up STACK=${stack}`);
  console.log(topology(resources as GraphResource[]));
  return 0;
});
