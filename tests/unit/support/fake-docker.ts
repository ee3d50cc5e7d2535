/** A `docker` on PATH that answers from files, so that the scripts run for real without an engine. */
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { script } from "../../../hosts/scripts.ts";
import { operation, type Ran } from "./operation.ts";

/**
 * Answers a command from the file of its name: first line the exit code, then what it prints (on failure: complains).
 * What has no answer is refused, and remembered, so that a test cannot pass because of it.
 */
const DOCKER = `#!/bin/sh
dir=$(dirname "$0")
echo "$*" >>"$dir/calls"
answer="$dir/$(printf %s "$*" | cksum | tr ' ' -)"
if [ ! -f "$answer" ]; then
  echo "$*" >>"$dir/unanswered"
  echo "the fake docker has no answer for: $*" >&2
  exit 125
fi
if [ "$*" = "system dial-stdio" ]; then
  # The API: a request's head, then its body, which is kept.
  while IFS= read -r line && [ "$line" != "$(printf '\\r')" ]; do
    case $line in [Cc]ontent-[Ll]ength:*) length=$(echo "$line" | tr -cd 0-9) ;; GET* | POST*) echo "$line" >>"$dir/requests" ;; esac
  done
  head -c "$length" >>"$dir/requests"
fi
code=$(head -n 1 "$answer")
if [ "$code" = 0 ]; then tail -n +2 "$answer"; else tail -n +2 "$answer" >&2; fi
exit "$code"
`;

export class FakeDocker {
  /** Its folder, to be the first of PATH. */
  readonly folder = mkdtempSync(join(tmpdir(), "fake-docker-"));
  /** Whether a person sits before what is run. */
  terminal = false;
  /** What that person types. */
  typed = "";
  /** Where verbs run; default: here. */
  cwd?: string;

  constructor() {
    writeFileSync(join(this.folder, "docker"), DOCKER, { mode: 0o755 });
  }

  /** Another program on PATH. */
  program(name: string, script: string): this {
    writeFileSync(join(this.folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    return this;
  }

  /** From now on `docker COMMAND` ends like this. */
  answer(command: string, output = "", code = 0): this {
    writeFileSync(this.answerFile(command), `${code}\n${output}`);
    return this;
  }

  /** Where the answer to a command stands, for a program that changes it. */
  answerFile(command: string): string {
    const name = spawnSync("cksum", { input: command, encoding: "utf8" }).stdout.trim().replaceAll(" ", "-");
    return join(this.folder, name);
  }

  /** Runs a script of hosts/scripts/ with arguments. Throws when it asked docker what it has no answer for. */
  run(name: string, ...args: string[]) {
    const { status, stdout, stderr } = spawnSync("sh", [`hosts/scripts/${name}.sh`, ...args], {
      env: this.environment,
      encoding: "utf8",
    });
    this.refuseUnanswered();
    return { status, stdout, stderr };
  }

  /**
   * Runs a script as what goes in by standard input, after those whose functions it needs.
   * @param user the number of the user that runs it, where this one is root; default: this one
   */
  inline(name: string, before: string[], args: string[], { user = 0, variables = {} } = {}) {
    // Its own files, and what is called, are another user's to reach.
    if (user) chmodSync(this.folder, 0o777);
    const { status, stdout, stderr } = spawnSync("sh", ["-s", "--", ...args], {
      ...(user ? { uid: user, gid: user } : {}),
      env: { ...this.environment, ...variables },
      input: script(name, before).content,
      encoding: "utf8",
    });
    this.refuseUnanswered();
    return { status, stdout, stderr };
  }

  /** Runs one of operations/ as the Makefile does, in this process. Throws when it asked docker what it has no answer for. */
  async operation(name: string, ...args: string[]): Promise<Ran> {
    const { environment, terminal, typed, cwd } = this;
    const ran = await operation(name, args, { environment, terminal, typed, cwd });
    this.refuseUnanswered();
    return ran;
  }

  /** This process's environment with the fake docker first on PATH, and a home of its own: what a host keeps is there. */
  get environment(): NodeJS.ProcessEnv {
    return { ...process.env, HOME: this.folder, PATH: `${this.folder}:${process.env.PATH}` };
  }

  /** Throws when docker was asked what has no answer. */
  refuseUnanswered(): void {
    const file = join(this.folder, "unanswered");
    if (existsSync(file)) throw new Error(`the fake docker has no answer for:\n${readFileSync(file, "utf8")}`);
  }

  /** The commands it was called with. */
  get calls(): string[] {
    return readFileSync(join(this.folder, "calls"), "utf8").trim().split("\n");
  }

  /** What was posted to its API, each with the request's first line. */
  get requests(): string {
    return readFileSync(join(this.folder, "requests"), "utf8");
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}
