/**
 * `make fetch`: the backups of a host that was lost, back from the copy off it, before the first `make up` on the new one. The
 * passwords are the stack's, as Pulumi decrypts them, or with KIT= a recovery kit's.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fetchArguments } from "../backups/fetch.ts";
import { runInstalled } from "../hosts/installed.ts";
import { copiedOff } from "./backups/systems.ts";
import { run } from "./command.ts";
import { variableLines } from "./kit/variables.ts";
import { StackSecrets } from "./password/value.ts";
import { readStack } from "./stack.ts";

export const done = run(["kit", "snapshot"], async (options) => {
  const stack = readStack(options.stack);
  const secrets = new StackSecrets(stack.name);
  let worst = 0;
  for (const system of copiedOff(stack, options)) {
    const variables = options.kit
      ? readFileSync(join(options.kit, `${system.name}.env`), "utf8")
      : variableLines(stack.host.backups!.copy!, system.name, (key) => secrets.value(key));
    const args = fetchArguments(system, stack.host, options.snapshot ?? "latest");
    worst = Math.max(worst, await runInstalled(stack.host, "fetch", args, ["vault"], variables));
  }
  return worst;
});
