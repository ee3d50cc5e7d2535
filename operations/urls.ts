/** `make urls`: what can be opened or called, per system. */
import { systemOutputs } from "../systems/outputs.ts";
import { run, selected } from "./command.ts";
import { dockerCommand } from "../hosts/connection.ts";
import { readStack } from "./stack.ts";
import { table } from "./table.ts";

export const done = run([], (options) => {
  const stack = readStack(options.stack);
  const rows = selected(stack, options).flatMap((system) =>
    Object.entries(systemOutputs(system).urls).map(([what, url]) => ({ system: system.name, what, url })),
  );
  console.log(table(["system", "what", "url"], rows));
  const [command, ...rest] = dockerCommand(stack.host, []);
  if (command !== "ssh") return 0;
  const host = rest.slice(0, rest.indexOf("--")).join(" ");
  console.log(`\n127.0.0.1 is the host's own; to reach a port from here: ssh ${host} -N -L PORT:127.0.0.1:PORT`);
  return 0;
});
