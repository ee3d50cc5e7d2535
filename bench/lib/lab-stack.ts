/**
 * Staging on a test host of its own (tests/hosts), by this program and by docker compose, both over SSH through the proxy: over one
 * shared connection, or one for each command; and as it would be on the host itself.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { backupDirectory } from "../../config/host.ts";
import { variables } from "../../engines/compose/file.ts";
import { sshFiles } from "../../hosts/ssh.ts";
import type { SystemSpec } from "../../systems/spec.ts";
import { must } from "../../tests/engine/host.ts";
import { fill } from "../../tests/hosts/images.ts";
import { ADDRESS, Lab } from "../../tests/hosts/lab.ts";
import { Rehearsal, STACKS } from "../../tests/hosts/rehearsal.ts";
import { untilHealthy } from "./engine.ts";
import { output } from "./processes.ts";
import { atHome, type Exported } from "./state-at-home.ts";

const STACK = "staging";
const HOST = STACKS[STACK];
/** That system alone; undefined: both. */
export const SYSTEM = process.env.SYSTEM;
const CONFIG = sshFiles({ address: ADDRESS[HOST] }).config;

/** How its host is reached. */
export type Way = "shared" | "apart" | "home";

/** Compose takes a session for whatever it waits for, and ends where sshd's ten (MaxSessions) are not enough. */
const MORE_SESSIONS = "echo MaxSessions 100 > /etc/ssh/sshd_config.d/bench.conf && pkill -HUP -o -x sshd";

/** Each container, volume and network of an engine. */
const EMPTY = `docker ps --all --quiet | xargs --no-run-if-empty docker rm --force --volumes
docker volume ls --quiet | xargs --no-run-if-empty docker volume rm
docker network prune --force`;

/** Another /run, with one engine's socket where docker looks for it. */
const AT_HOME = `mount -t tmpfs tmpfs /run && ln -s "$0" /run/docker.sock && exec "$@"`;

export class LabStack {
  private readonly lab: Lab;
  private readonly rehearsal: Rehearsal;
  private readonly systems: SystemSpec[];

  private constructor(lab: Lab) {
    this.lab = lab;
    this.rehearsal = new Rehearsal(lab);
    this.systems = this.rehearsal.described(STACK).systems.filter(({ name }) => !SYSTEM || name === SYSTEM);
    this.ssh("apart", ["-o", "ControlMaster=no", "-o", "ControlPath=none"]);
    this.ssh("compose", ["-F", CONFIG]);
  }

  /** Brings the lab up, with the images on the host. */
  static async create(): Promise<LabStack> {
    const lab = await Lab.forTest();
    await fill();
    await lab.up();
    const made = new LabStack(lab);
    made.rehearsal.furnish(STACK);
    made.rehearsal.prepare();
    await output({ command: [...lab.rootOn(HOST), "sh", "-c", MORE_SESSIONS] });
    for (const image of new Set(made.services.map((service) => service.image)))
      await output({ command: [...lab.rootOn(HOST), "docker", "pull", "--quiet", image] });
    await made.pulumi(made.rehearsal.folder, "stack", "export", "--file", made.empty);
    return made;
  }

  private get services() {
    return this.systems.flatMap(({ services }) => services);
  }

  /** What it declares. */
  get containers(): number {
    return this.services.reduce((sum, { replicas }) => sum + replicas, 0);
  }

  /** Its state before the first `up`. */
  private get empty(): string {
    return join(this.lab.folder, "empty.json");
  }

  /** Where it is deployed from as on the host itself. */
  private get home(): string {
    return join(this.lab.folder, "home");
  }

  /** Makes an ssh with other options, in a folder for PATH. */
  private ssh(name: string, options: string[]): void {
    mkdirSync(join(this.lab.folder, name));
    const text = `#!/bin/sh\nexec ${must("sh", "-c", "command -v ssh")} ${options.join(" ")} "$@"\n`;
    writeFileSync(join(this.lab.folder, name, "ssh"), text, { mode: 0o755 });
  }

