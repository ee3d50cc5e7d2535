/**
 * The committed stack files, deployed to the lab's hosts: a checkout of its own, of links to this one, whose stack files are the
 * committed ones under overlay.yaml, and whose state, passphrase and secrets are its own.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { parse, stringify } from "yaml";
import { backupDirectory } from "../../config/host.ts";
import { sshConfig, sshFiles } from "../../hosts/ssh.ts";
import { rawConfiguration } from "../../operations/stack.ts";
import { describeStack, type Stack } from "../../systems/stack.ts";
import { run, succeeded, type Outcome } from "../engine/host.ts";
import { fill } from "./images.ts";
import { Lab, type HostName } from "./lab.ts";

/** The stacks, and the hosts that they are for. */
export const STACKS = { staging: "ovh200", production: "ovh201" } as const satisfies Record<string, HostName>;
export type StackName = keyof typeof STACKS;

export type Map = Record<string, unknown>;
const isMap = (value: unknown): value is Map => typeof value === "object" && value !== null && !Array.isArray(value);

/** A map over another: maps are merged, all else is replaced. */
function over(below: Map, above: Map): Map {
  const merged = { ...below };
  for (const [key, value] of Object.entries(above)) {
    const old = below[key];
    merged[key] = isMap(old) && isMap(value) ? over(old, value) : value;
  }
  return merged;
}

const overlay = () => parse(readFileSync("tests/hosts/overlay.yaml", "utf8")) as Record<"both" | StackName, Map>;

/** But for secrets, which are a team's: a rehearsal has its own. */
function committed(stack: StackName): Map {
  const { config } = parse(readFileSync(`Pulumi.${stack}.yaml`, "utf8")) as { config: Map };
  return Object.fromEntries(Object.entries(config).filter(([, value]) => !(isMap(value) && "secure" in value)));
}

const age = (file: string) => statSync(file).mtimeMs;
const newerThan = (file: string, ...others: string[]) =>
  existsSync(file) && others.every((other) => age(other) < age(file));

/** A command that runs. */
export interface Begun {
  process: ChildProcess;
  ended: Promise<Outcome>;
  /** What it has printed so far. */
  said: () => string;
}

export class Rehearsal {
  readonly folder: string;
  private readonly lab: Lab;

  constructor(lab: Lab) {
    this.lab = lab;
    this.folder = join(lab.folder, "checkout");
  }

  /** For a test: hosts that are up, with what the real ones have before these stacks come, and a checkout to deploy them from. */
  static async forTest(...stacks: StackName[]): Promise<{ lab: Lab; rehearsal: Rehearsal }> {
    const lab = await Lab.forTest();
    await fill();
    await lab.up();
    const rehearsal = new Rehearsal(lab);
    for (const stack of stacks) rehearsal.furnish(stack);
    rehearsal.prepare();
    return { lab, rehearsal };
  }

  /** The stack file's config as it is deployed here. */
  config(stack: StackName): Map {
    const { both, [stack]: own } = overlay();
    const keys = {
      identity: this.lab.identity,
      hostKeys: [this.lab.hostKey(STACKS[stack])],
      proxy: { hostKeys: [this.lab.hostKey("proxy")] },
    };
    return [both, own, { "host:ssh": keys }].reduce(over, committed(stack));
  }

  described(stack: StackName): Stack {
    return describeStack(rawConfiguration(stack, stringify({ config: this.config(stack) })));
  }

  /** Makes the checkout, or brings it up to date. */
  prepare(): void {
    mkdirSync(join(this.folder, ".local"), { recursive: true });
    mkdirSync(join(this.folder, "bin"), { recursive: true });
    // A copy, since it works on the checkout that it lies in.
    copyFileSync("bin/pulumi", join(this.folder, "bin/pulumi"));
    const own = new Set(["bin", ".local", ".git", ...Object.keys(STACKS).map((stack) => `Pulumi.${stack}.yaml`)]);
    for (const entry of [...readdirSync(".").filter((entry) => !own.has(entry)), ".local/bin", ".local/pulumi"]) {
      const link = join(this.folder, entry);
      if (!existsSync(link)) symlinkSync(resolve(entry), link);
    }
    for (const stack of Object.keys(STACKS) as StackName[]) {
      const file = this.file(stack);
      // What a verb has written into it since (make scale) stays until the files that it is made of change.
      if (!newerThan(file, `Pulumi.${stack}.yaml`, "tests/hosts/overlay.yaml"))
        writeFileSync(file, stringify({ config: this.config(stack) }));
      this.secrets(stack);
    }
  }

  /** Changes the stack file that is deployed. */
  change(stack: StackName, config: Map): void {
    const file = join(this.folder, `Pulumi.${stack}.yaml`);
    const { config: before } = parse(readFileSync(file, "utf8")) as { config: Map };
    writeFileSync(file, stringify({ config: over(before, config) }));
    this.secrets(stack);
  }

  private file(stack: StackName): string {
    return join(this.folder, `Pulumi.${stack}.yaml`);
  }

  /** The stack file of the checkout. */
  text(stack: StackName): string {
    return readFileSync(this.file(stack), "utf8");
  }

