/**
 * `make password`: a secret of the stack, configured or generated, to whoever can decrypt it: Pulumi asks for the
 * passphrase, or has it. To a terminal; elsewhere (a pipe, a log) with SHOW=1 only.
 */
import { run, selected } from "./command.ts";
import { chosenKey } from "./password/keys.ts";
import { StackSecrets } from "./password/value.ts";
import { readStack } from "./stack.ts";

export const done = run(["key", "show"], ({ stack: name, system: only, service, key: asked, show }) => {
  if (!service) throw new Error("expected, for instance, make password SERVICE=rabbitmq");
  const [system] = selected(readStack(name), { system: only, service });
  const key = chosenKey(
    system!.services.find((one) => one.name === service)!,
    asked,
  );
  if (!process.stdout.isTTY && show !== "1")
    throw new Error(`${key} is not printed where it may be kept: standard output is no terminal; add SHOW=1`);
  console.error(`${key} of ${name}:`);
  console.log(new StackSecrets(name).value(key));
  return 0;
});
