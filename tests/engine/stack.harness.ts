/**
 * A stack of this program on a host, under names, ports and a backend of its own, beside whatever runs there.
 * Everything it makes carries the label robotoff-protea.stack=NAME, so that `remove` finds it also after a failure.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { rawConfiguration } from "../../operations/stack.ts";
import { describeStack, type Stack } from "../../systems/stack.ts";
import { here, run, succeeded, type Outcome, type TestHost } from "./host.ts";
import { folderOf, marked, nameOf, removeNamed, sweep } from "./leftovers.ts";

export { failed, must, run, succeeded, type Outcome } from "./host.ts";

/** On this machine. */
export const docker = (...args: string[]): string => here.docker(...args);
export const healthOf = (container: string): string => here.healthOf(container);

type Settings = Record<string, unknown>;
type System = "robotoff" | "protea" | "monitoring";
const root = process.cwd();

/** What of the checkout the program and operations/ need. */
const CHECKOUT = [
  "index.ts", "package.json", "config", "components", "systems", "engines", "hosts", "images", "toolchain", "operations", "backups",
  "node_modules", "Pulumi.yaml",
]; // prettier-ignore

/** Pulumi's flat text form of a stack file's config. */
export function flat(config: Settings): Record<string, string> {
  const text = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));
  return Object.fromEntries(Object.entries(config).map(([key, value]) => [key, text(value)]));
}

let count = 0;

export class TestStack {
  readonly name = `${nameOf(process.pid)}n${(count += 1)}`;
  readonly folder = folderOf(this.name);
  /** The stack file's config: that of `local`, under names and ports of this test's own. Change it, then `up`. */
  config: Settings = {};
  /** Published host port by service and container port: `api of robotoff:5500`. */
  private readonly ports = new Map<string, number>();

  readonly host: TestHost;

  private constructor(host: TestHost) {
    this.host = host;
  }

  /**
   * @param systems which of the three it runs
   * @param backups whether their backups are declared, in its folder: two more containers, and a backup at the first `up`
   */
  static async create(systems: System[], host = here, backups = false): Promise<TestStack> {
    sweep(host);
    const stack = new TestStack(host);
    for (const entry of CHECKOUT) symlinkSync(join(root, entry), join(stack.folder, entry));
    mkdirSync(join(stack.folder, "state"));
    // What operations/ calls; the real one would work on this checkout's own backend.
    mkdirSync(join(stack.folder, "bin"));
    writeFileSync(join(stack.folder, "bin/pulumi"), '#!/bin/sh\nexec pulumi "$@"\n', { mode: 0o755 });
    const { config } = parse(readFileSync("Pulumi.local.yaml", "utf8")) as { config: Settings };
    stack.config = { ...config, ...host.config };
    if (backups) mkdirSync(join(stack.folder, ".local/backups"), { recursive: true });
    else delete stack.config["host:backups"];
    for (const system of ["robotoff", "protea", "monitoring"] as const) {
      stack.config[`${system}:project`] = `${stack.name}-${system}`;
      stack.config[`${system}:enabled`] = systems.includes(system);
    }
    await stack.ownPorts();
    stack.write();
    const made = stack.pulumi("stack", "init", stack.name);
    if (made.code !== 0) throw new Error(made.text);
    return stack;
  }

  private async ownPorts(): Promise<void> {
    const described = describeStack({ stack: this.name, values: flat(this.config), secretKeys: new Set() });
    const published = described.systems.flatMap((system) =>
      system.services.flatMap((service) =>
        service.ports.map((port) => ({ system: system.name, service: service.name, port })),
      ),
    );
    const free = await this.host.freePorts(published.length);
    for (const [index, { system, service, port }] of published.entries()) {
      const host = free[index]!;
      this.ports.set(`${service} of ${system}:${port.container}`, host);
      const known = (this.service(system, service).ports ?? []) as string[];
      this.change(system, service, { ports: [...known, `127.0.0.1:${host}:${port.container}`] });
    }
  }

  private service(system: string, name: string): Settings {
    return ((this.config[`${system}:services`] ?? {}) as Record<string, Settings>)[name] ?? {};
  }

  /** Changes a service's settings; `up` applies them. */
  change(system: string, name: string, settings: Settings): void {
    const services = (this.config[`${system}:services`] ?? {}) as Record<string, Settings>;
    this.config[`${system}:services`] = { ...services, [name]: { ...services[name], ...settings } };
  }

  /** Sets a secret as an operator does; the stack file has it encrypted. */
  secret(key: string, value: string): void {
    this.write();
    succeeded(
      run(
        "pulumi",
        ["config", "set", "--secret", key, value, "--stack", this.name, "--cwd", this.folder],
        this.environment,
      ),
    );
    this.config[key] = (parse(this.read()) as { config: Settings }).config[key];
  }

  /** Takes the secrets over that a command has set. @returns those that the file has, by key */
  secretsSet(): string[] {
    const { config } = parse(this.read()) as { config: Settings };
    const keys = Object.keys(config).filter(
      (key) => typeof config[key] === "object" && "secure" in (config[key] as object),
    );
    for (const key of keys) this.config[key] = config[key];
    return keys;
  }

