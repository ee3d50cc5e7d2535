/** A `docker` on PATH that answers from files, so that the scripts run for real without an engine. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Answers a command from the file of its name, where there is one: first line the exit code, then what it prints. */
const DOCKER = `#!/bin/sh
dir=$(dirname "$0")
echo "$*" >>"$dir/calls"
answer="$dir/$(printf %s "$*" | tr -c 'a-zA-Z0-9\\n' _ | cut -c1-150)"
[ -f "$answer" ] || exit 1
tail -n +2 "$answer"
exit "$(head -n 1 "$answer")"
`;

export class FakeDocker {
  private readonly folder = mkdtempSync(join(tmpdir(), "fake-docker-"));

  constructor() {
    writeFileSync(join(this.folder, "docker"), DOCKER, { mode: 0o755 });
  }

  /** From now on `docker COMMAND` ends like this; what has no answer fails silently. */
  answer(command: string, output = "", code = 0): this {
    const name = command.replace(/[^a-zA-Z0-9]/g, "_").slice(0, 150);
    writeFileSync(join(this.folder, name), `${code}\n${output}`);
    return this;
  }

  /** Runs a script as components/host.ts does, by standard input; `args` are its arguments. */
  run(script: string, ...args: string[]) {
    const env = { ...process.env, PATH: `${this.folder}:${process.env.PATH}` };
    const { status, stdout, stderr } = spawnSync("sh", ["-s", "--", ...args], { input: script, env, encoding: "utf8" });
    return { status, stdout, stderr };
  }

  /** The commands it was called with. */
  get calls(): string[] {
    return readFileSync(join(this.folder, "calls"), "utf8").trim().split("\n");
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}

/** Whether sh can read a script; its complaint otherwise. */
export function syntaxOf(script: string): string {
  return spawnSync("sh", ["-n"], { input: script, encoding: "utf8" }).stderr;
}
