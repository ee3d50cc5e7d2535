/**
 * The containers of `make status` and `make why`, which say of none that it is as declared that `make drift` says otherwise of. They ask no more
 * for it than what they ask anyway: what images say of their containers, files and secrets are not looked at.
 */
import { declaredFacts, differences } from "../../engines/docker/declared-facts.ts";
import { foundFacts } from "../../engines/docker/facts.ts";
import type { Look } from "../containers/look.ts";
import { isShared, readState } from "../recovery/backend.ts";
import type { Stack } from "../../systems/stack.ts";
import { applied, type Applied } from "./applied.ts";
import { wantedOf } from "./compare.ts";
import { ECHOES, nameOf, type Container } from "./containers.ts";

/** How many differences are named. */
const NAMED = 3;

/** What the last `up` applied, where that is at hand: a file of this machine. */
function atHand(stack: string): Applied {
  try {
    return applied(isShared() ? [] : (readState(stack).resources ?? []));
  } catch {
    // A state that a kill tore, the next `up` mends; what runs can be told without it.
    return applied([]);
  }
}

/** @param before what the last `up` applied; empty: that is not known */
export function alike(stack: Stack, seen: Look, before: Applied = atHand(stack.name)): Look {
  const wanted = new Map(wantedOf(stack, stack.systems, before).map((one) => [one.name, one.args]));
  const containers = new Map(seen.inspected.map((one) => [nameOf(one), one as Container]));
  const found = seen.found.map((row) => {
    const [args, container] = [wanted.get(row.container), containers.get(row.container)];
    const known = before.containers.get(row.container);
    if (!args || !container) return row;
    // However it runs.
    if (known && known.id !== container.Id) return { ...row, problem: "not the container that the last up made" };
    if (row.problem !== undefined) return row;
    const differing = differences(declaredFacts(args), foundFacts(container), false).map(({ fact }) => fact);
    const told = differing.filter((fact) => !ECHOES.has(fact));
    if (differing.length === 0) return row;
    const more = told.length > NAMED ? ` and ${told.length - NAMED} more` : "";
    const what = told.length === 0 ? "other settings" : `other ${told.slice(0, NAMED).join(", ")}${more}`;
    return { ...row, problem: `${what} (make drift)` };
  });
  return { ...seen, found };
}