  /** The port that the host publishes for a container's: `api of robotoff`, 5500. */
  port(service: string, container: number): number {
    return this.ports.get(`${service}:${container}`)!;
  }

  /** The address of a published port. */
  url(service: string, container: number, path = ""): string {
    return `http://${this.host.address(this.port(service, container))}${path}`;
  }

  container(system: System, service: string, n = 1): string {
    const separator = system === "robotoff" ? "_" : "-";
    return [`${this.name}-${system}`, service, n].join(separator);
  }

  /** What `docker ARGS` prints on this stack's host; it has to succeed. */
  docker(...args: string[]): string {
    return this.host.docker(...args);
  }

  /** Options that mark what a test makes beside this stack, for its own end and the next run's beginning. */
  get marked(): string[] {
    return marked(this.name);
  }

  /** What psql prints for a query of a system's database, unaligned. */
  query(system: "robotoff" | "protea", sql: string): string {
    const user = { robotoff: "postgres", protea: "protea" }[system];
    return this.docker("exec", this.container(system, "postgres"), "psql", "-U", user, "-d", system, "-Atc", sql);
  }

  readonly environment = {
    PULUMI_BACKEND_URL: `file://${this.folder}/state`,
    PULUMI_CONFIG_PASSPHRASE: "test",
    PULUMI_SKIP_UPDATE_CHECK: "1",
  };

  /** Pulumi's own file of this stack's state. */
  readonly stateFile = join(this.folder, "state/.pulumi/stacks/robotoff-protea", `${this.name}.json`);

  private readonly file = join(this.folder, `Pulumi.${this.name}.yaml`);

  private write(): void {
    // The salt that `stack init` wrote stays.
    const salt = /^encryptionsalt:.*$/m.exec(this.read())?.[0] ?? "";
    writeFileSync(this.file, `${stringify({ config: this.config })}${salt}\n`);
  }

  private read(): string {
    try {
      return readFileSync(this.file, "utf8");
    } catch {
      return "";
    }
  }

  /** As its file declares it. */
  get described(): Stack {
    this.write();
    return describeStack(rawConfiguration(this.name, this.read()));
  }

  pulumi(...args: string[]): Outcome {
    return run("pulumi", [...args, "--non-interactive", "--color=never", "--cwd", this.folder], this.environment);
  }

  up(...args: string[]): Outcome {
    this.write();
    return this.pulumi("up", "--yes", "--skip-preview", "--stack", this.name, ...args);
  }

  preview(...args: string[]): Outcome {
    this.write();
    return this.pulumi("preview", "--stack", this.name, ...args);
  }

  /** `make up`: Pulumi's, and the truth around it. */
  makeUp(...args: string[]): Outcome {
    return this.operation("up", "--", "--non-interactive", ...args);
  }

  /** Starts an `up` and returns at once; the process leads a group of its own, so that all of it can be killed. */
  startUp(): ChildProcess {
    this.write();
    const args = ["up", "--yes", "--skip-preview", "--stack", this.name, "--non-interactive", "--cwd", this.folder];
    return spawn("pulumi", args, { env: { ...process.env, ...this.environment }, stdio: "ignore", detached: true });
  }

  /** Runs one of operations/ as the Makefile does, for this stack. */
  operation(name: string, ...args: string[]): Outcome {
    this.write();
    const script = join(this.folder, "operations", `${name}.ts`);
    return run("node", [script, "--stack", this.name, ...args], this.environment, this.folder);
  }

  /** Stops what no backup needs, so that a long campaign has the machine for itself. */
  idle(): void {
    const needed = /-(postgres|postgres-backup|rabbitmq|minio|files-backup|git-backup)-1$/;
    const others = [...this.containers().keys()].filter((name) => !needed.test(name));
    this.docker("stop", "--time", "1", ...others);
  }

  /** Docker's ids of this stack's containers by name: a replaced container has another id. */
  containers(): Map<string, string> {
    return containersOn(this.host, this.name);
  }

  /** Every object with this stack's label: what `destroy` must leave none of. */
  leftovers(): string[] {
    const filter = ["--filter", `label=robotoff-protea.stack=${this.name}`, "--quiet"];
    const listed = [
      this.docker("ps", "--all", ...filter),
      this.docker("volume", "ls", ...filter),
      this.docker("network", "ls", ...filter),
    ];
    return listed.join("\n").split("\n").filter(Boolean);
  }

  /** Removes what is left of this stack and its test, whatever happened. */
  remove(): void {
    removeNamed(this.host, (name) => name === this.name);
  }
}

/** Docker's ids of a stack's containers on a host, by name. */
export function containersOn(host: TestHost, stack: string): Map<string, string> {
  const filter = ["--filter", `label=robotoff-protea.stack=${stack}`, "--format", "{{.Names}} {{.ID}}"];
  const listed = host.docker("ps", "--all", "--no-trunc", ...filter);
  return new Map(
    listed
      .split("\n")
      .filter(Boolean)
      .map((line) => line.split(" ") as [string, string]),
  );
}

/** The containers that differ between two moments: replaced, come or gone. */
export function changed(before: Map<string, string>, after: Map<string, string>): string[] {
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].filter((name) => before.get(name) !== after.get(name)).sort();
}
