/**
 * Another machine, behind a proxy: two containers with real sshds, and this machine's own engine, whose socket the far one has. Only the proxy
 * is on a network with a way to it.
 */
import { chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SshSettings } from "../../config/host.ts";
import { sshFiles } from "../../hosts/ssh.ts";
import { image } from "./images.harness.ts";
import { here, must, run } from "./host.ts";
import { until } from "../http.ts";

export class FarHost {
  readonly proxy: string;
  readonly far: string;
  readonly identity: string;
  private readonly folder = mkdtempSync(join(tmpdir(), "robotoff-protea-far-"));
  private readonly inside: string;

  /**
   * @param labels options that mark what a test makes
   * @param more options of `docker run` for the far one
   */
  constructor(name: string, labels: string[], more: string[] = []) {
    [this.proxy, this.far, this.inside] = [`${name}-proxy`, `${name}-far`, `${name}-inside`];
    this.identity = join(this.folder, "id");
    must("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", this.identity);
    const key = readFileSync(`${this.identity}.pub`, "utf8").trim();
    here.docker("network", "create", "--internal", ...labels, this.inside);
    const sshd = (own: string, ...options: string[]) =>
      here.docker("run", "--detach", "--name", own, ...labels, ...options, image("machine"), key);
    sshd(this.proxy);
    here.docker("network", "connect", this.inside, this.proxy);
    // What an up writes there, containers of this machine's engine read: under the same name on both.
    const shared = join(this.folder, "shared");
    mkdirSync(shared);
    chownSync(shared, 1000, 1000);
    const volumes = ["/var/run/docker.sock:/var/run/docker.sock", `${shared}:${shared}`];
    sshd(this.far, "--network", this.inside, ...volumes.flatMap((one) => ["--volume", one]), ...more);
    const link = `mkdir -p ~/.local/share && ln -s ${shared} ~/.local/share/robotoff-protea`;
    here.docker("exec", "--user", "off", "--env", "HOME=/home/off", this.far, "sh", "-c", link);
  }

  private address(container: string, network: string): string {
    const format = `{{(index .NetworkSettings.Networks "${network}").IPAddress}}`;
    return here.docker("inspect", "--format", format, container);
  }

  /** What a stack file says of it, without keys. */
  get ssh(): SshSettings {
    return {
      address: this.address(this.far, this.inside),
      ...{ user: "off", port: 22, hostKeys: [], connections: 8, identity: this.identity },
      proxy: { address: this.address(this.proxy, "bridge"), user: "off", port: 22, hostKeys: [] },
    };
  }

  async listening(): Promise<void> {
    for (const one of [this.proxy, this.far])
      await until(`${one} listens`, 60, () => here.tryDocker("logs", one).text.includes("Server listening on"));
  }

  /** The public key, as a stack file has it. */
  key(container: string): string {
    const text = here.docker("exec", container, "cat", "/etc/ssh/ssh_host_ed25519_key.pub");
    return text.split(" ").slice(0, 2).join(" ");
  }

  /** A key with which one may run a command there, and nothing else; its file. */
  restricted(command: string): string {
    const file = join(this.folder, "restricted");
    must("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "restricted", "-f", file);
    const key = readFileSync(`${file}.pub`, "utf8").trim();
    // The proxy passes it on, and that is all.
    const lines = [
      [this.proxy, `restrict,port-forwarding ${key}`],
      [this.far, `restrict,command="${command}" ${key}`],
    ] as const;
    for (const [container, line] of lines)
      here.docker("exec", container, "sh", "-c", `echo '${line}' >> /home/off/.ssh/authorized_keys`);
    return file;
  }

  /** How often somebody has logged in there. */
  logins(container: string): number {
    return here.tryDocker("logs", container).text.split("Accepted publickey").length - 1;
  }

  /** Ends the connection that is shared. @param checkout where it was made */
  disconnect(checkout: string): void {
    run("ssh", ["-F", sshFiles(this.ssh).config, "-O", "exit", this.ssh.address], {}, checkout);
  }

  /** What a test leaves besides labelled things. */
  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}
