/** Runs installed scripts of hosts/scripts/ on a stack's host, and puts there what is missing: a wiped host has none. */
import { spawnSync } from "node:child_process";
import type { HostSettings } from "../config/host.ts";
import { quote, shell } from "./connection.ts";
import { ended, show, type Ended } from "./docker.ts";
import { installCommand, runCommand, script, type Script } from "./scripts.ts";

/** Runs a shell command line on the host; what it prints. Throws its complaint when it fails. */
function onHost(host: HostSettings, line: string, input?: string): string {
  const { interpreter, environment } = shell(host);
  const [command, ...words] = interpreter;
  const options = { input, env: { ...process.env, ...environment }, encoding: "utf8" } as const;
  const { code, stdout, stderr } = ended(command!, spawnSync(command!, [...words, line], options));
  if (code !== 0) throw new Error(stderr.trim() || `exit code ${code}: ${line}`);
  return stdout;
}

/** Installs those of the scripts that the host does not have. */
function install(host: HostSettings, scripts: Script[]): void {
  const missing = onHost(host, scripts.map(({ path, hash }) => `[ -x ${path} ] || echo ${hash}`).join("; ") || ":");
  for (const one of scripts) if (missing.includes(one.hash)) onHost(host, installCommand(one), one.content);
}

/**
 * Runs a script on the host, on this terminal.
 * @param name of hosts/scripts/NAME.sh
 * @param beside the scripts that it looks for beside itself, by name
 * @returns its exit code
 */
export function runInstalled(host: HostSettings, name: string, args: string[], beside: string[] = []): Promise<number> {
  install(host, [name, ...beside].map(script));
  const { interpreter, environment } = shell(host);
  return show([...interpreter, runCommand(script(name), args)], { env: { ...process.env, ...environment } });
}

/** As docker exec -i: what a script prints that runs in a container of the host, from its standard input. */
export function inContainer(host: HostSettings, container: string, user: string, name: string, args: string[]): Ended {
  const { interpreter, environment } = shell(host);
  const [command, ...words] = interpreter;
  const line = ["docker", "exec", "-i", "-u", user, container, "sh", "-s", "--", ...args].map(quote).join(" ");
  const ran = spawnSync(command!, [...words, line], {
    input: script(name).content,
    env: { ...process.env, ...environment },
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  return ended(command!, ran);
}
