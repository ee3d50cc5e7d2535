/** A registry of this machine that has one image, under every name that ends in `known`. */
import { spawn, type ChildProcess } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { must } from "./host.ts";

export class Registry {
  /** HOST:PORT, on loopback: engines pull from there without a certificate. */
  address = "";
  private readonly folder = mkdtempSync(join(tmpdir(), "robotoff-protea-registry-"));
  private server!: ChildProcess;

  /** @param image of this machine's engine */
  static async of(image: string): Promise<Registry> {
    const registry = new Registry();
    must("sh", "-c", `docker save ${image} | tar -xC ${registry.folder}`);
    await registry.start();
    return registry;
  }

  private async start(): Promise<void> {
    const stdio = ["pipe", "pipe", "inherit"] as const;
    this.server = spawn(process.execPath, [join(__dirname, "registry.ts"), this.folder], { stdio: [...stdio] });
    const ended = once(this.server, "exit").then(([code]) =>
      Promise.reject(new Error(`the registry ended with ${code}`)),
    );
    const [port] = (await Promise.race([once(this.server.stdout!, "data"), ended])) as [Buffer];
    ended.catch(() => {});
    this.address = `127.0.0.1:${port.toString().trim()}`;
  }

  /** By which it knows its image. */
  get digest(): string {
    const index = readFileSync(join(this.folder, "index.json"), "utf8");
    const { manifests } = JSON.parse(index) as { manifests: [{ digest: string }] };
    const manifest = readFileSync(join(this.folder, "blobs", manifests[0].digest.replace(":", "/")));
    return `sha256:${createHash("sha256").update(manifest).digest("hex")}`;
  }

  stop(): void {
    this.server.kill();
    rmSync(this.folder, { recursive: true });
  }
}
