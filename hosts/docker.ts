/** Runs docker against a stack's host: this machine's, another socket, or over SSH. */
import { spawn, spawnSync, type SpawnOptions } from "node:child_process";
import type { HostSettings } from "../config/host.ts";
import { dockerCommand, quote } from "./connection.ts";

/**
 * What `docker ARGS` prints and its exit code. Nothing is thrown: inspecting what is missing is a failure to docker.
 * @param input its standard input, for `docker exec -i`
 */
export function docker(
  host: HostSettings,
  args: string[],
  input?: string,
): { code: number; stdout: string; stderr: string } {
  const [command, ...rest] = dockerCommand(host, args);
  const { status, stdout, stderr, error } = spawnSync(command!, rest, { input, encoding: "utf8", maxBuffer: 2 ** 28 });
  return { code: status ?? 1, stdout: stdout ?? "", stderr: error ? `${command}: ${error.message}` : stderr };
}

/** As docker(), for what must succeed. */
export function dockerOutput(host: HostSettings, args: string[], input?: string): string {
  const { code, stdout, stderr } = docker(host, args, input);
  if (code !== 0) throw new Error(stderr.trim() || `docker ${args.join(" ")}: exit code ${code}`);
  return stdout;
}

/**
 * Prints a command, runs it on this terminal and gives its exit code. The command goes to standard error: what is piped
 * is its output alone.
 */
export function show(command: string[], options: SpawnOptions = {}): Promise<number> {
  console.error(command.map(quote).join(" "));
  return new Promise((resolve, reject) => {
    const child = spawn(command[0]!, command.slice(1), { stdio: "inherit", ...options });
    child.on("error", reject);
    // A command that a person ended with Ctrl-C (following a log) did not fail.
    child.on("close", (code, signal) => resolve(code ?? (signal === "SIGINT" ? 0 : 1)));
  });
}
