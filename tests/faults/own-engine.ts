/**
 * A Docker engine of a test's own, so that losing all of it harms nobody: its own data, and a network namespace without a route
 * to anywhere, so that its rules for packets are its own, too.
 */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { standInTag } from "../../images/builder/tag.ts";
import { catalogue } from "../../images/catalogue.ts";
import { must, TestHost } from "../engine/host.ts";

export class OwnEngine {
  readonly folder = mkdtempSync(join(tmpdir(), "robotoff-protea-engine-"));
  readonly socket = `unix://${this.folder}/docker.sock`;
  readonly host = new TestHost({ docker: this.socket });
  private daemon?: ChildProcess;
  /** Where its images, containers and volumes are. */
  readonly data = join(this.folder, "data");
  private readonly filler = join(this.data, "filler");

  /** @param megabytes the size of a disk of its own for its data; without, it shares this machine's */
  constructor(megabytes?: number) {
    mkdirSync(this.data);
    if (megabytes === undefined) return;
    const image = join(this.folder, "disk");
    must("truncate", "-s", `${megabytes}M`, image);
    must("mkfs.ext4", "-q", "-m", "0", image);
    must("mount", "-o", "loop", image, this.data);
  }

  /** Starts it, and returns when it answers. */
  async start(): Promise<void> {
    const log = openSync(join(this.folder, "log"), "a");
    const at = (name: string) => join(this.folder, name);
    const args = [
      ...["--data-root", this.data, "--exec-root", at("exec"), "--pidfile", at("pid"), "--host", this.socket],
      ...["--bridge", "none", "--default-address-pool", "base=10.213.0.0/16,size=24"],
    ];
    const line = 'ip link set lo up && exec dockerd "$@"';
    this.daemon = spawn("unshare", ["--net", "sh", "-c", line, "dockerd", ...args], {
      stdio: ["ignore", log, log],
      detached: true,
    });
    const begun = Date.now();
    while (this.host.tryDocker("version").code !== 0) {
      if (Date.now() > begun + 60_000 || this.daemon.exitCode !== null)
        throw new Error(`dockerd does not answer:\n${readFileSync(at("log"), "utf8").slice(-2_000)}`);
      await new Promise((done) => setTimeout(done, 200));
    }
  }

  /** Brings over all images that this program builds for `local`, as a host would pull them. */
  load(): void {
    // What only the test hosts have is no image of `local`.
    const names = Object.keys(catalogue).filter((name) => !["machine", "exporters", "haproxy"].includes(name));
    const images = names.map((name) => standInTag(`images/${name}`));
    must("sh", "-c", 'docker save "$@" | docker --host "$0" load --quiet', this.socket, ...images);
  }

  /** As when its machine loses power and its disk: every container is killed, and all that the engine knew is gone. */
  async lose(): Promise<void> {
    const running = this.host.docker("ps", "--quiet").split("\n").filter(Boolean);
    if (running.length > 0) this.host.docker("kill", ...running);
    await this.stop();
    rmSync(this.data, { recursive: true });
  }

  /** Fills its disk but for so many MiB. */
  fill(left: number): void {
    rmSync(this.filler, { force: true });
    const { bavail, bsize } = statfsSync(this.data);
    must("fallocate", "-l", String(bavail * bsize - left * 2 ** 20), this.filler);
  }

  /** Takes away what `fill` put there. */
  unfill(): void {
    rmSync(this.filler, { force: true });
  }

  private async stop(): Promise<void> {
    if (!this.daemon || this.daemon.exitCode !== null) return;
    this.daemon.kill("SIGTERM");
    await once(this.daemon, "exit");
  }

  /** Removes all of it, whatever happened. */
  async remove(): Promise<void> {
    const listed = this.host.tryDocker("ps", "--all", "--quiet").text.split("\n");
    const all = listed.filter((id) => /^[0-9a-f]+$/.test(id));
    if (all.length > 0) this.host.tryDocker("rm", "--force", ...all);
    await this.stop();
    for (const line of readFileSync("/proc/mounts", "utf8").split("\n").reverse()) {
      const at = line.split(" ")[1];
      if (at?.startsWith(`${this.folder}/`)) spawnSync("umount", ["--lazy", at]);
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}
