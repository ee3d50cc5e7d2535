/** `make topology`: prints the picture of a deployed stack; README.md has that of `local`. */
import { readState } from "./lib/backend.ts";
import { run } from "./lib/command.ts";
import { topology, type GraphResource } from "./lib/topology.ts";

await run(({ stack }) => {
  const { resources } = readState(stack);
  if (!resources) throw new Error(`the stack ${stack} has no resources yet; make up STACK=${stack}`);
  console.log(topology(resources as GraphResource[]));
  return 0;
});
