/** PROTEA's queues as its services declare them. */
import type { SystemSpec } from "../spec.ts";

/** Where messages go that failed for good. */
export const DEAD_LETTERS = "protea.dead-letter";

/** A queue that services of the stack consume. */
export interface ConsumedQueue {
  name: string;
  /** Containers that consume it, one consumer each. */
  consumers: number;
  /** Why it has exactly one consumer; undefined: any number. */
  single?: string;
}

/** The queue a service consumes: `--queue NAME` of its command. The reaper's is none, it looks at the database alone. */
function queueOf(command: string[] = []): string | undefined {
  const at = command.indexOf("--queue");
  const name = at < 0 ? undefined : command[at + 1];
  return name === "reaper" ? undefined : name;
}

/** Every queue that a service of the system consumes, in the order of the services. */
export function consumedQueues(system: SystemSpec): ConsumedQueue[] {
  const queues = new Map<string, ConsumedQueue>();
  const why = new Map(system.services.map(({ soleConsumer }) => [soleConsumer?.queue, soleConsumer?.why]));
  for (const { kind, command, replicas } of system.services) {
    const name = queueOf(command);
    if (kind === "job" || !name) continue;
    const consumers = (queues.get(name)?.consumers ?? 0) + replicas;
    queues.set(name, { name, consumers, single: why.get(name) });
  }
  return [...queues.values()];
}
