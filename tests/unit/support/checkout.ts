/** A folder that looks like this checkout to the verbs, with a docker, a pulumi and a make that answer as a test says. */
import { copyFileSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { FakeDocker } from "./fake-docker.ts";
import { STACKS } from "./stack.ts";

const PROJECT = "robotoff-protea";

export class Checkout extends FakeDocker {
  private readonly backend: string;

  constructor() {
    super();
    this.cwd = this.folder;
    for (const name of ["hosts", "images", "operations", "systems"])
      symlinkSync(resolve(name), join(this.folder, name));
    for (const stack of STACKS) copyFileSync(`Pulumi.${stack}.yaml`, this.stackFile(stack));
    mkdirSync(join(this.folder, "bin"));
    // As set-up makes it.
    mkdirSync(join(this.folder, ".local/backups"), { recursive: true });
    this.backend = join(this.folder, ".local/state/.pulumi");
    mkdirSync(join(this.backend, "stacks", PROJECT), { recursive: true });
    this.pulumi("").program("make", `echo "make $*" >>${this.folder}/calls`);
  }

  stackFile(stack: string): string {
    return join(this.folder, `Pulumi.${stack}.yaml`);
  }

  /** From now on `bin/pulumi` is noted among the calls, and then does this. */
  pulumi(script: string): this {
    return this.program("bin/pulumi", `echo "pulumi $*" >>${this.folder}/calls\n${script}`);
  }

  /** The file of a stack's state. */
  stateFile(stack = "local"): string {
    return join(this.backend, "stacks", PROJECT, `${stack}.json`);
  }

  /** What Pulumi's file backend has of a stack. */
  state(latest: object, stack = "local"): this {
    writeFileSync(this.stateFile(stack), JSON.stringify({ checkpoint: { latest } }));
    return this;
  }

  /** A lock on a stack; its file. */
  lock(lock: { pid: number; hostname: string }, stack = "local"): string {
    const folder = join(this.backend, "locks/organization", PROJECT, stack);
    mkdirSync(folder, { recursive: true });
    const file = join(folder, "0123.json");
    writeFileSync(file, JSON.stringify({ username: "off", timestamp: "2026-11-24T22:00:00Z", ...lock }));
    return file;
  }

  /** The commands so far, none when there were none. */
  get all(): string[] {
    return existsSync(join(this.folder, "calls")) ? this.calls : [];
  }

  text(stack: string): string {
    return readFileSync(this.stackFile(stack), "utf8");
  }

  write(stack: string, text: string): void {
    writeFileSync(this.stackFile(stack), text);
  }
}
