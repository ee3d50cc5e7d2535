/** Whoever is told by Alertmanager: what burns, by its webhook. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { here } from "./host.ts";

interface Told {
  status: "firing" | "resolved";
  labels: Record<string, string>;
  annotations: Record<string, string>;
  startsAt: string;
}

export class AlertReceiver {
  private readonly folder = mkdtempSync(join(tmpdir(), "robotoff-protea-alerts-"));
  private readonly file = join(this.folder, "posted");
  private readonly address = here.docker("network", "inspect", "bridge", "--format", "{{(index .IPAM.Config 0).Gateway}}");
  private readonly listener: ChildProcess;
  private port = 0;
  /** How many messages are forgotten. */
  private forgotten = 0;

  private constructor() {
    writeFileSync(this.file, "");
    this.listener = spawn("node", ["tests/engine/alert-listener.ts", this.address, this.file], { stdio: ["pipe", "pipe", "inherit"] });
  }

  /** Listens where containers of this machine's engine reach it. */
  static async listen(): Promise<AlertReceiver> {
    const receiver = new AlertReceiver();
    const [port] = (await once(receiver.listener.stdout!, "data")) as [Buffer];
    receiver.port = Number(port.toString());
    return receiver;
  }

  private posted(): { path: string; body: string }[] {
    const lines = readFileSync(this.file, "utf8").split("\n").filter(Boolean);
    return lines.map((line) => JSON.parse(line) as { path: string; body: string });
  }

  /** Of each message what is news: each has all that burns. */
  private heard(): { burning: Told[]; told: Told[] } {
    const burning = new Map<string, Told>();
    const told: Told[] = [];
    for (const [index, { path, body }] of this.posted().entries()) {
      if (path !== "/alerts") continue;
      for (const alert of (JSON.parse(body) as { alerts: Told[] }).alerts) {
        const key = JSON.stringify(Object.entries(alert.labels).sort());
        const news = alert.status === "resolved" ? burning.delete(key) : !burning.has(key);
        if (news && index >= this.forgotten) told.push(alert);
        if (alert.status === "firing") burning.set(key, alert);
      }
    }
    return { burning: [...burning.values()], told };
  }

  /** Whatever was told since `forget`, in its order. */
  get told(): Told[] {
    return this.heard().told;
  }

  /** How often the dead man's switch was asked for. */
  get alive(): number {
    return this.posted().filter(({ path }) => path === "/alive").length;
  }

  url(path: string): string {
    return `http://${this.address}:${this.port}${path}`;
  }

  /** What burns now, by name. */
  names(): string[] {
    return this.heard().burning.map(({ labels }) => labels.alertname!).sort();
  }

  /** What began to burn since `forget`, by name and service. */
  begun(): string[] {
    const begun = this.told.filter(({ status }) => status === "firing").map(({ labels }) => labels);
    return [...new Set(begun.map(({ alertname, service, queue }) => [alertname, service ?? queue].filter(Boolean).join(" ")))].sort();
  }

  forget(): void {
    this.forgotten = this.posted().length;
  }

  async close(): Promise<void> {
    const ended = once(this.listener, "exit");
    this.listener.stdin!.end();
    await ended;
    rmSync(this.folder, { recursive: true });
  }
} // prettier-ignore
