/** `make queues`: Robotoff's queues and workers by `rq info`; PROTEA's with messages, consumers and dead letters. */
import { containerName, containersOf, type SystemSpec } from "../systems/spec.ts";
import type { HostSettings } from "../config/host.ts";
import { run, selected } from "./command.ts";
import { dockerCommand } from "../hosts/connection.ts";
import { dockerOutput, show } from "../hosts/docker.ts";
import { readStack } from "./stack.ts";
import { table } from "./table.ts";

/** A running container of Robotoff's own image, a worker if there is one: any of them can ask rq. */
function robotoffContainer(host: HostSettings, system: SystemSpec): string {
  const image = system.services.find((service) => service.name === "api")!.image;
  const isWorker = (command: string[] = []) => command.includes("run-worker");
  const candidates = containersOf(system)
    .filter(({ service }) => service.image === image && service.kind === "service")
    .sort((a, b) => Number(isWorker(b.service.command)) - Number(isWorker(a.service.command)))
    .map(({ name }) => name);
  const filter = `label=com.docker.compose.project=${system.project}`;
  const running = new Set(dockerOutput(host, ["ps", "--filter", filter, "--format", "{{.Names}}"]).split("\n"));
  const found = candidates.find((name) => running.has(name));
  if (!found) throw new Error(`no container of Robotoff runs: ${candidates.join(", ")}`);
  return found;
}

function rabbitmqQueues(host: HostSettings, system: SystemSpec): void {
  const list = ["rabbitmqctl", "-q", "list_queues", "name", "messages", "consumers", "--formatter", "json"];
  const command = ["exec", containerName(system, "rabbitmq", 1), ...list];
  console.log(dockerCommand(host, command).join(" "));
  const queues = JSON.parse(dockerOutput(host, command)) as { name: string; messages: number; consumers: number }[];
  const rows = queues
    .sort((a, b) => a.name.localeCompare(b.name))
    .map(({ name, messages, consumers }) => ({
      queue: name,
      messages: String(messages),
      consumers: String(consumers),
    }));
  console.log(table(["queue", "messages", "consumers"], rows));
  const dead = queues
    .filter((queue) => queue.name.endsWith("dead-letter"))
    .reduce((sum, queue) => sum + queue.messages, 0);
  console.log(`dead letters: ${dead}`);
}

await run([], async (options) => {
  const stack = readStack(options.stack);
  for (const system of selected(stack, { system: options.system })) {
    console.log(`--- ${system.name}`);
    if (system.name === "protea") rabbitmqQueues(stack.host, system);
    else {
      const container = robotoffContainer(stack.host, system);
      // The image's rq is on the PATH of its entrypoint alone.
      const ask = ["exec", container, "/docker-entrypoint.sh", "rq", "info"];
      const code = await show(dockerCommand(stack.host, ask));
      if (code !== 0) return code;
    }
  }
  return 0;
});
