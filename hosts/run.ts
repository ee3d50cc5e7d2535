/** Runs a script of hosts/scripts/ on a stack's host. It goes in by standard input: nothing needs to be installed there. */
import { spawnSync } from "node:child_process";
import type { HostSettings } from "../config/host.ts";
import { quote, shell } from "./connection.ts";
import { ended, type Ended } from "./docker.ts";
import { explained } from "./explain.ts";
import { inlineCommand, script } from "./scripts.ts";

/** Prints how a script is run, as it can be typed by hand, to standard error as show() does. */
export function showScript(host: HostSettings, name: string, args: string[] = []): void {
  const words = [...shell(host).interpreter, inlineCommand(args)];
  console.error(`${words.map(quote).join(" ")} < hosts/scripts/${name}.sh`);
}

/** Runs a shell command line on the host. Nothing is thrown. */
export function onHost(host: HostSettings, line: string, input?: string): Ended {
  const { interpreter, environment } = shell(host);
  const [command, ...words] = interpreter;
  const env = { ...process.env, ...environment };
  const options = { input, env, encoding: "utf8", maxBuffer: 2 ** 28 } as const;
  return explained(host, ended(command!, spawnSync(command!, [...words, line], options)));
}

/** What a shell command line prints on the host. Throws its complaint when it fails. */
export function succeeds(host: HostSettings, line: string, input?: string): string {
  const { code, stdout, stderr } = onHost(host, line, input);
  if (code !== 0) throw new Error(stderr.trim() || `exit code ${code}: ${line}`);
  return stdout;
}

/**
 * What it prints and its exit code. Nothing is thrown.
 * @param before the scripts whose functions it needs
 */
export const runScript = (host: HostSettings, name: string, args: string[] = [], before: string[] = []): Ended =>
  onHost(host, inlineCommand(args), script(name, before).content);
