/** How a host is reached: by the Docker provider, by scripts that run there, and by docker itself. Pure; the only place. */
import type { HostSettings } from "../config/host.ts";

/** A word as a shell must see it. */
export const quote = (word: string): string =>
  /^[\w./:=@,+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;

/** The words that run a command on an `ssh://` host, before the command; undefined for an engine on this machine. */
export function sshCommand({ docker, sshConfig }: HostSettings): string[] | undefined {
  if (!docker?.startsWith("ssh://")) return undefined;
  // Whole: ssh takes the port from it, and can take none of it for an option.
  return ["ssh", ...(sshConfig ? ["-F", sshConfig] : []), docker, "--"];
}

/** Arguments of docker.Provider. */
export function providerArguments({ docker, sshConfig }: HostSettings) {
  return { host: docker, sshOpts: sshConfig ? ["-F", sshConfig] : undefined };
}

/** How a Command runs one shell command line on the host: its interpreter and its environment. */
export function shell(host: HostSettings): { interpreter: string[]; environment?: Record<string, string> } {
  const ssh = sshCommand(host);
  if (ssh) return { interpreter: ssh };
  return { interpreter: ["/bin/sh", "-c"], environment: host.docker ? { DOCKER_HOST: host.docker } : undefined };
}

/** The whole command line of `docker ARGS` for a host. */
export function dockerCommand(host: HostSettings, args: string[]): string[] {
  const ssh = sshCommand(host);
  if (ssh) return [...ssh, ["docker", ...args].map(quote).join(" ")];
  return host.docker ? ["docker", "-H", host.docker, ...args] : ["docker", ...args];
}
