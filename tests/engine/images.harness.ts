// Containers of their own for the tests of the images: named after this process, labelled, and removed at the end.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { standInTag } from "../../images/builder/tag.ts";

const prefix = `rp-images-${process.pid}`;
const label = ["--label", "robotoff-protea.test=1"];

export interface Outcome {
  status: number | null;
  /** Standard output and standard error, in this order. */
  text: string;
}

export function docker(...args: string[]): Outcome {
  const ran = spawnSync("docker", args, { encoding: "utf8", timeout: 120_000, maxBuffer: 2 ** 26 });
  if (ran.error) throw ran.error;
  return { status: ran.status, text: ran.stdout + ran.stderr };
}

/** The standard output of a docker command that has to succeed. */
export function must(...args: string[]): string {
  const ran = docker(...args);
  if (ran.status !== 0) throw new Error(`docker ${args.join(" ")}: exit code ${ran.status}\n${ran.text}`);
  return ran.text.trim();
}

/** Who made an image, as its label says: what was built here names itself, what was pulled has none of it. */
export function vendorOf(reference: string): string {
  const format = '{{index .Config.Labels "org.opencontainers.image.vendor"}}';
  return docker("image", "inspect", "--format", format, reference).text.trim();
}

export const network = prefix;
export const image = (name: string): string => standInTag(`images/${name}`);

/** The words of a health check in Docker's form, as `docker exec` runs them. */
export function commandOf(test: string[]): string[] {
  return test[0] === "CMD-SHELL" ? ["sh", "-c", test[1]!] : test.slice(1);
}

/** What `docker run` is given: environment, arguments of the image, its data folder, files by path. */
export interface Setting {
  env?: Record<string, string>;
  args?: string[];
  /** Where a named volume is mounted. */
  data?: string;
  files?: Record<string, string>;
  options?: string[];
}

let count = 0;

export class Container {
  readonly name = `${prefix}-${(count += 1)}`;

  /** @param volume the short name of the volume at `setting.data` */
  constructor(imageName: string, setting: Setting = {}, volume = `volume-${count}`) {
    const env = Object.entries(setting.env ?? {}).flatMap(([name, value]) => ["--env", `${name}=${value}`]);
    const mount = setting.data ? ["--volume", `${prefix}-${volume}:${setting.data}`] : [];
    const options = ["--name", this.name, "--network", network, "--hostname", "server", ...(setting.options ?? [])];
    must("create", ...options, ...label, ...env, ...mount, image(imageName), ...(setting.args ?? []));
    for (const [path, content] of Object.entries(setting.files ?? {})) this.copyIn(path, content);
    must("start", this.name);
  }

  private copyIn(path: string, content: string): void {
    const folder = mkdtempSync(join(tmpdir(), "rp-images-"));
    writeFileSync(join(folder, "file"), content, { mode: 0o644 });
    must("cp", join(folder, "file"), `${this.name}:${path}`);
    rmSync(folder, { recursive: true });
  }

  exec(...command: string[]): Outcome {
    return docker("exec", this.name, ...command);
  }

  /** What the command prints; fails when the command does. */
  run(...command: string[]): string {
    return must("exec", this.name, ...command);
  }

  logs(): string {
    return docker("logs", this.name).text;
  }

  /** Waits until the command succeeds in the container. */
  async until(command: string[], seconds = 120): Promise<void> {
    const end = Date.now() + seconds * 1000;
    for (;;) {
      const tried = this.exec(...command);
      if (tried.status === 0) return;
      if (Date.now() > end) throw new Error(`not ready in ${seconds} s: ${tried.text}\n${this.logs().slice(-3000)}`);
      await pause(200);
    }
  }

  /** The exit code, once the container has ended by itself. */
  ended(): number {
    return Number(must("wait", this.name));
  }

  /** Stops as `docker stop` does. 137 as the exit code means that the server did not obey and was killed. */
  stop(graceSeconds = 20): number {
    must("stop", "--time", String(graceSeconds), this.name);
    return this.ended();
  }

  remove(): void {
    docker("rm", "--force", "--volumes", this.name);
  }
}

/** What a command in a new container of the image prints, on the network of the others. */
export function runOnce(imageName: string, options: string[], ...command: string[]): Outcome {
  return docker("run", "--rm", "--network", network, ...label, ...options, image(imageName), ...command);
}

export function setUp(): void {
  const built = spawnSync(process.execPath, ["images/builder/build.ts"], { encoding: "utf8" });
  if (built.status !== 0) throw new Error(`the images cannot be had:\n${built.stdout}${built.stderr}`);
  must("network", "create", ...label, network);
}

export function tearDown(): void {
  const ours = (...list: string[]) =>
    must(...list, "--filter", `name=${prefix}`, "--quiet")
      .split("\n")
      .filter(Boolean);
  for (const container of ours("ps", "--all")) docker("rm", "--force", "--volumes", container);
  for (const volume of ours("volume", "ls")) docker("volume", "rm", volume);
  docker("network", "rm", network);
}
