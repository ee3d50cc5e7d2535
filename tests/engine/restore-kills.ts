/** Kills a restore of PostgreSQL at a chosen step: the live data is the old or the new, whole, and the same command again finishes. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { until } from "../http.ts";
import type { Backups } from "./backups.harness.ts";
import { must, run, succeeded, type Outcome } from "./host.ts";

/** What is restored: to a moment, to the end of the WAL, or into a server that came up empty (as an `up` does it). */
export const TARGETS = ["moment", "latest", "empty server"] as const;
export type Target = (typeof TARGETS)[number];

/** When it is killed: before its n-th call of docker, after so many milliseconds, or behind a line of what changes the places. */
export type At = { call: number } | { after: number } | { line: number };

export interface KilledRestore {
  target: Target;
  at: At;
  /** Whether the host dies with it: its containers, the server and all. */
  dies: boolean;
  /** What it did then. */
  phase: string;
  /** What the server had afterwards. */
  live: "old" | "new" | "does not start" | "neither";
  /** The same command again; its last words where it fails. */
  next: string;
  /** Whether the data is then what was asked for. */
  right: boolean;
  /** What is then there and should not be, or the other way round. */
  left: string[];
}

export const ENDED = "it had ended";

/** Whether it is as it should be. Where the host died while the volumes changed places, the server starts after the next run. */
export const whole = ({ live, next, right, phase, at, left }: KilledRestore): boolean =>
  (["old", "new"].includes(live) || (live === "does not start" && "line" in at) || phase === ENDED) &&
  next === "" &&
  right &&
  left.length === 0;

/** Of the scripts on the host, which all are in one folder there. */
const SCRIPTS = ["restore-postgres", "fill-postgres", "vault"];
/** Everything there is; a server that came up empty has nothing. */
const CONTENT = "select count(*), md5(string_agg(id || ' ' || word, ',' order by id)) from killed";

/** A docker on PATH, before whose n-th call its process group dies; or in whose container what changes the places ends behind a line. */
const DOCKER = `#!/bin/sh
calls=$(dirname "$0")/calls
echo >> "$calls"
[ "$(wc -l < "$calls")" != "\${KILL_CALL:-}" ] || kill -9 0
case "\${KILL_LINE:+$*}" in *"mv _data _data.before"*)
  for word; do
    shift
    case $word in *"mv _data _data.before"*) word=$(printf '%s\\n' "$word" | awk -v line="$KILL_LINE" '{ print } NR == line { print "exit 137" }') ;; esac
    set -- "$@" "$word"
  done
  DOCKER "$@"
  kill -9 0
esac
exec DOCKER "$@"
`;

export class RestoreKills {
  private readonly backups: Backups;
  private readonly server: string;
  private readonly volume: string;
  /** Where the scripts, docker and what they leave in TMPDIR are. */
  private readonly folder: string;
  private stamp = "";
  private line = "";
  /** As PostgreSQL has it. */
  moment = "";
  private readonly wanted: Record<Target, string> = { moment: "", latest: "", "empty server": "" };
  private changes = 0;

  /** Containers that are stopped and started as the applications. */
  private readonly applications: string[];

  /** @param applications services; any will do for the script itself */
  constructor(backups: Backups, applications = ["files-backup", "minio"]) {
    this.backups = backups;
    this.applications = applications.map((name) => backups.stack.container("protea", name));
    this.server = backups.stack.container("protea", "postgres");
    this.volume = `${backups.stack.name}-protea_postgres_data`;
    this.folder = mkdtempSync(join(backups.stack.folder, "kills-"));
    for (const name of SCRIPTS) copyFileSync(`hosts/scripts/${name}.sh`, join(this.folder, `${name}.sh`));
    mkdirSync(join(this.folder, "tmp"));
    const docker = DOCKER.replaceAll("DOCKER ", `${must("sh", "-c", "command -v docker")} `);
    writeFileSync(join(this.folder, "docker"), docker, { mode: 0o755 });
  }

