/** Runs docker against a stack's host: this machine's, another socket, or over SSH. */
import { spawn, spawnSync, type SpawnOptions, type SpawnSyncReturns } from "node:child_process";
import type { HostSettings } from "../config/host.ts";
import { dockerCommand, quote } from "./connection.ts";
import { explained } from "./explain.ts";

/** How a command ended: its exit code, and what it printed. */
export interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/**
 * Of what spawnSync gives. A command that ends before it has read its input (docker, of a container that does not run) is an
 * error to Node, EPIPE; why it did so the command itself has said.
 */
export function ended(command: string, { status, stdout, stderr, error }: SpawnSyncReturns<string>): Ended {
  if (status === null && error) return { code: 1, stdout: stdout ?? "", stderr: `${command}: ${error.message}` };
  return { code: status ?? 1, stdout, stderr };
}

/** What an engine answers at once, or hangs: docker itself waits for ever. Other words may rightly take long. */
const QUESTION = /^(version|info|ps|inspect|(container|image|volume|network) (ls|inspect))( |$)/;

/** Seconds for an answer; docker-compose's variable and default. */
export const patience = () => Number(process.env.DOCKER_CLIENT_TIMEOUT || 60);

/** Of an engine that has not answered in time. */
export function unanswered(host: HostSettings, asked: string): Ended {
  const where = host.ssh ? `the engine on ${host.ssh.address}` : "the engine";
  const stderr = `${asked}: ${where} does not answer within ${patience()} s: it hangs, or the machine is overloaded. There: uptime, systemctl status docker\n`;
  return { code: 1, stdout: "", stderr };
}

/**
 * What `docker ARGS` prints and its exit code. Nothing is thrown: inspecting what is missing is a failure to docker.
 * @param input its standard input, for `docker exec -i`
 */
export function docker(host: HostSettings, args: string[], input?: string): Ended {
  const [command, ...rest] = dockerCommand(host, args);
  const timeout = QUESTION.test(args.join(" ")) ? patience() * 1_000 : undefined;
  const ran = spawnSync(command!, rest, { input, encoding: "utf8", maxBuffer: 2 ** 28, timeout });
  if (timeout === undefined || !ran.error?.message.endsWith("ETIMEDOUT")) return explained(host, ended(command!, ran));
  return unanswered(host, ["docker", ...args.slice(0, 2)].join(" "));
}

/** Of a container that it should run something in, docker says its id and no more. */
const NOT_THERE = /container \S+ is not running|no such container/i;
const WAY_OUT = "make status shows what does not run, make why says why, make start starts what was stopped";

/** As docker(), for what must succeed. */
export function dockerOutput(host: HostSettings, args: string[], input?: string): string {
  const { code, stdout, stderr } = docker(host, args, input);
  if (code === 0) return stdout;
  const said = stderr.trim() || `docker ${args.join(" ")}: exit code ${code}`;
  throw new Error(args[0] === "exec" && NOT_THERE.test(said) ? `${said}\n${WAY_OUT}` : said);
}

/**
 * Prints a command, runs it on this terminal and gives its exit code. The command goes to standard error: what is piped
 * is its output alone.
 * @param input its standard input; undefined: this terminal's
 */
export function show(command: string[], options: SpawnOptions = {}, input?: string): Promise<number> {
  console.error(command.map(quote).join(" "));
  return new Promise((resolve, reject) => {
    const child = spawn(command[0]!, command.slice(1), {
      stdio: [input === undefined ? "inherit" : "pipe", "inherit", "inherit"],
      ...options,
    });
    // Whoever ends before it has read it says why.
    child.stdin?.on("error", () => undefined).end(input);
    child.on("error", reject);
    // A command that a person ended with Ctrl-C (following a log) did not fail.
    child.on("close", (code, signal) => resolve(code ?? (signal === "SIGINT" ? 0 : 1)));
  });
}
