/** HAProxy in front of this machine's Docker socket, as docs/previews.md has it: looking passes, changing does not. */
import { chmodSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { request } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { standInTag } from "../../images/builder/tag.ts";
import { until } from "../http.ts";
import { here } from "./host.ts";

const ENGINE = (process.env.DOCKER_HOST ?? "unix:///var/run/docker.sock").replace("unix://", "");

export interface Answer {
  status: number;
  body: string;
}

export class ReadOnly {
  readonly name: string;
  /** Where its socket is. */
  readonly folder = mkdtempSync(join(tmpdir(), "robotoff-protea-read-only-"));
  readonly socket = join(this.folder, "docker.sock");

  /**
   * @param labels options that mark what a test makes
   * @param user number of the user whose socket it is
   */
  constructor(name: string, labels: string[], user = process.getuid!()) {
    this.name = name;
    chmodSync(this.folder, 0o777);
    const limits = ["--network", "none", "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"];
    const as = ["--user", `${user}:${statSync(ENGINE).gid}`];
    const mounts = [
      `${ENGINE}:/var/run/docker.sock`,
      `${resolve("hosts/read-only")}:/usr/local/etc/haproxy:ro`,
      `${this.folder}:/run/read-only`,
    ].flatMap((mount) => ["--volume", mount]);
    here.docker(
      "run",
      "--detach",
      "--name",
      name,
      ...labels,
      ...limits,
      ...as,
      ...mounts,
      standInTag("images/haproxy"),
    );
  }

  async listening(): Promise<void> {
    await until("it listens", 30, async () => (await this.ask("GET", "/_ping").catch(() => undefined))?.body === "OK");
  }

  /** What it answers to a request. */
  ask(method: string, path: string, body?: string, headers: Record<string, string> = {}): Promise<Answer> {
    return new Promise((done, failed) => {
      const sent = request({
        socketPath: this.socket,
        method,
        path,
        // Without a length, a body of GET would be sent as if it were the next request.
        headers: { "content-type": "application/json", ...(body ? { "content-length": body.length } : {}), ...headers },
      });
      const finish = (status: number, text: string) => done({ status, body: text });
      sent.on("response", (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (part: string) => (text += part));
        response.on("end", () => finish(response.statusCode!, text));
      });
      // Of a connection that would have become another protocol's.
      sent.on("upgrade", ({ statusCode }, socket) => (socket.destroy(), finish(statusCode!, "")));
      sent.on("connect", ({ statusCode }, socket) => (socket.destroy(), finish(statusCode!, "")));
      // One that is refused at its head is answered, and its body not read.
      sent.on("error", (error: NodeJS.ErrnoException) => error.code !== "EPIPE" && failed(error)).end(body);
    });
  }

  /** All that comes back for bytes as they are, until it closes the connection. */
  raw(text: string): Promise<string> {
    return new Promise((done, failed) => {
      const socket = connect(this.socket, () => socket.write(text));
      let all = "";
      socket.setEncoding("utf8").on("data", (part: string) => (all += part));
      socket.setTimeout(10_000, () => socket.destroy());
      socket.on("close", () => done(all)).on("error", failed);
    });
  }

  remove(): void {
    here.tryDocker("rm", "--force", "--volumes", this.name);
    rmSync(this.folder, { recursive: true, force: true });
  }
}
