/**
 * Two hosts and a proxy on this machine, each with its own network, processes, files and sshd, the hosts with engines of their own; and a
 * registry that has every image under its upstream name. lab.sh is the network, machine.sh a machine.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, openSync, readFileSync, readdirSync, rmSync, rmdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { must, run, succeeded, type Outcome } from "../engine/host.ts";
import { isLeft, nameOf } from "../engine/leftovers.ts";
import { until } from "../http.ts";
import { registryFolder, rootfs } from "./images.ts";

export const HOSTS = ["ovh200", "ovh201"] as const;
export type HostName = (typeof HOSTS)[number];
export const MACHINES = ["proxy", ...HOSTS] as const;
export type Machine = (typeof MACHINES)[number];

export const REGISTRY = "10.1.0.1:5000";
export const PROXY = "198.51.100.1";
export const ADDRESS: Record<HostName, string> = { ovh200: "10.1.0.200", ovh201: "10.1.0.201" };

const PREFIX = "robotoff-protea-lab-";

/** Bytes of a host's disk; what is not written takes nothing. */
const DISK = 40 * 2 ** 30;

/** Programs, and Debian's packages of them. */
const NEEDED = { ip: "iproute2", nsenter: "util-linux", "mkfs.ext4": "e2fsprogs", ssh: "openssh-client" };

const script = (name: string) => resolve("tests/hosts", name);

