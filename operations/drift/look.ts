import type { Stack } from "../../systems/stack.ts";
import { selected, type Selection } from "../command.ts";
import { endedJobs } from "../containers/look.ts";
import { declared } from "../containers/rows.ts";
import { readStack } from "../stack.ts";
import { applied } from "./applied.ts";
import { ask } from "./ask.ts";
import { compare, wantedOf } from "./compare.ts";
import type { Row } from "./rows.ts";
import { stateOf } from "./state.ts";

/**
 * Every difference between what is declared, what the last `up` applied and what the host has.
 * @param secrets whether the values of secrets are compared, for which Pulumi may ask for the passphrase
 * @throws Error when it cannot be told
 */
export async function lookForDrift(
  { stack: name, system }: Pick<Selection, "stack" | "system">,
  secrets = true,
): Promise<{ stack: Stack; rows: Row[] }> {
  const stack = readStack(name);
  const systems = selected(stack, { system });
  const state = stateOf(name, secrets);
  // Should the host not answer, that is said alone.
  state.catch(() => undefined);
  // Files and names are the same whatever was applied.
  const found = ask(stack, systems, wantedOf(stack, systems, applied([])));
  const before = applied(await state);
  const containers = systems.flatMap((one) => declared(one));
  const ended = endedJobs(stack, containers, found.containers);
  return { stack, rows: compare(stack, systems, before, found, ended) };
}