  private onLaptop(way: Way | "compose", command: string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
    const { laptop, folder } = this.lab;
    const home = ["unshare", "--mount", "sh", "-c", AT_HOME, this.lab.socket(HOST)];
    return output({
      command: [...laptop, ...(way === "home" ? home : []), ...command],
      cwd: way === "home" ? this.home : this.rehearsal.folder,
      env: {
        ...this.rehearsal.environment,
        // What `make bench` was told is not for the makes below it.
        ...{ MAKEFLAGS: undefined, MAKEOVERRIDES: undefined, DOCKER_HOST: undefined },
        PATH: `${join(folder, way)}:${process.env.PATH}`,
        ...env,
      },
    });
  }

  /** `make TARGET STACK=staging`, as somebody at a terminal has it. */
  make(way: Way, target: string, ...variables: string[]): Promise<string> {
    const system = SYSTEM ? [`SYSTEM=${SYSTEM}`] : [];
    return this.onLaptop(way, ["make", target, `STACK=${STACK}`, ...system, ...variables]);
  }

  private pulumi(cwd: string, ...args: string[]): Promise<string> {
    return output({ command: ["bin/pulumi", ...args, "--stack", STACK], cwd, env: this.rehearsal.environment });
  }

  /** As before the first `up`: nothing on the host but the images, what others have there, and upstream's checkout. */
  async fromNothing(): Promise<void> {
    const { host } = this.rehearsal.described(STACK);
    const kept = [backupDirectory(host)!, "/home/off/.local/share/robotoff-protea"];
    await output({ command: [...this.lab.rootOn(HOST), "sh", "-c", EMPTY] });
    await output({ command: [...this.lab.rootOn(HOST), "rm", "-rf", ...kept] });
    this.rehearsal.furnish(STACK);
    await this.pulumi(this.rehearsal.folder, "stack", "import", "--file", this.empty);
    this.rehearsal.disconnect(STACK);
  }

  private healthy(): Promise<void> {
    const count = this.services.reduce((sum, { healthcheck, replicas }) => sum + (healthcheck ? replicas : 0), 0);
    return untilHealthy("", count, (...words) => this.lab.on(HOST, "docker", ...words));
  }

  async up(way: Way): Promise<void> {
    await this.make(way, "up", "YES=1", "ARGS=--skip-preview --non-interactive --color=never");
    await this.healthy();
  }

  /** Of each system, both at once, from the files that `make compose` writes, over the shared connection. */
  private async compose(...args: string[]): Promise<void> {
    const secrets = this.systems.flatMap(variables).map((name) => [name, "0123456789abcdef"] as const);
    const env = { ...Object.fromEntries(secrets), DOCKER_HOST: `ssh://off@${ADDRESS[HOST]}` };
    const files = this.systems.map(({ name }) => join(this.lab.folder, "compose-files", `${name}.yaml`));
    await Promise.all(files.map((file) => this.onLaptop("compose", ["docker", "compose", "-f", file, ...args], env)));
  }

  async writeComposeFiles(): Promise<void> {
    await this.make("shared", "compose", `OUT=${join(this.lab.folder, "compose-files")}`);
  }

  async composeUp(): Promise<void> {
    await this.compose("up", "-d");
    await this.healthy();
  }

  composeStatus(): Promise<void> {
    return this.compose("ps", "--all");
  }

  /** A checkout like the one that deployed it, of a stack whose engine is this machine's own: for what changes nothing. */
  async copyHome(): Promise<void> {
    execFileSync("rm", ["-rf", this.home]);
    execFileSync("cp", ["--archive", this.rehearsal.folder, this.home]);
    for (const name of ["", ".local/stacks/"]) {
      const file = join(this.home, `${name}Pulumi.${STACK}.yaml`);
      const { config, ...rest } = parse(readFileSync(file, "utf8")) as { config: Record<string, unknown> };
      delete config["host:ssh"];
      writeFileSync(file, stringify({ ...rest, config }));
    }
    const file = join(this.home, "state.json");
    await this.pulumi(this.home, "stack", "export", "--file", file);
    writeFileSync(file, JSON.stringify(atHome(JSON.parse(readFileSync(file, "utf8")) as Exported)));
    await this.pulumi(this.home, "stack", "import", "--file", file);
  }

  async remove(): Promise<void> {
    this.rehearsal.disconnect(STACK);
    await this.lab.down();
  }
}
