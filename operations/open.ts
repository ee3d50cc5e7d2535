/** `make open`: a service of a stack, where this machine can call it. On another host until Ctrl-C, by a tunnel that ssh holds. */
import { forwardCommand } from "../hosts/connection.ts";
import { run, selected } from "./command.ts";
import { look } from "./containers/look.ts";
import { summary } from "./containers/rows.ts";
import { forward, openings, openPorts, refuseOthers, type Way } from "./open/opening.ts";
import { freePort, hold } from "./open/tunnel.ts";
import { readStack } from "./stack.ts";

export const done = run([], async (options) => {
  const stack = readStack(options.stack);
  refuseOthers(selected(stack, { system: options.system }), options.service);
  const [system] = selected(stack, options);
  const service = system!.services.find(({ name }) => name === options.service)!;
  const { found, inspected } = look({ ...options, system: system!.name }, stack);
  if (!inspected.some(({ State }) => State.Status === "running"))
    throw new Error(`${summary(found)}. make start starts what was stopped, make why says more`);
  const ways: Way[] = [];
  if (stack.host.ssh) for (const port of openPorts(service)) ways.push({ port, here: await freePort(port.host) });
  const command = forwardCommand(stack.host, ways.map(forward));
  if (!command) {
    console.log(openings(service).join("\n"));
    return 0;
  }
  return hold(command, ways[0]!.here, () => console.log(`${openings(service, ways).join("\n")}\nuntil Ctrl-C`));
});
