/** Whoever is told by Alertmanager: what burns, by its webhook. */
import { createServer, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { here } from "./host.ts";

interface Told {
  status: "firing" | "resolved";
  labels: Record<string, string>;
  annotations: Record<string, string>;
  startsAt: string;
}

export class AlertReceiver {
  /** Whatever was told since `forget`, in its order. */
  told: Told[] = [];
  /** How often the dead man's switch was asked for. */
  alive = 0;
  private readonly server: Server;
  private readonly burning = new Map<string, Told>();

  private constructor(server: Server) {
    this.server = server;
  }

  /** Listens where containers of this machine's engine reach it. */
  static async listen(): Promise<AlertReceiver> {
    const server = createServer();
    const receiver = new AlertReceiver(server);
    server.on("request", (request, response) => {
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", () => {
        response.end();
        if (request.url === "/alive") receiver.alive += 1;
        else receiver.hear((JSON.parse(Buffer.concat(parts).toString()) as { alerts: Told[] }).alerts);
      });
    });
    server.listen(0, AlertReceiver.gateway());
    await once(server, "listening");
    return receiver;
  }

  private static gateway(): string {
    return here.docker("network", "inspect", "bridge", "--format", "{{(index .IPAM.Config 0).Gateway}}");
  }

  private hear(alerts: Told[]): void {
    for (const alert of alerts) {
      const key = JSON.stringify(Object.entries(alert.labels).sort());
      // Each message has all that burns: what was told before is no news.
      if (alert.status === "resolved" ? this.burning.delete(key) : !this.burning.has(key)) this.told.push(alert);
      if (alert.status === "firing") this.burning.set(key, alert);
    }
  }

  url(path: string): string {
    return `http://${AlertReceiver.gateway()}:${(this.server.address() as AddressInfo).port}${path}`;
  }

  /** What burns now, by name. */
  names(): string[] {
    return [...this.burning.values()].map(({ labels }) => labels.alertname!).sort();
  }

  /** What began to burn since `forget`, by name and service. */
  begun(): string[] {
    const begun = this.told.filter(({ status }) => status === "firing").map(({ labels }) => labels);
    return [...new Set(begun.map(({ alertname, service, queue }) => [alertname, service ?? queue].filter(Boolean).join(" ")))].sort(); // prettier-ignore
  }

  forget(): void {
    this.told = [];
  }

  async close(): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, "close");
  }
}