  /** Does something with other settings in the stack file, and puts it back as it was. */
  changed(stack: StackName, change: (config: Map) => void, action: () => void): void {
    const before = this.text(stack);
    const file = parse(before) as { config: Map };
    change(file.config);
    writeFileSync(this.file(stack), stringify(file));
    try {
      action();
    } finally {
      writeFileSync(this.file(stack), before);
    }
  }

  /** Ends the shared connection, where there is one: the next command logs in anew. */
  disconnect(stack: StackName): void {
    const ssh = describeStack(rawConfiguration(stack, this.text(stack))).host.ssh!;
    // A command with other settings may have written it last, and its connection was another.
    const { config } = sshFiles(ssh);
    mkdirSync(join(this.folder, config, ".."), { recursive: true, mode: 0o700 });
    writeFileSync(join(this.folder, config), sshConfig(ssh), { mode: 0o600 });
    this.run("ssh", "-F", config, "-O", "exit", ssh.address);
  }

  /** Makes up what is missing. */
  private secrets(stack: StackName): void {
    const file = join(this.folder, ".local/stacks", `Pulumi.${stack}.yaml`);
    const known = existsSync(file) ? readFileSync(file, "utf8") : "";
    const declared = readFileSync(join(this.folder, `Pulumi.${stack}.yaml`), "utf8");
    for (const { key, required } of describeStack(rawConfiguration(stack, declared)).secrets) {
      if (!required || known.includes(`${key}:\n`)) continue;
      const line = 'printf %s "$VALUE" | bin/pulumi config set --secret "$0" --stack "$1"';
      const VALUE = randomBytes(12).toString("hex");
      succeeded(run("sh", ["-c", line, key, stack], { ...this.environment, VALUE }, this.folder));
    }
  }

  /** What is on the real hosts before this program comes: volumes and networks of others, a server in one, folders. */
  furnish(stack: StackName): void {
    const host = STACKS[stack];
    const { host: settings, systems } = this.described(stack);
    const on = (...words: string[]) => this.lab.on(host, ...words);
    const volumes = systems.flatMap(({ volumes }) => volumes.filter(({ external }) => external));
    for (const { dockerName } of volumes) on("docker", "volume", "create", dockerName);
    this.furnishNetworks(stack);
    const checkout = (this.config(stack)["robotoff:checkout"] as { folder: string }).folder;
    on("install", "-d", "-o", "off", "-g", "off", backupDirectory(settings)!, checkout, `${checkout}/models`);
    // It is downloaded where it is missing.
    on("sh", "-c", 'echo model > "$0"', `${checkout}/models/lid.176.bin`);
  }

  /** Of that, what is not this program's: networks of others, and the Redis of Product Opener, which shares staging's host. */
  furnishNetworks(stack: StackName): void {
    const { systems } = this.described(stack);
    const on = (...words: string[]) => this.lab.on(STACKS[stack], ...words);
    const networks = systems.flatMap(({ services }) => services.flatMap(({ externalNetworks }) => externalNetworks));
    for (const network of new Set(networks))
      on("sh", "-c", 'docker network inspect "$0" || docker network create "$0"', network);
    const redis = 'docker inspect redis || docker run --detach --name redis --network po_webnet --restart always "$0"';
    if (stack === "staging") on("sh", "-c", redis, "10.1.0.1:5000/docker.io/library/redis:7.0.5-alpine");
  }

  /**
   * What a command in it runs with. Its tools are those of this checkout: it is not set up itself (Makefile). Its state is its
   * own, also in a shell that has a team's backend: the rehearsal must not get into the state of the real stack.
   */
  readonly environment = {
    REHEARSAL: "1",
    PULUMI_BACKEND_URL: undefined,
    PULUMI_CONFIG_PASSPHRASE: undefined,
    PULUMI_CONFIG_PASSPHRASE_FILE: undefined,
  };

  /** A command, as on the laptop, in the checkout. */
  run(...words: string[]): Outcome {
    const [command, ...args] = [...this.lab.laptop, ...words];
    return run(command!, args, this.environment, this.folder);
  }

  /** As `make TARGET … TARGET=hosts` has it, without asking. */
  make(target: string, stack: StackName, ...variables: string[]): Outcome {
    return this.run(...this.words(target, stack, variables));
  }

  /** The same beside whatever else runs. */
  begin(target: string, stack: StackName, ...variables: string[]): Begun {
    return this.spawn(this.words(target, stack, variables));
  }

  /** Starts a command as on the laptop, in the checkout; its process leads a group of its own, so that all of it can be ended. */
  spawn(words: string[]): Begun {
    const [command, ...args] = [...this.lab.laptop, ...words];
    const env = { ...process.env, ...this.environment };
    const child = spawn(command!, args, { cwd: this.folder, detached: true, env });
    let text = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (data: Buffer) => (text += data.toString()));
    const ended = new Promise<Outcome>((done) => child.on("close", (code) => done({ code, text })));
    return { process: child, ended, said: () => text };
  }

  private words(target: string, stack: StackName, variables: string[]): string[] {
    const args = target === "up" ? ["ARGS=--skip-preview --non-interactive --color=never"] : [];
    return ["make", target, `STACK=${stack}`, "YES=1", ...args, ...variables];
  }
}
