/** `make open`: a service of a stack, where this machine can call it. On another host until Ctrl-C, by a tunnel that ssh holds. */
import { once } from "node:events";
import { connect, createServer, type AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { forwardCommand } from "../hosts/connection.ts";
import { show } from "../hosts/docker.ts";
import { run, selected } from "./command.ts";
import { look } from "./containers/look.ts";
import { summary } from "./containers/rows.ts";
import { forward, openings, openPorts, refuseOthers, type Way } from "./open/opening.ts";
import { readStack } from "./stack.ts";

/** A port of this machine that nobody has: that one, or any. */
async function freePort(wanted: number): Promise<number> {
  const server = createServer();
  try {
    server.listen(wanted, "127.0.0.1");
    await once(server, "listening");
    return (server.address() as AddressInfo).port;
  } catch (error) {
    // In use, or below 1024 and root's alone.
    if (wanted === 0) throw error;
    return await freePort(0);
  } finally {
    server.close();
  }
}

/** Whether something takes connections at a port of this machine. */
async function listens(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** Holds a tunnel until it ends or this process is told to. @param opened is called once, when it is there */
async function hold(command: string[], port: number, opened: () => void): Promise<number> {
  const closing = new AbortController();
  const close = () => closing.abort();
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, close);
  let over = false;
  const ended = show(command, { stdio: ["ignore", "inherit", "inherit"], signal: closing.signal })
    // On a terminal ssh was told, too, and may have ended first.
    .then((code) => (closing.signal.aborted ? 0 : code || 1))
    .catch((error: Error) => {
      if (!closing.signal.aborted) throw error;
      return 0;
    })
    .finally(() => {
      over = true;
      for (const signal of signals) process.off(signal, close);
    });
  while (!over && !(await listens(port))) await Promise.race([ended, pause(100)]);
  if (!over) opened();
  return ended;
}

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
