/** RabbitMQ's queues beside what consumes them by declaration: the rows of `make queues`. Pure. */
import type { ConsumedQueue } from "../../systems/protea/queues.ts";

/** A queue as `rabbitmqctl list_queues name messages consumers --formatter json` prints it. */
export interface ListedQueue {
  name: string;
  messages: number;
  consumers: number;
}

export type QueueRow = Record<"queue" | "messages" | "consumers" | "declared", string>;

const count = (number: number, what: string) => `${number} ${what}${number === 1 ? "" : "s"}`;

/**
 * A row for each queue that exists or should, and what is wrong: a queue that must have exactly one consumer and has
 * not. Of any other, fewer consumers than declared are only shown: they may be stopped on purpose.
 */
export function queueRows(
  declared: ConsumedQueue[],
  listed: ListedQueue[],
): { rows: QueueRow[]; problems: string[]; deadLetters: number } {
  const names = new Set([...declared, ...listed].map(({ name }) => name));
  const rows = [...names].sort().map((queue) => {
    const found = listed.find(({ name }) => name === queue);
    const wanted = declared.find(({ name }) => name === queue);
    return {
      queue,
      messages: String(found?.messages ?? "-"),
      consumers: String(found?.consumers ?? "-"),
      declared: String(wanted?.consumers ?? "-"),
    };
  });
  const problems = declared.flatMap(({ name, single }) => {
    const consumers = listed.find((queue) => queue.name === name)?.consumers ?? 0;
    if (!single || consumers === 1) return [];
    return [`${name} has ${count(consumers, "consumer")}, expected exactly 1: ${single}`];
  });
  const deadLetters = listed
    .filter(({ name }) => name.endsWith("dead-letter"))
    .reduce((sum, { messages }) => sum + messages, 0);
  return { rows, problems, deadLetters };
}
