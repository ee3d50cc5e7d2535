/** What must hold across fields, services and systems. Each rule is a pure function from descriptions to problems. */
import type { Problem } from "../../config/problems.ts";
import { soleConsumers } from "../protea/rules.ts";
import { highPriorityQueues } from "../robotoff/rules.ts";
import type { SystemSpec } from "../spec.ts";
import { slotLimit } from "./backups.ts";
import { ownNetworks, volumeNames, waysOut } from "./docker-names.ts";
import { memory } from "./memory.ts";
import { dataPorts, hostPorts, publishedOnce } from "./ports.ts";
import { ending, healthchecks, names, single } from "./services.ts";

const RULES = [
  hostPorts,
  publishedOnce,
  dataPorts,
  memory,
  healthchecks,
  ending,
  single,
  soleConsumers,
  names,
  volumeNames,
  ownNetworks,
  waysOut,
  highPriorityQueues,
  slotLimit,
];

/** Every problem of the described systems. */
export function checkSystems(systems: SystemSpec[]): Problem[] {
  return RULES.flatMap((rule) => rule(systems));
}
