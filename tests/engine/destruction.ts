/** What whoever has the host can try against the copy that is elsewhere: with restic, and by hand over HTTP. */
import { createHash, randomBytes } from "node:crypto";
import { request } from "node:http";
import { EXEC } from "../../engines/docker/secrets.ts";
import { SERVER_PASSWORD, USER, type Elsewhere } from "./copy.harness.ts";
import { here, type Outcome } from "./host.ts";
import { image } from "./images.harness.ts";

type Kind = "keys" | "snapshots" | "index" | "data";
const KINDS: Kind[] = ["keys", "snapshots", "index", "data"];

export class Attacker {
  private readonly copier: string;
  private readonly elsewhere: Elsewhere;
  /** The ids of the repository's files at the beginning. */
  readonly ids: Record<Kind, string[]>;

  /** @param copier the container that copies, with all that it has */
  constructor(copier: string, elsewhere: Elsewhere) {
    this.copier = copier;
    this.elsewhere = elsewhere;
    const of = (kind: Kind) =>
      elsewhere.shell(`cd /srv/copies/protea/${kind} && find . -type f -printf '%f\\n'`).split("\n");
    this.ids = { keys: of("keys"), snapshots: of("snapshots"), index: of("index"), data: of("data") };
  }

  shell(line: string): Outcome {
    return here.tryDocker("exec", this.copier, EXEC, "sh", "-c", line);
  }

  restic(...args: string[]): Outcome {
    return here.tryDocker("exec", this.copier, EXEC, "restic", ...args);
  }

  /** The answer's code; the path goes out as it is. */
  http(
    method: string,
    path: string,
    body: string | Buffer = "",
    headers: Record<string, string> = {},
  ): Promise<number> {
    const [host, port] = this.elsewhere.address.split(":");
    const authorization = `Basic ${Buffer.from(`${USER}:${SERVER_PASSWORD}`).toString("base64")}`;
    return new Promise((done, fail) => {
      const asked = request({ host, port, method, path, headers: { authorization, ...headers } }, (answer) => {
        answer.resume().on("end", () => done(answer.statusCode!));
      });
      asked.on("error", fail).end(body);
    });
  }

  async each(method: string, kind: Kind, body?: string): Promise<void> {
    for (const id of this.ids[kind]) await this.http(method, `/protea/${kind}/${id}`, body);
  }

  /** Five snapshots of an empty folder under the name of the backups, one of them of the future. */
  forge(): Outcome {
    const variables = here
      .docker("exec", this.copier, EXEC, "env")
      .split("\n")
      .filter((line) => /^(RESTIC|AWS)_(?!\w+_FILE=)/.test(line));
    const empty = [
      "--tmpfs",
      "/backups/protea",
      ...this.elsewhere.labels,
      ...variables.flatMap((one) => ["--env", one]),
    ];
    const backup = (words: string) => `restic backup --quiet ${words} /backups/protea`;
    const line = `set -e; for n in 1 2 3 4; do ${backup("--force")}; done; ${backup("--time '2099-01-01 00:00:00'")}`;
    return here.tryDocker("run", "--rm", ...empty, "--entrypoint", "sh", image("restic"), "-c", line);
  }

  /** A new file under the name that its content asks for. */
  add(folder: string, content: Buffer): Promise<number> {
    return this.http("POST", `/protea/${folder}/${createHash("sha256").update(content).digest("hex")}`, content);
  }
}

type Act = [what: string, act: (attacker: Attacker) => unknown];

/** Acts that ask for what is there to go or to change. */
export const REMOVING: Act[] = [
  ["restic forget, of every snapshot by its id", (a) => a.restic("forget", ...a.ids.snapshots)],
  ["restic forget --keep-last 1 --prune", (a) => a.restic("forget", "--keep-last", "1", "--prune")],
  ["restic forget of all, and prune", (a) => a.restic("forget", "--unsafe-allow-remove-all", "--path", "/backups/protea", "--prune")],
  ["restic prune, of whatever is not used", (a) => a.restic("prune", "--max-unused", "0", "--repack-small")],
  ["restic unlock --remove-all", (a) => a.restic("unlock", "--remove-all")],
  ["restic key remove", (a) => a.shell(`echo another > /tmp/another; restic key add --new-password-file /tmp/another; RESTIC_PASSWORD=another restic key remove ${a.ids.keys[0]}`)],
  ["restic key passwd", (a) => a.restic("key", "passwd", "--new-password-file", "/tmp/another")],
  ["restic repair index", (a) => a.restic("repair", "index", "--read-all-packs")],
  ["restic repair snapshots --forget", (a) => a.restic("repair", "snapshots", "--forget")],
  ["restic repair packs", (a) => a.restic("repair", "packs", ...a.ids.data)],
  ["restic tag", (a) => a.restic("tag", "--set", "gone")],
  ["restic rewrite --forget, without any file", (a) => a.restic("rewrite", "--forget", "--exclude", "*")],
  ["restic init over it", (a) => a.restic("init")],
  ["DELETE of the configuration", (a) => a.http("DELETE", "/protea/config")],
  ...KINDS.map((kind): Act => [`DELETE of all ${kind}`, (a) => a.each("DELETE", kind)]),
  ["DELETE of the repository", async (a) => { for (const path of ["/protea/", "/protea", "/", "/protea/keys/"]) await a.http("DELETE", path); }],
  ["DELETE of a lock whose path leads to a key", async (a) => {
    const [id] = a.ids.keys;
    for (const path of [`/protea/locks/../keys/${id}`, `/protea/locks/..%2fkeys%2f${id}`, `/protea/keys/${id}/locks/..`, `/protea/keys/${id}/locks/%2e%2e`, `/protea/keys/locks/%2e%2e/${id}`])
      await a.http("DELETE", path);
  }],
  ["POST over the configuration", (a) => a.http("POST", "/protea/config", "x")],
  ...KINDS.map((kind): Act => [`POST over all ${kind}`, (a) => a.each("POST", kind, "x")]),
  ["POST over what a path leads to", async (a) => {
    for (const path of ["//config", "/./config", "/locks/../config", "/locks/..%2fconfig", "/data/..%2fconfig"]) await a.http("POST", `/protea${path}`, "x");
  }],
  ["other methods, and another one in a header", async (a) => {
    for (const method of ["PUT", "PATCH", "MOVE", "COPY"]) await a.http(method, "/protea/config", "x", { destination: "/protea/gone" });
    await a.http("POST", "/protea/config", "x", { "x-http-method-override": "DELETE" });
  }],
]; // prettier-ignore

/** Acts that add: nothing goes by that, but what a reader makes of it, or retention, could be another thing. */
export const ADDING: Act[] = [
  ["snapshots of nothing, to push the others out of the retention", (a) => a.forge()],
  ["files that are none: an index, a snapshot, a key, a lock, and much data", async (a) => {
    for (const folder of ["index", "snapshots", "keys", "locks"]) await a.add(folder, randomBytes(500));
    await a.add("data", randomBytes(2 ** 25));
  }],
  ["a key of the same password, to another repository", async (a) => {
    const made = a.shell("restic -r /tmp/other init > /dev/null && cat /tmp/other/keys/*");
    await a.add("keys", Buffer.from(made.text));
  }],
]; // prettier-ignore
