/** Elsewhere: a server of restic repositories that only lets add to them, as docs/backups.md says to run one. */
import { createHash, randomBytes } from "node:crypto";
import { image } from "./images.harness.ts";
import { here, type Outcome } from "./host.ts";

export const USER = "robotoff-protea";
export const SERVER_PASSWORD = randomBytes(12).toString("hex");
export const PASSWORD = `${randomBytes(12).toString("base64")}~`;
const FOLDER = "/srv/copies";
/** Who may come in, read anew whenever it changes. */
const USERS = "/srv/users";

/** A line of an htpasswd file. */
const user = (password: string) => `${USER}:{SHA}${createHash("sha1").update(password).digest("base64")}`;

export class Elsewhere {
  readonly name: string;
  /** Options that mark what a test makes. */
  readonly labels: string[];
  /** Reached from every network of this machine, and from nowhere else. */
  readonly address: string;

  private constructor(name: string, labels: string[], port: number) {
    const gateway = here.docker("network", "inspect", "bridge", "--format", "{{(index .IPAM.Config 0).Gateway}}");
    this.name = name;
    this.labels = labels;
    this.address = `${gateway}:${port}`;
    const server = "rclone serve restic --append-only --cache-objects=false --addr :8000 --htpasswd";
    const options = ["--name", name, ...labels, "--publish", `${this.address}:8000`, "--entrypoint", "sh"];
    const script = `echo "$0" > ${USERS} && exec ${server} ${USERS} ${FOLDER}`;
    here.docker("run", "--detach", ...options, image("restic"), "-c", script, user(SERVER_PASSWORD));
  }

  /** From now on, this is the server's password. */
  letIn(password: string): void {
    here.docker("exec", this.name, "sh", "-c", `echo "$0" > ${USERS}`, user(password));
  }

  static async start(name: string, labels: string[]): Promise<Elsewhere> {
    const [port] = await here.freePorts(1);
    return new Elsewhere(name, labels, port!);
  }

  /** What host:backups.copy says of it. */
  get settings() {
    return { repository: `rest:http://${this.address}`, user: USER, image: { build: "images/restic" } };
  }

  /** restic there, on the files themselves: by another credential than any host has. */
  restic(...args: string[]): Outcome {
    return this.resticBy(PASSWORD, ...args);
  }

  /** The same, by another password. */
  resticBy(password: string, ...args: string[]): Outcome {
    const environment = ["--env", `RESTIC_PASSWORD=${password}`, "--env", `RESTIC_REPOSITORY=${FOLDER}/protea`];
    return here.tryDocker("exec", ...environment, this.name, "restic", ...args);
  }

  /** Every file that is kept, with its sha256; locks come and go. */
  files(): string[] {
    return this.shell(`cd ${FOLDER} && find . -type f ! -path '*/locks/*' -exec sha256sum {} +`).split("\n").sort();
  }

  /** The sha256 of every file of a snapshot's folder, as restored there. */
  restored(snapshot: string): string {
    return this.shell(
      `rm -rf /tmp/restored && RESTIC_PASSWORD='${PASSWORD}' restic -q -r ${FOLDER}/protea restore ${snapshot} --target /tmp/restored > /dev/null && ` +
        "cd /tmp/restored/backups/protea && find . -type f -exec sha256sum {} + | sort -k 2",
    );
  }

  /** What a shell prints there. */
  shell(line: string): string {
    return here.docker("exec", this.name, "sh", "-c", line);
  }
}