/** What nsenter or unshare forked. */
const childOf = (pid: number) => Number(readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ")[0]);

export class Lab {
  readonly folder: string;
  readonly identity: string;

  /** @param folder what it keeps: disks, keys, logs. Absolute; one lab a folder */
  constructor(folder: string) {
    this.folder = folder;
    this.identity = join(folder, "id");
  }

  /**
   * Removes those of tests and measurements.
   * @param directory where they keep their folders
   */
  static async remove(directory: string, which: (name: string) => boolean = () => true): Promise<void> {
    for (const entry of readdirSync(directory))
      if (entry.startsWith(PREFIX) && which(entry.slice(PREFIX.length))) await new Lab(join(directory, entry)).down();
  }

  /** A test's own; what killed ones left is removed. */
  static async forTest(): Promise<Lab> {
    await Lab.remove(tmpdir(), isLeft);
    return new Lab(join(tmpdir(), `${PREFIX}${nameOf(process.pid)}n1`));
  }

  private pidFile(name: string): string {
    return join(this.folder, `${name}.pid`);
  }

  /** The process that was started under this name; undefined when it is not there any more. */
  private pid(name: string): number | undefined {
    try {
      const pid = Number(readFileSync(this.pidFile(name), "utf8"));
      // Another process may have its number since.
      return readFileSync(`/proc/${pid}/environ`, "utf8").includes(`ROBOTOFF_PROTEA_LAB=${this.folder}\0`)
        ? pid
        : undefined;
    } catch {
      return undefined;
    }
  }

  private spawn(name: string, command: string[]): void {
    const log = openSync(join(this.folder, `${name}.log`), "a");
    // What is this machine's folder for temporary files, another does not have, and no health check runs there.
    const env = { ...process.env, TMPDIR: undefined, ROBOTOFF_PROTEA_LAB: this.folder };
    const child = spawn(command[0]!, command.slice(1), { stdio: ["ignore", log, log], detached: true, env });
    writeFileSync(this.pidFile(name), String(child.pid));
    child.unref();
  }

  /** The words before a command that runs as on the laptop: it has this machine's files, and a way to the proxy alone. */
  get laptop(): string[] {
    return ["nsenter", `--net=/proc/${this.leader()}/ns/net`, "--"];
  }

  private leader(): number {
    const pid = this.pid("lab");
    if (pid === undefined) throw new Error("the hosts are not up: make hosts");
    return childOf(pid);
  }

  get running(): boolean {
    return this.pid("lab") !== undefined;
  }

  /** Brings all of it up, and returns when both hosts' engines answer. As root, with what Debian has in these packages. */
  async up(): Promise<void> {
    const missing = Object.entries(NEEDED).filter(([tool]) => run("sh", ["-c", 'command -v "$0"', tool]).code !== 0);
    if (missing.length > 0)
      throw new Error(
        `the test hosts need ${missing.map(([tool, name]) => `${tool} (apt-get install ${name})`).join(", ")}`,
      );
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    if (!existsSync(this.identity))
      must("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", this.identity);
    if (!this.running) {
      const own = ["--net", "--mount", "--propagation", "private", "--pid", "--mount-proc", "--fork", "--kill-child"];
      this.spawn("lab", ["unshare", ...own, "sh", script("lab.sh")]);
      await until("the networks are there", 30, () =>
        readFileSync(join(this.folder, "lab.log"), "utf8").endsWith("ready\n"),
      );
    }
    for (const machine of MACHINES) if (this.pid(machine) === undefined) this.start(machine);
    for (const host of HOSTS) await this.answers(host);
  }

  /** Switches a machine on. */
  start(machine: Machine): void {
    const disk = join(this.folder, `${machine}.disk`);
    if (!existsSync(disk)) {
      must("truncate", "--size", String(DISK), disk);
      must("mkfs.ext4", "-q", "-m", "0", "-E", "lazy_itable_init=1,lazy_journal_init=1", disk);
    }
    const own = ["--mount", "--propagation", "private", "--pid", "--uts", "--ipc", "--fork", "--kill-child"];
    const what = machine === "proxy" ? ["neighbours", "10.3.0.101"] : ["engine", REGISTRY, this.cgroup(machine)];
    const key = readFileSync(`${this.identity}.pub`, "utf8").trim();
    // Into the lab, into the machine's network, and then namespaces of its own. `ip netns exec` will not do: it mounts /sys anew.
    this.spawn(machine, [
      ...["nsenter", "--target", String(this.leader()), "--pid", "--mount", "--net", "--"],
      ...["nsenter", `--net=/run/netns/${machine}`, "unshare", ...own],
      ...["sh", script("machine.sh"), machine, this.folder, rootfs(), registryFolder(), key, ...what],
    ]);
  }

  /** Its containers' group in the machine's own hierarchy, which all share. */
  private cgroup(machine: Machine): string {
    return `/robotoff-protea-lab${this.folder.replaceAll(/\W+/g, "-")}-${machine}`;
  }

  /** Returns when its engine answers. */
  async answers(host: HostName): Promise<void> {
    await until(`the engine of ${host} answers`, 60, () => {
      try {
        return this.tryOn(host, "docker", "version").code === 0;
      } catch {
        // Its first process is not there yet.
        return false;
      }
    });
  }

  /** A machine's first process: that of unshare, which nsenter forked. */
  private first(machine: Machine): number {
    const pid = this.pid(machine);
    if (pid === undefined) throw new Error(`${machine} does not run: ${join(this.folder, `${machine}.log`)}`);
    return childOf(childOf(pid));
  }

  /** The words before a command that runs as root on a machine, until it is switched off. */
  rootOn(machine: Machine): string[] {
    return ["nsenter", "--target", String(this.first(machine)), "--all", "--"];
  }

  /** The outcome of a command that runs as root on a machine. */
  tryOn(machine: Machine, ...words: string[]): Outcome {
    const [command, ...args] = [...this.rootOn(machine), ...words];
    return run(command!, args);
  }

  /** Its engine's socket, as this machine sees it. */
  socket(host: HostName): string {
    return `/proc/${this.first(host)}/root/run/docker.sock`;
  }

  /** What it prints; it has to succeed. */
  on(machine: Machine, ...words: string[]): string {
    return succeeded(this.tryOn(machine, ...words)).trim();
  }

  /** Switches a machine off, as its power supply would. */
  async off(machine: Machine): Promise<void> {
    process.kill(this.first(machine), "SIGKILL");
    await until(`${machine} is off`, 30, () => this.pid(machine) === undefined);
  }

  /** Takes away all that the engine of a machine which is off had, as a lost disk would. */
  loseData(host: HostName): void {
    const line = 'mount -o loop "$0.disk" "$0" && rm -rf "$0"/docker';
    must("unshare", "--mount", "--propagation", "private", "sh", "-c", line, join(this.folder, host));
  }

  /**
   * Ends the proxy's registry, and starts it anew.
   * @param settings other than its own, as variables; undefined: it stays away
   */
  registry(settings?: Record<string, string>): void {
    this.on("proxy", "sh", "-c", "pkill -x docker-registry; while pgrep -x docker-registry; do sleep 0.1; done");
    if (!settings) return;
    const serve =
      "setsid docker-registry serve /etc/docker/registry/config.yml >> /var/log/registry.log 2>&1 < /dev/null & " +
      'until curl -s "$0/v2/" > /dev/null; do sleep 0.1; done';
    const variables = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
    this.on("proxy", "env", ...variables, "sh", "-c", serve, REGISTRY);
  }

  /** Its public host key, as a stack file has it. */
  hostKey(machine: Machine): string {
    return this.on(machine, "cat", "/etc/ssh/ssh_host_ed25519_key.pub").split(" ").slice(0, 2).join(" ");
  }

  /** The same, as its administrator reads it on the machine itself. */
  fingerprint(machine: Machine): string {
    return this.on(machine, "ssh-keygen", "-lf", "/etc/ssh/ssh_host_ed25519_key.pub").split(" ")[1]!;
  }

  /** Removes all of it. */
  async down(): Promise<void> {
    const pid = this.pid("lab");
    if (pid !== undefined) {
      process.kill(childOf(pid), "SIGKILL");
      await until("the lab is gone", 60, () => !this.running && HOSTS.every((host) => this.pid(host) === undefined));
    }
    for (const host of HOSTS) removeGroups(this.cgroup(host));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Removes the empty control groups that engines left. */
function removeGroups(name: string): void {
  const remove = (folder: string) => {
    if (!existsSync(folder)) return;
    for (const entry of readdirSync(folder, { withFileTypes: true }))
      if (entry.isDirectory()) remove(join(folder, entry.name));
    rmdirSync(folder);
  };
  for (const controller of readdirSync("/sys/fs/cgroup")) remove(join("/sys/fs/cgroup", controller, name));
}
