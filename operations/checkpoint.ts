/** `make checkpoint NAME=…`: names this moment, to restore to it. */
import { backedUp, vault } from "./backups/systems.ts";
import { run } from "./command.ts";
import { readStack } from "./stack.ts";

export const done = run(["name"], (options) => {
  const stack = readStack(options.stack);
  const { name = "" } = options;
  if (!/^[A-Za-z][\w.-]{0,62}$/.test(name) || name === "latest")
    throw new Error(
      `found NAME=${name}, expected a name of letters, digits and . _ - that begins with a letter, not latest`,
    );
  for (const system of backedUp(stack, options))
    console.log(`${system.name}: checkpoint ${vault(stack.host, system, "checkpoint", name).trim()}`);
  return 0;
});
