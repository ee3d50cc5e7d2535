/** Whether what a stack publishes answers, asked by HTTP on the host's own addresses. */
import { spawn } from "node:child_process";
import { request } from "node:http";
import type { Duplex } from "node:stream";
import type { HostSettings } from "../../config/host.ts";
import { carried } from "../../hosts/carried.ts";
import { sshPort } from "../../hosts/connection.ts";

/** How long one answer may take, in milliseconds: Robotoff asks its backends meanwhile, which takes half a minute when one is away. */
const PATIENCE = 60_000;

/** A connection to a port of the host: over SSH where that is another machine. */
function through(host: HostSettings, { hostname, port }: URL): Duplex | undefined {
  const command = sshPort(host, `${hostname}:${port || 80}`);
  if (!command) return undefined;
  const ssh = spawn(command[0]!, command.slice(1), { env: { ...process.env } });
  const connection = carried(ssh);
  let said = "";
  ssh.stderr.on("data", (text) => (said += String(text)));
  ssh.on("error", (error) => connection.destroy(error));
  ssh.on("close", (code) => code && connection.destroy(new Error(said.trim() || `ssh: exit code ${code}`)));
  connection.on("close", () => ssh.kill());
  // The request tells what went wrong; what comes after its answer is no matter.
  connection.on("error", () => undefined);
  return connection;
}

/**
 * The status of the answer to one GET. A published port that is asked proves more than a container's own health check: that the
 * port is published, and that who listens there is the one.
 * @returns the HTTP status, or why there is no answer
 */
export function answer(host: HostSettings, url: string): Promise<number | string> {
  const at = new URL(url);
  const connection = through(host, at);
  return new Promise((resolve) => {
    const asked = request(at, {
      timeout: PATIENCE,
      // An agent would make a connection of its own.
      ...(connection ? { createConnection: () => connection } : { agent: false }),
    });
    const end = (result: number | string) => {
      resolve(result);
      asked.destroy();
      connection?.destroy();
    };
    asked.on("response", (response) => {
      response.on("error", () => undefined);
      end(response.statusCode!);
    });
    asked.on("timeout", () => end(`no answer within ${PATIENCE / 1_000} s`));
    asked.on("error", ({ message }) => end(message));
    asked.end();
  });
}
