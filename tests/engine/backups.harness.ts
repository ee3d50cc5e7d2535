/** A stack's backups of PROTEA, by the scripts that a host runs: without the seconds that `make` needs before them. */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { run, succeeded, type Outcome } from "./host.ts";
import type { TestStack } from "./stack.harness.ts";

/** Where each part runs, and as whom. */
const PARTS = {
  postgres: ["postgres-backup", "postgres"],
  // Robotoff's; its script asks for nothing but a database.
  public: ["postgres-backup", "postgres"],
  rabbitmq: ["files-backup", "root"],
  bucket: ["files-backup", "root"],
  lab: ["files-backup", "root"],
  git: ["git-backup", "root"],
} as const;
export type Part = keyof typeof PARTS;

export class Backups {
  readonly stack: TestStack;
  readonly parts: readonly Part[];
  /** The host's folder of them. */
  readonly folder: string;
  readonly agent: string;

  constructor(stack: TestStack, parts: readonly Part[]) {
    this.stack = stack;
    this.parts = parts;
    this.folder = join(stack.folder, ".local/backups/protea");
    this.agent = stack.container("protea", "postgres-backup");
  }

  latest(): string {
    return readlinkSync(join(this.folder, "latest"));
  }

  stamps(): string[] {
    return readdirSync(this.folder)
      .filter((name) => /^2.*Z$/.test(name))
      .sort();
  }

  private container(part: Part): string {
    return this.stack.container("protea", PARTS[part][0]);
  }

  /** In which the parts run. */
  containers(): string[] {
    return [...new Set(this.parts.map((part) => this.container(part)))];
  }

  private words(): string[] {
    return this.parts.map((part) => `${part}=${this.container(part)}=${PARTS[part][1]}=part-${part}.sh`);
  }

  private arguments(keep: string): string[] {
    const beside = [resolve(this.folder, ".."), "0", this.agent, "vault.sh", keep, "-", "-"];
    return ["hosts/scripts/backup.sh", "protea", ...beside, ...this.words()];
  }

  /** @param keep of the last so many, and of days, weeks, months */
  backup(keep = "3,0,0,0"): Outcome {
    return run("sh", this.arguments(keep), this.stack.host.environment);
  }

  /** The same, at once; the process leads a group of its own, so that all of it can be killed. */
  start(keep = "3,0,0,0"): ChildProcess {
    const env = { ...process.env, ...this.stack.host.environment };
    return spawn("sh", this.arguments(keep), { env, stdio: ["ignore", "pipe", "pipe"], detached: true });
  }

  /** The backup that a restore begins with, of now, and its line of WAL. */
  base(): [stamp: string, line: string] {
    const words = succeeded(this.vault("list")).trim().split("\n").at(-1)!.split(" ");
    return [words[0]!, words[5]!];
  }

  /** What restore-postgres.sh and fill-postgres.sh are told of the server. */
  restoreWords(): string[] {
    const server = this.stack.container("protea", "postgres");
    return ["protea", resolve(this.folder, ".."), server, this.agent, `${this.stack.name}-protea_postgres_data`];
  }

  /** PostgreSQL as it was at a moment, in PostgreSQL's own form. */
  restore(base: [stamp: string, line: string], at: string): Outcome {
    return run(
      "sh",
      ["hosts/scripts/restore-postgres.sh", ...this.restoreWords(), ...base, "time", at],
      this.stack.host.environment,
    );
  }

  /** A shell's text in a container, as the scripts run theirs. */
  piped(container: string, user: string, input: string, ...args: string[]): Outcome {
    const words = ["exec", "-i", "-u", user, container, "sh", "-s", "--", ...args];
    const env = { ...process.env, ...this.stack.host.environment };
    const ran = spawnSync("docker", words, { env, encoding: "utf8", input, maxBuffer: 2 ** 26 });
    return { code: ran.status, text: ran.stdout + ran.stderr };
  }

  vault(...args: string[]): Outcome {
    return this.piped(this.agent, "root", readFileSync("hosts/scripts/vault.sh", "utf8"), ...args);
  }

  /** Reads a part of a backup through by its own tools. */
  read(part: Part, stamp: string): Outcome {
    const script = readFileSync(`hosts/scripts/part-${part}.sh`, "utf8");
    const folder = `/backups/protea/${stamp}/${part}`;
    return this.piped(this.container(part), PARTS[part][1], script, "verify", folder);
  }

  /** As verify.sh: a line for each thing that differs; nothing: it is what was backed up. */
  wrong(stamp: string): string[] {
    const checks = [this.vault("check", stamp), ...this.parts.map((part) => this.read(part, stamp))];
    return checks.filter(({ code }) => code !== 0).map(({ text }) => text);
  }
}
