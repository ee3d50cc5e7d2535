/** `make urls`: what can be opened or called, per system. */
import { systemOutputs } from "../systems/outputs.ts";
import { run, selected } from "./command.ts";
import { forwardCommand } from "../hosts/connection.ts";
import { readStack } from "./stack.ts";
import { table } from "./table.ts";

export const done = run([], (options) => {
  const stack = readStack(options.stack);
  const rows = selected(stack, options).flatMap((system) =>
    Object.entries(systemOutputs(system).urls).map(([what, url]) => ({ system: system.name, what, url })),
  );
  console.log(table(["system", "what", "url"], rows));
  const forward = forwardCommand(stack.host, ["PORT:127.0.0.1:PORT"]);
  if (forward)
    console.log(
      `\nAs one on the host calls them; 127.0.0.1 is its own. From here: make open STACK=${options.stack} SYSTEM=… SERVICE=…\n` +
        `by hand: ${forward.join(" ")}`,
    );
  return 0;
});
