/** `make dashboard`: a page of a stack that is watched, on this machine's loopback address, until Ctrl-C. It changes nothing. */
import { once } from "node:events";
import type { Server } from "node:http";
import { momentOf } from "../backups/list.ts";
import { forwardCommand } from "../hosts/connection.ts";
import { calledAt } from "../systems/outputs.ts";
import type { Stack } from "../systems/stack.ts";
import { run } from "./command.ts";
import { ask } from "./dashboard/ask.ts";
import { excuse, page, type Mark } from "./dashboard/page.ts";
import type { Back } from "./dashboard/questions.ts";
import { serve } from "./dashboard/server.ts";
import { deploymentsOf } from "./deployments/host.ts";
import { forward, openPorts } from "./open/opening.ts";
import { freePort, hold, untilTold } from "./open/tunnel.ts";
import { prometheusOf } from "./prometheus/service.ts";
import { readStack } from "./stack.ts";

/** This machine's port of the page, unless somebody has it. */
const PORT = 8090;

/** Prometheus' own, in its container. */
const PROMETHEUS = 9090;

/** How long deployments are not asked for again, milliseconds: each time is a round trip to the host. */
const KEPT = 60_000;

/** What was deployed, as the host keeps it; a text: why that is not known. */
function deployments({ host, name }: Stack): () => Mark[] | string {
  let known: Mark[] | string = [];
  let asked = -Infinity;
  return () => {
    if (Date.now() - asked < KEPT) return known;
    asked = Date.now();
    try {
      known = deploymentsOf(host, name).map(({ stamp, by, commit }) => ({
        at: momentOf(stamp).getTime() / 1_000,
        by,
        commit,
      }));
    } catch (error) {
      known = (error as Error).message;
    }
    return known;
  };
}

/** Serves the page, once Prometheus has answered. @param address HOST:PORT of Prometheus @param container its name */
async function present(stack: Stack, container: string, address: string): Promise<Server> {
  const answers = async (back: Back) => {
    try {
      return await ask(address, back);
    } catch (error) {
      const { message, cause } = error as Error;
      const why = [message, (cause as Error | undefined)?.message].filter(Boolean).join(": ");
      throw new Error(`${container} does not answer: ${why}. make why STACK=${stack.name} SYSTEM=monitoring`);
    }
  };
  await answers("1h");
  const deployed = deployments(stack);
  const host = stack.host.ssh?.address ?? "this machine";
  const shown = async (back: Back) => {
    try {
      const all = await answers(back);
      return { ok: true, page: page({ stack: stack.name, host, deployments: deployed() }, all) };
    } catch (error) {
      return { ok: false, page: excuse(stack.name, (error as Error).message) };
    }
  };
  const port = await freePort(PORT);
  const server = await serve(shown, port);
  console.log(`http://127.0.0.1:${port}/\nuntil Ctrl-C`);
  return server;
}

export const done = run([], async ({ stack: name }) => {
  const stack = readStack(name);
  const { service, container } = prometheusOf(stack);
  const port = openPorts(service).find((one) => one.container === PROMETHEUS);
  if (!port)
    throw new Error(`Pulumi.${name}.yaml publishes no port of Prometheus: monitoring:services.prometheus.ports needs one, such as 127.0.0.1:9090:${PROMETHEUS}`);
  let server: Server | undefined;
  try {
    if (!stack.host.ssh)
      return await untilTold(async (told) => {
        server = await present(stack, container, calledAt(port));
        if (!told.aborted) await once(told, "abort");
        return 0;
      });
    const here = await freePort(port.host);
    const tunnel = forwardCommand(stack.host, [forward({ port, here })])!;
    return await hold(tunnel, here, async () => {
      server = await present(stack, container, `127.0.0.1:${here}`);
    });
  } finally {
    server?.close();
    server?.closeAllConnections();
  }
}); // prettier-ignore
