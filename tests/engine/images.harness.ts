// Containers of their own for the tests of the images: named after this process, labelled, and removed at the end.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { standInTag } from "../../images/builder/tag.ts";
import { here, type Outcome } from "./host.ts";
import { marked, nameOf, removeNamed, sweep } from "./leftovers.ts";

const prefix = `${nameOf(process.pid)}n0`;
const label = marked(prefix);

/** Who made an image, as its label says: what was built here names itself, what was pulled has none of it. */
export function vendorOf(reference: string): string {
  const format = '{{index .Config.Labels "org.opencontainers.image.vendor"}}';
  return here.tryDocker("image", "inspect", "--format", format, reference).text.trim();
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
    const source = `${prefix}-${volume}`;
    // Made first, or it would have no label.
    if (setting.data) here.docker("volume", "create", ...label, source);
    const mount = setting.data ? ["--volume", `${source}:${setting.data}`] : [];
    const options = ["--name", this.name, "--network", network, "--hostname", "server", ...(setting.options ?? [])];
    here.docker("create", ...options, ...label, ...env, ...mount, image(imageName), ...(setting.args ?? []));
    for (const [path, content] of Object.entries(setting.files ?? {})) this.copyIn(path, content);
    here.docker("start", this.name);
  }

  private copyIn(path: string, content: string): void {
    const folder = mkdtempSync(join(tmpdir(), "rp-images-"));
    writeFileSync(join(folder, "file"), content, { mode: 0o644 });
    here.docker("cp", join(folder, "file"), `${this.name}:${path}`);
    rmSync(folder, { recursive: true });
  }

  exec(...command: string[]): Outcome {
    return here.tryDocker("exec", this.name, ...command);
  }

  /** What the command prints; fails when the command does. */
  run(...command: string[]): string {
    return here.docker("exec", this.name, ...command);
  }

  logs(): string {
    return here.tryDocker("logs", this.name).text;
  }

  /** Waits until the command succeeds in the container. */
  async until(command: string[], seconds = 120): Promise<void> {
    const end = Date.now() + seconds * 1000;
    for (;;) {
      const tried = this.exec(...command);
      if (tried.code === 0) return;
      if (Date.now() > end) throw new Error(`not ready in ${seconds} s: ${tried.text}\n${this.logs().slice(-3000)}`);
      await pause(200);
    }
  }

  /** The exit code, once the container has ended by itself. */
  ended(): number {
    return Number(here.docker("wait", this.name));
  }

  /** Stops as `docker stop` does. 137 as the exit code means that the server did not obey and was killed. */
  stop(graceSeconds = 20): number {
    here.docker("stop", "--time", String(graceSeconds), this.name);
    return this.ended();
  }

  remove(): void {
    here.tryDocker("rm", "--force", "--volumes", this.name);
  }
}

/** What a command in a new container of the image prints, on the network of the others. */
export function runOnce(imageName: string, options: string[], ...command: string[]): Outcome {
  return here.tryDocker("run", "--rm", "--network", network, ...label, ...options, image(imageName), ...command);
}

export function setUp(): void {
  sweep(here);
  const built = spawnSync(process.execPath, ["images/builder/build.ts"], { encoding: "utf8" });
  if (built.status !== 0) throw new Error(`the images cannot be had:\n${built.stdout}${built.stderr}`);
  here.docker("network", "create", ...label, network);
}

export function tearDown(): void {
  removeNamed(here, (name) => name === prefix);
}
