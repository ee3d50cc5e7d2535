/** The server is killed while it is written to, and its data deleted: what comes back, and what is lost. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { until } from "../http.ts";
import type { Backups } from "./backups.harness.ts";
import type { Chance } from "./chance.ts";
import { run, succeeded } from "./host.ts";

export interface Lost {
  /** Commits that the server had acknowledged. */
  commits: number;
  /** Of these, what is not there again; and by how many seconds the last that is there is older than the last of all. */
  lost: number;
  seconds: number;
  /** Whether at the chosen moment exactly what was committed before it is there; how many commits that is. */
  exact: boolean;
  before: number;
  /** Seconds from the empty volume to the data. */
  restored: number;
}

const WRITERS = 3;
/** One commit after the other, each with its moment; what is printed was committed. */
const WRITE = `yes "insert into written (by) values (:by) returning id, extract(epoch from at); select pg_sleep(0.003) \\g /dev/null" |
  psql -qAtX -U protea -d protea -v by=$1`;
/** What is there; everything that follows has another sum. */
const CONTENT = "select count(*), md5(string_agg(id || ' ' || at, ',' order by id)) from written";

export class LostServer {
  private readonly server: string;
  private readonly volume: string;
  private readonly backups: Backups;

  constructor(backups: Backups) {
    this.backups = backups;
    this.server = backups.stack.container("protea", "postgres");
    this.volume = `${backups.stack.name}-protea_postgres_data`;
  }

  private query(sql: string): string {
    return this.backups.stack.query("protea", sql);
  }

  /** Of the backup that a restore begins with. */
  private stampAndLine(): [string, string] {
    const words = succeeded(this.backups.vault("list")).trim().split("\n").at(-1)!.split(" ");
    return [words[0]!, words[5]!];
  }

  private words(): string[] {
    return ["protea", resolve(this.backups.folder, ".."), this.server, this.backups.agent, this.volume];
  }

  private async ready(): Promise<void> {
    const ask = ["exec", this.server, "pg_isready", "-q", "-h", "127.0.0.1"];
    await until("the server answers", 60, () => this.backups.stack.host.tryDocker(...ask).code === 0);
  }

  private empty(): void {
    const { stack } = this.backups;
    const image = stack.docker("inspect", "--format", "{{.Image}}", this.server);
    const mount = ["--volume", `${this.volume}:/data`, "--entrypoint", "find"];
    stack.docker("run", "--rm", ...stack.marked, ...mount, image, "/data", "-mindepth", "1", "-delete");
  }

  /** What restores put aside. */
  private removeAside(): void {
    const { stack } = this.backups;
    const names = stack.docker("volume", "ls", "--quiet", "--filter", `name=${this.volume}.beside-`).split("\n");
    if (names[0]) stack.docker("volume", "rm", ...names);
  }

  /** Once; the newest backup is of now, and so is the next one's. */
  async once(chance: Chance): Promise<Lost> {
    const { stack } = this.backups;
    this.query(`drop table if exists written;
      create table written (id bigserial primary key, by int, at timestamptz default clock_timestamp())`);
    const [stamp, line] = this.stampAndLine();
    const said = Array.from({ length: WRITERS }, () => "");
    const writers = said.map((_, n) => {
      const args = ["exec", this.server, "sh", "-c", WRITE, "write", String(n)];
      const writer = spawn("docker", args, { stdio: ["ignore", "pipe", "ignore"] });
      writer.stdout.on("data", (text: Buffer) => (said[n] += text.toString()));
      return once(writer, "close");
    });
    await until("all write", 30, () => said.every((text) => text.includes("\n")));
    await pause(chance.below(1_500));
    // Nothing is committed while it has the lock: what is there then is what is there at that moment.
    const lock = "begin; lock table written in share row exclusive mode";
    const moment = "select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US+00')";
    const [at, content] = this.query(`${lock}; ${CONTENT}; ${moment}; commit`)
      .split("\n")
      .filter((text) => /^\d/.test(text))
      .reverse();
    await pause(chance.below(2_000));
    stack.docker("kill", this.server);
    await Promise.all(writers);
    this.empty();
    stack.docker("start", this.server);
    await this.ready();
    const begin = Date.now();
    const fill = ["hosts/scripts/fill-postgres.sh", "latest", "vault.sh", "restore-postgres.sh", ...this.words()];
    succeeded(run("sh", fill));
    const restored = (Date.now() - begin) / 1_000;
    const back = new Set(this.query("select id from written").split("\n"));
    const commits = said.flatMap((text) => text.split("\n").slice(0, -1)).filter(Boolean).map((text) => text.split("|") as [string, string]); // prettier-ignore
    const lost = commits.filter(([id]) => !back.has(id)).length;
    const latest = (of: [string, string][]) => Math.max(...of.map(([, time]) => Number(time)));
    const seconds = latest(commits) - latest(commits.filter(([id]) => back.has(id)));
    succeeded(run("sh", ["hosts/scripts/restore-postgres.sh", ...this.words(), stamp, line, "time", at!]));
    const exact = this.query(CONTENT) === content;
    this.removeAside();
    succeeded(this.backups.backup("1,0,0,0"));
    return {
      ...{ commits: commits.length, lost, seconds },
      ...{ exact, before: Number(content!.split("|")[0]), restored },
    };
  }
}
