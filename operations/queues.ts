/** `make queues`: Robotoff's queues and workers by `rq info`; PROTEA's with messages, consumers, declared and real, and dead letters. */
import { styleText } from "node:util";
import { containerName, type ServiceSpec, type SystemSpec } from "../systems/spec.ts";
import type { HostSettings } from "../config/host.ts";
import { run, selected } from "./command.ts";
import { runningContainer } from "./containers/running.ts";
import { dockerCommand } from "../hosts/connection.ts";
import { dockerOutput, show } from "../hosts/docker.ts";
import { queueRows, type ListedQueue } from "./queues/rows.ts";
import { readStack } from "./stack.ts";
import { consumedQueues } from "../systems/protea/queues.ts";
import { table } from "./table.ts";

/** A running container of Robotoff's own image, a worker if there is one: any of them can ask rq. */
function robotoffContainer(host: HostSettings, system: SystemSpec): string {
  const image = system.services.find((service) => service.name === "api")!.image;
  const isWorker = (service: ServiceSpec) => Number(service.command?.includes("run-worker") ?? false);
  const services = system.services.toSorted((a, b) => isWorker(b) - isWorker(a));
  return runningContainer(host, { ...system, services }, (service) => service.image === image).name;
}

/** @returns its exit code. The image's rq is on the PATH of its entrypoint alone. */
function rqInfo(host: HostSettings, system: SystemSpec): Promise<number> {
  const words = ["/docker-entrypoint.sh", "rq", "info"];
  return show(dockerCommand(host, ["exec", robotoffContainer(host, system), ...words]));
}

/** @returns the exit code: 1 when a queue that must have exactly one consumer has not */
function rabbitmqQueues(host: HostSettings, system: SystemSpec): number {
  const list = ["rabbitmqctl", "-q", "list_queues", "name", "messages", "consumers", "--formatter", "json"];
  const command = ["exec", containerName(system, "rabbitmq", 1), ...list];
  console.log(dockerCommand(host, command).join(" "));
  const listed = JSON.parse(dockerOutput(host, command)) as ListedQueue[];
  const { rows, problems, deadLetters } = queueRows(consumedQueues(system), listed);
  console.log(table(["queue", "messages", "consumers", "declared"], rows));
  console.log(`dead letters: ${deadLetters}${deadLetters > 0 ? " (make letters shows them)" : ""}`);
  for (const problem of problems) console.log(styleText("red", problem));
  return problems.length > 0 ? 1 : 0;
}

export const done = run([], async (options) => {
  const stack = readStack(options.stack);
  let worst = 0;
  for (const system of selected(stack, { system: options.system })) {
    console.log(`--- ${system.name}`);
    try {
      const code = system.name === "protea" ? rabbitmqQueues(stack.host, system) : await rqInfo(stack.host, system);
      worst = Math.max(worst, code);
    } catch (error) {
      // Of one that is down the other's are seen all the same.
      console.error((error as Error).message);
      worst = Math.max(worst, 1);
    }
  }
  return worst;
});
