/** The host that a test's containers run on: its docker, its shell, and where what it publishes is reached. */
import { spawnSync } from "node:child_process";
import { randomInt } from "node:crypto";
import { createServer } from "node:net";
import type { HostSettings } from "../../config/host.ts";
import { dockerCommand, shell } from "../../hosts/connection.ts";

export interface Outcome {
  code: number | null;
  /** Standard output and standard error, in this order. */
  text: string;
}

/** A command's outcome; it never throws for an exit code. */
export function run(command: string, args: string[], env: NodeJS.ProcessEnv = {}, cwd?: string): Outcome {
  const options = { encoding: "utf8", env: { ...process.env, ...env }, maxBuffer: 2 ** 26, cwd } as const;
  const ran = spawnSync(command, args, options);
  if (ran.error) throw ran.error;
  return { code: ran.status, text: ran.stdout + ran.stderr };
}

/** The end of an output, and before it what Pulumi called an error, without most of the longest lines: a command line that names every resource. */
function end(text: string): string {
  const short = text.replaceAll(/^(.{400}).+$/gm, "$1…");
  const errors = short
    .slice(0, -3_000)
    .split("\n")
    .filter((line) => line.includes("error:"));
  return [...errors.slice(0, 20), short.slice(-3_000)].join("\n");
}

/** Fails with the output unless a command succeeded. */
export function succeeded({ code, text }: Outcome): string {
  if (code !== 0) throw new Error(`exit code ${code}\n${end(text)}`);
  return text;
}

/** The output of a command that had to fail. */
export function failed({ code, text }: Outcome): string {
  if (code === 0) throw new Error(`succeeded, and should not have\n${text.slice(-4_000)}`);
  return text;
}

/** The output of a command that has to succeed. */
export function must(command: string, ...args: string[]): string {
  const { code, text } = run(command, args);
  if (code !== 0) throw new Error(`${command} ${args.join(" ")}: exit code ${code}\n${text}`);
  return text.trim();
}

type Reached = Pick<HostSettings, "docker" | "ssh">;

export class TestHost {
  private readonly reached: Reached;
  /** As a command of ours has them of a stack file. */
  readonly settings: HostSettings;

  /** @param reached as a stack file says it under `host:`; nothing: this machine's engine */
  constructor(reached: Reached = {}) {
    this.reached = reached;
    this.settings = { protectVolumes: false, generateSecrets: true, ...reached };
  }

  /** What a stack file says of this host. */
  get config(): Record<string, unknown> {
    return Object.fromEntries(Object.entries(this.reached).map(([key, value]) => [`host:${key}`, value]));
  }

  /** The words of `docker ARGS` on this host. */
  command(...args: string[]): string[] {
    return dockerCommand(this.settings, args);
  }

  /** The outcome of `docker ARGS` on this host. */
  tryDocker(...args: string[]): Outcome {
    const [command, ...words] = this.command(...args);
    return run(command!, words);
  }

  /** What `docker ARGS` prints on this host; it has to succeed. */
  docker(...args: string[]): string {
    const [command, ...words] = this.command(...args);
    return must(command!, ...words);
  }

  /** Variables with which a process of this machine uses its docker. */
  get environment(): NodeJS.ProcessEnv {
    return shell(this.settings).environment ?? {};
  }

  /** The outcome of a shell command line on this host. */
  shell(line: string): Outcome {
    const { interpreter, environment } = shell(this.settings);
    const [command, ...words] = interpreter;
    return run(command!, [...words, line], environment);
  }

  /** Where this machine reaches what the host publishes on a port of its loopback address. */
  address(port: number): string {
    return `127.0.0.1:${port}`;
  }

  /** A container's health, as Docker names it: starting, healthy, unhealthy. */
  healthOf(container: string): string {
    return this.docker("inspect", "--format", "{{.State.Health.Status}}", container);
  }

  /**
   * Ports that nothing of the host listens on, and that the kernel gives nobody by itself: below those of outgoing connections
   * (net.ipv4.ip_local_port_range, from 32768), or one of these would take it before it is published.
   */
  async freePorts(count: number): Promise<number[]> {
    const ports = new Set<number>();
    while (ports.size < count) {
      const port = randomInt(12_000, 32_000);
      if (await isFree(port)) ports.add(port);
    }
    return [...ports];
  }
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((done) => {
    server.on("error", () => done(false));
    server.listen(port, "0.0.0.0", () => server.close(() => done(true)));
  });
}

/** This machine. */
export const here = new TestHost();
