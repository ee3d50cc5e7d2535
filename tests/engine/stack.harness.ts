/**
 * A stack of this program under names, ports and a backend of its own, beside whatever runs on this engine.
 * Everything it makes carries the label robotoff-protea.stack=NAME, so that `remove` finds it also after a failure.
 */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { describeStack } from "../../systems/stack.ts";

type Settings = Record<string, unknown>;
const root = process.cwd();

export interface Outcome {
  code: number | null;
  /** Standard output and standard error. */
  text: string;
}

/** A command's outcome; it never throws for an exit code. */
export function run(command: string, args: string[], env: NodeJS.ProcessEnv = {}, cwd?: string): Outcome {
  const options = { encoding: "utf8", env: { ...process.env, ...env }, maxBuffer: 2 ** 26, cwd } as const;
  const ran = spawnSync(command, args, options);
  if (ran.error) throw ran.error;
  return { code: ran.status, text: ran.stdout + ran.stderr };
}

/** The output of a command that has to succeed. */
export function must(command: string, ...args: string[]): string {
  const { code, text } = run(command, args);
  if (code !== 0) throw new Error(`${command} ${args.join(" ")}: exit code ${code}\n${text}`);
  return text.trim();
}

export const docker = (...args: string[]): string => must("docker", ...args);

/** A container's health, as Docker names it: starting, healthy, unhealthy. */
export const healthOf = (container: string): string =>
  docker("inspect", "--format", "{{.State.Health.Status}}", container);

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports;
}

/** Pulumi's flat text form of a stack file's config. */
export function flat(config: Settings): Record<string, string> {
  const text = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));
  return Object.fromEntries(Object.entries(config).map(([key, value]) => [key, text(value)]));
}

let count = 0;

export class TestStack {
  readonly name = `t${process.pid}n${(count += 1)}`;
  readonly folder = mkdtempSync(join(tmpdir(), "robotoff-protea-test-"));
  /** The stack file's config: that of `local`, under names and ports of this test's own. Change it, then `up`. */
  config: Settings = {};
  /** Published host port by service and container port: `api of robotoff:5500`. */
  private readonly ports = new Map<string, number>();

  /** @param systems which of the two it runs */
  static async create(systems: ("robotoff" | "protea")[]): Promise<TestStack> {
    const stack = new TestStack();
    for (const entry of [
      "index.ts",
      "package.json",
      "config",
      "components",
      "systems",
      "engines",
      "hosts",
      "images",
      "toolchain",
      "operations",
      "node_modules",
      "Pulumi.yaml",
    ])
      symlinkSync(join(root, entry), join(stack.folder, entry));
    mkdirSync(join(stack.folder, "state"));
    // What operations/ calls; the real one would work on this checkout's own backend.
    mkdirSync(join(stack.folder, "bin"));
    writeFileSync(join(stack.folder, "bin/pulumi"), '#!/bin/sh\nexec pulumi "$@"\n', { mode: 0o755 });
    stack.config = { ...(parse(readFileSync("Pulumi.local.yaml", "utf8")) as { config: Settings }).config };
    for (const system of ["robotoff", "protea"] as const) {
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
    const free = await freePorts(published.length);
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

  /** The address of a published port. */
  url(service: string, container: number, path = ""): string {
    return `http://127.0.0.1:${this.ports.get(`${service}:${container}`)}${path}`;
  }

  container(system: "robotoff" | "protea", service: string, n = 1): string {
    const separator = system === "robotoff" ? "_" : "-";
    return [`${this.name}-${system}`, service, n].join(separator);
  }

  /** What psql prints for a query of a system's database, unaligned. */
  query(system: "robotoff" | "protea", sql: string): string {
    const user = { robotoff: "postgres", protea: "protea" }[system];
    return docker("exec", this.container(system, "postgres"), "psql", "-U", user, "-d", system, "-Atc", sql);
  }

  readonly environment = {
    PULUMI_BACKEND_URL: `file://${this.folder}/state`,
    PULUMI_CONFIG_PASSPHRASE: "test",
    PULUMI_SKIP_UPDATE_CHECK: "1",
  };

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
    return this.operation("up", "--", "--yes", "--skip-preview", "--non-interactive", ...args);
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

  /** Docker's ids of this stack's containers by name: a replaced container has another id. */
  containers(): Map<string, string> {
    const format = ["--format", "{{.Names}} {{.ID}}"];
    const listed = docker(
      "ps",
      "--all",
      "--no-trunc",
      "--filter",
      `label=robotoff-protea.stack=${this.name}`,
      ...format,
    );
    return new Map(
      listed
        .split("\n")
        .filter(Boolean)
        .map((line) => line.split(" ") as [string, string]),
    );
  }

  /** Every object with this stack's label: what `destroy` must leave none of. */
  leftovers(): string[] {
    const filter = ["--filter", `label=robotoff-protea.stack=${this.name}`, "--quiet"];
    const listed = [
      docker("ps", "--all", ...filter),
      docker("volume", "ls", ...filter),
      docker("network", "ls", ...filter),
    ];
    return listed.join("\n").split("\n").filter(Boolean);
  }

  /** Removes what is left of this stack, whatever happened. */
  remove(): void {
    const filter = ["--filter", `label=robotoff-protea.stack=${this.name}`, "--quiet"];
    for (const [list, remove] of [
      [
        ["ps", "--all"],
        ["rm", "--force", "--volumes"],
      ],
      [
        ["volume", "ls"],
        ["volume", "rm"],
      ],
      [
        ["network", "ls"],
        ["network", "rm"],
      ],
    ] as const) {
      const ids = docker(...list, ...filter)
        .split("\n")
        .filter(Boolean);
      if (ids.length > 0) docker(...remove, ...ids);
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The containers that differ between two moments: replaced, come or gone. */
export function changed(before: Map<string, string>, after: Map<string, string>): string[] {
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].filter((name) => before.get(name) !== after.get(name)).sort();
}

/** Fails with the whole output unless a command succeeded. */
export function succeeded({ code, text }: Outcome): string {
  if (code !== 0) throw new Error(`exit code ${code}\n${text.slice(-4_000)}`);
  return text;
}

/** The output of a command that had to fail. */
export function failed({ code, text }: Outcome): string {
  if (code === 0) throw new Error(`succeeded, and should not have\n${text.slice(-4_000)}`);
  return text;
}
