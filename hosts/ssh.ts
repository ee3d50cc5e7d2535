/**
 * OpenSSH's two files for a host that is another machine, made from the stack file alone: one way there and one trust store for the
 * Docker provider, Commands and daily commands. https://man.openbsd.org/ssh_config
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { HostSettings, SshSettings } from "../config/host.ts";

type Machine = Pick<SshSettings, "address" | "port" | "hostKeys">;

/** Where they are, relative to the checkout: Pulumi's state has the path, and is the same for everybody. */
export function sshFiles({ address }: Pick<SshSettings, "address">): { config: string; knownHosts: string } {
  const folder = `.local/ssh/${address}`;
  return { config: `${folder}/config`, knownHosts: `${folder}/known_hosts` };
}

/** The text of known_hosts: the pinned keys of the host and its proxy, and nobody else's. */
export function knownHosts(ssh: SshSettings): string {
  const lines = ({ address, port, hostKeys }: Machine) =>
    hostKeys.map((key) => `${port === 22 ? address : `[${address}]:${port}`} ${key}\n`);
  return [ssh, ...(ssh.proxy ? [ssh.proxy] : [])].flatMap(lines).join("");
}

/** What holds for the host and its proxy. */
const COMMON = `  StrictHostKeyChecking yes
  GlobalKnownHostsFile none
  UpdateHostKeys no
  PasswordAuthentication no
  KbdInteractiveAuthentication no
  ConnectTimeout 10
  # A connection whose other end is gone (a laptop that slept) ends within 30 s, and with it whoever waits for it.
  ServerAliveInterval 10
  ServerAliveCountMax 2
`;

/**
 * The connection's socket. In ~/.ssh, since its path must be short (at most 107 bytes); named by all that is said of the machine: whoever
 * has other keys of it, or another proxy, has another machine.
 */
const socket = (ssh: SshSettings) =>
  `~/.ssh/robotoff-protea-${createHash("sha256").update(JSON.stringify(ssh)).digest("hex").slice(0, 12)}`;

/** The text of ssh_config. */
export function sshConfig(ssh: SshSettings): string {
  const { knownHosts } = sshFiles(ssh);
  const host = ({ address, port, user }: Pick<SshSettings, "address" | "port" | "user">) =>
    `Host ${address}\n  HostName ${address}\n  Port ${port}\n  User ${user}\n`;
  const own = [
    ...(ssh.identity ? [`  IdentityFile ${ssh.identity}\n  IdentitiesOnly yes\n`] : []),
    ...[`  UserKnownHostsFile ${knownHosts}\n`, COMMON],
  ].join("");
  return [
    "# Made from the stack file by each command; a change here is written over.\n",
    host(ssh),
    ...(ssh.proxy ? [`  ProxyJump ${ssh.proxy.address}\n`] : []),
    "  BatchMode yes\n",
    "  # One connection for all: many short ones meet sshd's MaxStartups, and each would log in at the proxy too.\n",
    `  ControlMaster auto\n  ControlPersist 60\n  ControlPath ${socket(ssh)}\n`,
    own,
    ...(ssh.proxy ? ["\n", host(ssh.proxy), own] : []),
  ].join("");
}

/** What Pulumi must be told of the host: how many things it may do at a time there. */
export const pulumiEnvironment = ({ ssh }: HostSettings): Record<string, string> =>
  ssh ? { PULUMI_PARALLEL: String(ssh.connections) } : {};

/** Writes a file that only its owner reads, whole, unless it is so already. */
function write(path: string, text: string): void {
  try {
    if (readFileSync(path, "utf8") === text) return;
  } catch {
    // Not there yet.
  }
  writeFileSync(`${path}.${process.pid}`, text, { mode: 0o600 });
  renameSync(`${path}.${process.pid}`, path);
}

/** Makes both files in the working directory, which is the checkout's, where they are not as the stack file has it. */
export function writeSshFiles({ ssh }: HostSettings): void {
  if (!ssh) return;
  const files = sshFiles(ssh);
  mkdirSync(join(files.config, ".."), { recursive: true, mode: 0o700 });
  // Where the connection's socket is.
  mkdirSync(join(homedir(), ".ssh"), { recursive: true, mode: 0o700 });
  write(files.config, sshConfig(ssh));
  write(files.knownHosts, knownHosts(ssh));
}
