/** Runs installed scripts of hosts/scripts/ on a stack's host, and puts there what is missing: a wiped host has none. */
import type { HostSettings } from "../config/host.ts";
import { quote, shell } from "./connection.ts";
import { show, type Ended } from "./docker.ts";
import { onHost, succeeds } from "./run.ts";
import { installCommand, runCommand, script, type Script } from "./scripts.ts";

/** Installs those of the scripts that the host does not have. */
export function install(host: HostSettings, scripts: Script[]): void {
  const missing = succeeds(host, scripts.map(({ path, hash }) => `[ -x ${path} ] || echo ${hash}`).join("; "));
  for (const one of scripts) if (missing.includes(one.hash)) succeeds(host, installCommand(one), one.content);
}

/**
 * Runs a script on the host, on this terminal.
 * @param name of hosts/scripts/NAME.sh
 * @param beside the scripts that it looks for beside itself, by name
 * @param input its standard input, where that is not this terminal's
 * @returns its exit code
 */
export function runInstalled(
  host: HostSettings,
  name: string,
  args: string[],
  beside: string[] = [],
  input?: string,
): Promise<number> {
  install(
    host,
    [name, ...beside].map((one) => script(one)),
  );
  const { interpreter, environment } = shell(host);
  return show([...interpreter, runCommand(script(name), args)], { env: { ...process.env, ...environment } }, input);
}

/** The command line that runs a script in a container of the host; the script goes in by standard input. */
export const inContainerCommand = (container: string, user: string, args: string[]): string =>
  ["docker", "exec", "-i", "-u", user, container, "sh", "-s", "--", ...args].map(quote).join(" ");

/** As docker exec -i: what a script prints that runs in a container of the host, from its standard input. */
export function inContainer(host: HostSettings, container: string, user: string, name: string, args: string[]): Ended {
  return onHost(host, inContainerCommand(container, user, args), script(name).content);
}
