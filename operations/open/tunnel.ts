/** A way from a port of this machine to one that another host calls, held by ssh. */
import { once } from "node:events";
import { connect, createServer, type AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { show } from "../../hosts/docker.ts";

/** A port of this machine that nobody has: that one, or any. */
export async function freePort(wanted: number): Promise<number> {
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

/** Does something until this process is told to end: by Ctrl-C, or its terminal was closed. */
export async function untilTold<T>(work: (told: AbortSignal) => Promise<T>): Promise<T> {
  const closing = new AbortController();
  const close = () => closing.abort();
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, close);
  try {
    return await work(closing.signal);
  } finally {
    for (const signal of signals) process.off(signal, close);
  }
}

/**
 * Holds a tunnel until it ends or this process is told to.
 * @param port this machine's end of it
 * @param opened is called once, when it is there; when it fails, the tunnel ends
 * @returns an exit code
 */
export function hold(command: string[], port: number, opened: () => unknown): Promise<number> {
  return untilTold(async (told) => {
    const failing = new AbortController();
    const signal = AbortSignal.any([told, failing.signal]);
    let over = false;
    const ended = show(command, { stdio: ["ignore", "inherit", "inherit"], signal })
      // On a terminal ssh was told, too, and may have ended first.
      .then((code) => (signal.aborted ? 0 : code || 1))
      .catch((error: Error) => {
        if (!signal.aborted) throw error;
        return 0;
      })
      .finally(() => {
        over = true;
      });
    while (!over && !(await listens(port))) await Promise.race([ended, pause(100)]);
    try {
      if (!over) await opened();
    } catch (error) {
      failing.abort();
      await ended;
      throw error;
    }
    return ended;
  });
}
