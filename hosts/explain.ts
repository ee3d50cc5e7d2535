/** What ssh and docker do not say of a failure by themselves: which machine it is about, and what to do. */
import { spawnSync } from "node:child_process";
import type { HostSettings, SshSettings } from "../config/host.ts";
import type { Ended } from "./docker.ts";
import { sshFiles } from "./ssh.ts";

/** What to do about what was said, with what the expression found. */
type Way<Where> = [RegExp, (where: Where, ...found: string[]) => string];

const machine = ({ proxy }: SshSettings, address: string): string =>
  address === proxy?.address ? `the proxy ${address} (host:ssh.proxy)` : `the host ${address} (host:ssh)`;
const byHand = (ssh: SshSettings, address: string) => `by hand: ssh -F ${sshFiles(ssh).config} ${address}`;

/** Of OpenSSH, the first that fits. It says one of these of the host, or of the proxy by the ssh that goes there. */
const SSH: Way<SshSettings>[] = [
  [
    /^Host key verification failed/m,
    () =>
      "make trust STACK=… shows the key that it has now, to be compared with what its administrator has; nothing was sent to it",
  ],
  [
    /^(\S+)@(\S+): Permission denied \(/m,
    (ssh, user, address) =>
      `${machine(ssh, address)} takes none of the keys here for ${user}: ` +
      `${ssh.identity ? `host:ssh.identity is ${ssh.identity}` : "ssh-add -l lists them, host:ssh.identity names another"}; ` +
      `there, its public half belongs into ~${user}/.ssh/authorized_keys`,
  ],
  [
    /open failed: administratively prohibited/,
    ({ proxy }) =>
      `the proxy ${proxy?.address} lets nobody through to other machines: AllowTcpForwarding in its sshd_config, its administrator's to change`,
  ],
  [
    /open failed: connect failed/,
    (ssh) =>
      `the proxy ${ssh.proxy?.address} answers, and the host ${ssh.address} behind it does not at port ${ssh.port}: ` +
      `is it on, and is that its address (host:ssh)? From the proxy, ${byHand(ssh, ssh.proxy!.address)}`,
  ],
  [
    /^ssh: Could not resolve hostname (\S+):/m,
    (ssh, address) => `nobody knows the name of ${machine(ssh, address)}: correct it, or this machine's name servers`,
  ],
  [
    /^ssh: connect to host (\S+) port (\d+):/m,
    (ssh, address, port) =>
      `${machine(ssh, address)} does not answer at port ${port}: is it on, is this machine's network, and is that its address? ${byHand(ssh, address)}`,
  ],
  [
    /banner exchange|^kex_exchange_identification|^Connection (closed|reset) by |^Timeout, server /m,
    (ssh) =>
      `the way to ${ssh.address} ended while it was used: the machine is overloaded or away, or no longer lets this one in (fail2ban, MaxStartups). ` +
      `What was interrupted, the next make up completes; ${byHand(ssh, ssh.address)}`,
  ],
];

/** Of docker, here or there. */
const DOCKER: Way<HostSettings>[] = [
  [
    /permission denied while trying to connect to the docker/i,
    ({ ssh }) =>
      ssh
        ? `${ssh.user} may not use Docker on ${ssh.address}. An administrator types there: sudo usermod -aG docker ${ssh.user}. ` +
          "Then again in a minute: the connection that is open has the groups of before"
        : "this user may not use Docker here: sudo usermod -aG docker USER, and log in anew",
  ],
  [
    /docker: (command )?not found|spawnSync docker ENOENT|(failed to run command|can't execute) .docker./,
    ({ ssh }) =>
      `there is no docker on ${ssh?.address ?? "this machine"}: install Docker Engine 25 or newer, https://docs.docker.com/engine/install/`,
  ],
  [
    /Cannot connect to the Docker daemon/,
    ({ ssh }) =>
      ssh
        ? `the engine on ${ssh.address} does not run. An administrator types there: sudo systemctl start docker; sudo journalctl -u docker says why it ended`
        : "the engine of this machine does not run: sudo systemctl start docker, or make setup where it was started by that",
  ],
];

function way<Where>(ways: Way<Where>[], where: Where, said: string): string | undefined {
  for (const [form, text] of ways) {
    const found = form.exec(said);
    if (found) return text(where, ...found.slice(1));
  }
  return undefined;
}

/**
 * A failure with what to do about it, where that is known. Where a connection is to be shared, ssh drops what the proxy's ssh complains
 * of: it is asked once more, without sharing.
 */
export function explained(host: HostSettings, { code, stdout, stderr }: Ended): Ended {
  if (code === 0) return { code, stdout, stderr };
  const { ssh } = host;
  let said = stderr;
  if (ssh?.proxy && code === 255 && /^Connection closed by UNKNOWN/m.test(said)) {
    const args = ["-F", sshFiles(ssh).config, "-o", "ControlPath=none", ssh.address, "--", "true"];
    said = spawnSync("ssh", args, { encoding: "utf8" }).stderr || said;
  }
  // 255 is ssh's own.
  const told = ssh && code === 255 ? way(SSH, ssh, said) : way(DOCKER, host, said);
  return { code, stdout, stderr: told ? `${said.trimEnd()}\n${told}\n` : said };
}