  /** How many lines change the places. */
  lines(): number {
    const script = readFileSync(join(this.folder, "restore-postgres.sh"), "utf8");
    return /change_places='\n([^']*)'/.exec(script)![1]!.split("\n").length;
  }

  /** A backup, a moment after it, and the end of its line of WAL. */
  prepare(): void {
    const query = (sql: string) => this.backups.stack.query("protea", sql);
    query(`drop table if exists killed; create table killed (id serial primary key, word text);
      insert into killed (word) select md5(g::text) from generate_series(1, 20000) g`);
    succeeded(this.backups.backup());
    [this.stamp, , , , , this.line] = succeeded(this.backups.vault("list")).trim().split("\n").at(-1)!.split(" ") as [string, string, string, string, string, string]; // prettier-ignore
    query("insert into killed (word) values ('before the moment')");
    this.moment = query("select pg_sleep(2), to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US+00')").split("|")[1]!; // prettier-ignore
    this.wanted.moment = this.content();
    query("insert into killed (word) values ('after it')");
    this.wanted.latest = this.wanted["empty server"] = this.content();
    // From here on it is on another line of WAL; to the end of that one is always the same.
    succeeded(this.start("latest").again());
    this.removeAside();
  }

  private content(): string {
    const { stack } = this.backups;
    const asked = stack.host.tryDocker("exec", this.server, "psql", "-U", "protea", "-d", "protea", "-Atc", CONTENT);
    return /relation "killed" does not exist/.test(asked.text) ? "nothing" : succeeded(asked).trim();
  }

  private start(target: Target) {
    const [directory, agent] = [resolve(this.backups.folder, ".."), this.backups.agent];
    const words = ["protea", directory, this.server, agent, this.volume];
    const to = target === "latest" ? ["latest", "-"] : ["time", this.moment];
    const args =
      target === "empty server"
        ? ["fill-postgres.sh", "latest", "vault.sh", "restore-postgres.sh", ...words]
        : ["restore-postgres.sh", ...words, this.stamp, this.line, ...to, ...this.applications];
    const command = [join(this.folder, args[0]!), ...args.slice(1)];
    const env = { ...process.env, TMPDIR: join(this.folder, "tmp") };
    return {
      again: (): Outcome => run("sh", command, env),
      killed: (how: Record<string, string>) =>
        spawn("sh", command, {
          env: { ...env, ...how, PATH: `${this.folder}:${process.env.PATH}` },
          stdio: ["ignore", "pipe", "pipe"],
          detached: true,
        }),
    };
  }

  private marked(kind: "ps" | "volume"): string[] {
    const filter = ["--filter", `label=robotoff-protea.restore=${this.server}`];
    const args = kind === "ps" ? ["ps", "--all", "--format", "{{.Names}}"] : ["volume", "ls", "--format", "{{.Name}}"];
    return this.backups.stack.docker(...args, ...filter).split("\n").filter(Boolean); // prettier-ignore
  }

  private removeAside(): void {
    const names = this.marked("volume");
    if (names.length > 0) this.backups.stack.docker("volume", "rm", ...names);
  }

  private running(): string[] {
    const { stack } = this.backups;
    const names = stack.docker("ps", "--filter", `label=robotoff-protea.stack=${stack.name}`, "--format", "{{.Names}}");
    return names.split("\n").filter(Boolean).sort();
  }

  private async ready(): Promise<void> {
    const ask = ["exec", this.server, "pg_isready", "-q", "-h", "127.0.0.1"];
    await until("the server answers", 60, () => this.backups.stack.host.tryDocker(...ask).code === 0);
  }

  /** In the volumes' folders, by a container that sees them. */
  private inVolumes(line: string): string {
    const { stack } = this.backups;
    const image = stack.docker("inspect", "--format", "{{.Image}}", this.server);
    const root = resolve(stack.docker("volume", "inspect", "--format", "{{.Mountpoint}}", this.volume), "../..");
    const words = ["run", "--rm", "--user", "root", "--network", "none", ...stack.marked, "-v", `${root}:/volumes`];
    return stack.docker(...words, "--entrypoint", "sh", image, "-c", `cd /volumes/${this.volume}; ${line}`);
  }

  /** Live data that differs from all that is restored; for an empty server, none. */
  private async change(target: Target): Promise<string> {
    const { stack } = this.backups;
    if (target === "empty server") {
      stack.docker("kill", this.server);
      this.inVolumes("find _data -mindepth 1 -delete");
      stack.docker("start", this.server);
      await this.ready();
    } else {
      if (this.content() === "nothing") succeeded(this.start("latest").again());
      this.removeAside();
      stack.query("protea", `insert into killed (word) values ('change ${(this.changes += 1)}')`);
    }
    return this.content();
  }

  /** What is wrong after all of it. @param changed how often the volumes changed places */
  private left(running: string[], changed: number): string[] {
    const beside = this.marked("volume");
    const halves = beside.filter((name) => this.inVolumes(`cd ../${name}; [ -f _data/PG_VERSION ] && [ ! -e _data/.building ] && ls || true`) !== "_data"); // prettier-ignore
    return [
      ...this.marked("ps").map((name) => `the container ${name}`),
      ...halves.map((name) => `half a volume, ${name}`),
      ...(beside.length === changed ? [] : [`${beside.length} volumes beside, of ${changed}`]),
      ...(this.inVolumes("ls") === "_data" ? [] : [`in the volume's folder: ${this.inVolumes("ls")}`]),
      ...(this.inVolumes("ls -A _data | grep -x .building || true") ? ["a mark in the data"] : []),
      ...readdirSync(join(this.folder, "tmp")).filter((name) => !name.endsWith(".lock")),
      ...running.filter((name) => !this.running().includes(name)).map((name) => `${name} does not run`),
    ];
  }

  /** How many calls of docker a whole restore is, and how long it takes. */
  async usual(target: Target): Promise<{ calls: number; milliseconds: number }> {
    await this.change(target);
    const begin = Date.now();
    const child = this.restart(target, {});
    const [code] = (await once(child, "exit")) as [number | null];
    const milliseconds = Date.now() - begin;
    if (code !== 0) throw new Error(`exit code ${code}`);
    this.removeAside();
    return { calls: readFileSync(join(this.folder, "calls"), "utf8").length, milliseconds };
  }

  private restart(target: Target, how: Record<string, string>) {
    rmSync(join(this.folder, "calls"), { force: true });
    return this.start(target).killed(how);
  }

  /** @param again what an operator runs next; left out: the same script */
  async once(target: Target, at: At, dies: boolean, again?: () => Outcome): Promise<KilledRestore> {
    const old = await this.change(target);
    const running = this.running();
    const child = this.restart(target, {
      ...("call" in at ? { KILL_CALL: String(at.call) } : {}),
      ...("line" in at ? { KILL_LINE: String(at.line) } : {}),
    });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (text: Buffer) => (said += text.toString()));
    const ended = once(child, "exit") as Promise<[number | null]>;
    if ("after" in at) {
      await Promise.race([pause(at.after), ended]);
      if (child.exitCode === null) process.kill(-child.pid!, "SIGKILL");
    }
    const [code] = await ended;
    if (dies) this.hostDies();
    const live = await this.started(old, target);
    // As an up does, before it fills.
    if (target === "empty server") for (const name of running) this.backups.stack.host.tryDocker("start", name);
    const next = again ? again() : this.start(target).again();
    const right = this.content() === this.wanted[target];
    // Of a change that the next run finishes there is one volume beside, whatever the server had before.
    const first = next.text.includes("protea: finishes") || live === "new" ? 1 : 0;
    const swaps = first + (next.text.includes(", and changes places") ? 1 : 0);
    const left = this.left(running, swaps);
    this.removeAside();
    return {
      ...{ target, at, dies, live, right, left },
      phase: code === null ? phaseOf(said, "line" in at) : ENDED,
      next: next.code === 0 ? "" : next.text.slice(-400),
    };
  }

  /** All that runs for it dies at once, and what had run is started again, as when a host comes back. */
  private hostDies(): void {
    const { stack } = this.backups;
    const own = [...this.marked("ps"), this.server, this.backups.agent];
    const ran = own.filter((name) => this.running().includes(name));
    for (const name of [...new Set([...own, ...this.marked("ps")])]) stack.host.tryDocker("kill", name);
    for (const name of ran) if (!this.marked("ps").includes(name)) stack.host.tryDocker("start", name);
  }

  /** What the server has once it is started. */
  private async started(old: string, target: Target): Promise<KilledRestore["live"]> {
    const { stack } = this.backups;
    let starts = false;
    // What changes the places goes on without the script.
    for (let n = 0; n < 20 && !(starts = stack.host.tryDocker("start", this.server).code === 0); n += 1)
      await pause(200);
    if (!starts) return "does not start";
    await this.ready();
    const content = this.content();
    return content === this.wanted[target] ? "new" : content === old ? "old" : "neither";
  }
}

/** By the last that it said. */
function phaseOf(said: string, line: boolean): string {
  if (line) return "changes places";
  const words = said.match(/protea: (stops|copies|recovers|changes places|starts)\b/g)?.at(-1);
  return words?.replace("protea: ", "") ?? "looks";
}
