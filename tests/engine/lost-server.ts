/** The server is killed while it is written to, and its data deleted: what comes back, and what is lost. */
import { setTimeout as pause } from "node:timers/promises";
import { until } from "../http.ts";
import type { Backups } from "./backups.harness.ts";
import type { Chance } from "./chance.ts";
import { run, succeeded } from "./host.ts";
import { chosenMoment, Writers, written } from "./writers.ts";

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
    const base = this.backups.base();
    const writers = await Writers.start(stack);
    await pause(chance.below(1_500));
    const { at, content } = chosenMoment(stack);
    await pause(chance.below(2_000));
    stack.docker("kill", this.server);
    await writers.ended;
    this.empty();
    stack.docker("start", this.server);
    await this.ready();
    const begin = Date.now();
    const fill = [
      "hosts/scripts/fill-postgres.sh",
      "latest",
      "vault.sh",
      "restore-postgres.sh",
      ...this.backups.restoreWords(),
    ];
    succeeded(run("sh", fill));
    const restored = (Date.now() - begin) / 1_000;
    const back = new Set(this.query("select id from written").split("\n"));
    const commits = writers.commits();
    const lost = commits.filter(([id]) => !back.has(id)).length;
    const latest = (of: [string, string][]) => Math.max(...of.map(([, time]) => Number(time)));
    const seconds = latest(commits) - latest(commits.filter(([id]) => back.has(id)));
    succeeded(this.backups.restore(base, at));
    const exact = written(stack) === content;
    this.removeAside();
    succeeded(this.backups.backup("1,0,0,0"));
    return {
      ...{ commits: commits.length, lost, seconds },
      ...{ exact, before: Number(content.split("|")[0]), restored },
    };
  }
}
