/** How a host is reached: by the Docker provider, by scripts that run there, and by docker itself. Pure; the only place. */
import type { HostSettings } from "../config/host.ts";
import { sshFiles } from "./ssh.ts";

/** A word as a shell must see it. */
export const quote = (word: string): string =>
  /^[\w./:=@,+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;

/** The words that run a command on another machine, before the command; undefined for an engine on this one. */
export function sshCommand({ ssh }: HostSettings): string[] | undefined {
  return ssh && ["ssh", "-F", sshFiles(ssh).config, ssh.address, "--"];
}

/** The words of an ssh whose standard input and output are a connection to a port there, HOST:PORT; undefined for an engine on this machine. */
export function sshPort({ ssh }: HostSettings, port: string): string[] | undefined {
  return ssh && ["ssh", "-W", port, "-F", sshFiles(ssh).config, ssh.address];
}

/**
 * The command that holds ports of this machine open to addresses that the host calls, until it ends; undefined for an engine on this one.
 * By a connection of its own (-S none): the shared one would keep them open after it.
 * @param forwards `PORT:ADDRESS:PORT`, this machine's first
 */
export function forwardCommand({ ssh }: HostSettings, forwards: string[]): string[] | undefined {
  const own = ["-S", "none", "-o", "ExitOnForwardFailure=yes", "-N"];
  return ssh && ["ssh", "-F", sshFiles(ssh).config, ...own, ...forwards.flatMap((one) => ["-L", one]), ssh.address];
}

/** Arguments of docker.Provider. */
export function providerArguments({ docker, ssh }: HostSettings) {
  if (!ssh) return { host: docker, sshOpts: undefined };
  return { host: `ssh://${ssh.user}@${ssh.address}:${ssh.port}`, sshOpts: ["-F", sshFiles(ssh).config] };
}

/** How a Command runs one shell command line on the host: its interpreter and its environment. */
export function shell(host: HostSettings): { interpreter: string[]; environment?: Record<string, string> } {
  const ssh = sshCommand(host);
  if (ssh) return { interpreter: ssh };
  return { interpreter: ["/bin/sh", "-c"], environment: host.docker ? { DOCKER_HOST: host.docker } : undefined };
}

/** A command with this terminal at its end: over SSH, one has to be asked for. */
export const onTerminal = (command: string[]): string[] =>
  command[0] === "ssh" ? ["ssh", "-t", ...command.slice(1)] : command;

/**
 * A command that runs until somebody ends it, with nothing to read: over SSH it must end with the ssh that began it, as what has a terminal
 * of its own there does. Without one it would go on (https://bugzilla.mindrot.org/show_bug.cgi?id=396). Not -t: that leaves this terminal's
 * Ctrl-C to whoever reads it there first, and two may run side by side.
 */
export const endsWithUs = (command: string[]): string[] =>
  command[0] === "ssh" ? ["ssh", "-tt", ...command.slice(1)] : command;

/** The whole command line of `docker ARGS` for a host. */
export function dockerCommand(host: HostSettings, args: string[]): string[] {
  const ssh = sshCommand(host);
  if (ssh) return [...ssh, ["docker", ...args].map(quote).join(" ")];
  return host.docker ? ["docker", "-H", host.docker, ...args] : ["docker", ...args];
}
