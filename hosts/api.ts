/**
 * Docker's own API on a stack's host, by `docker system dial-stdio`: for what its command line would take secrets as
 * arguments for, or has no word for. https://docs.docker.com/reference/api/engine/
 */
import { spawn } from "node:child_process";
import { request } from "node:http";
import { text } from "node:stream/consumers";
import type { HostSettings } from "../config/host.ts";
import { carried } from "./carried.ts";
import { dockerCommand } from "./connection.ts";

/**
 * Asks for something, or posts a body, and gives the answer's.
 * @param path with its query: `/containers/create?name=x`
 * @param body undefined: nothing is posted
 * @throws Error with the engine's message, or with docker's when there is no engine
 */
export async function dockerApi(host: HostSettings, path: string, body?: object): Promise<unknown> {
  const [command, ...rest] = dockerCommand(host, ["system", "dial-stdio"]);
  const child = spawn(command!, rest, { stdio: "pipe" });
  const complaint = text(child.stderr);
  const content = body === undefined ? "" : JSON.stringify(body);
  const method = body === undefined ? "GET" : "POST";
  try {
    const { status, answer } = await new Promise<{ status: number; answer: string }>((resolve, reject) => {
      child.on("error", reject);
      child.stdin.on("error", reject);
      const socket = carried(child);
      const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(content) };
      request({ method, path, host: "docker", headers, createConnection: () => socket }, (response) => {
        text(response).then((answer) => resolve({ status: response.statusCode!, answer }), reject);
      })
        .on("error", reject)
        .end(content);
    });
    const parsed = JSON.parse(answer || "{}") as { message?: string };
    if (status >= 400) throw new Error(parsed.message ?? `docker: HTTP ${status}`);
    return parsed;
  } catch (error) {
    child.stdin.destroy();
    // What docker said tells more than a connection that ended.
    const said = (await complaint).trim();
    throw said ? new Error(said) : error;
  } finally {
    child.stdin.destroy();
  }
}
