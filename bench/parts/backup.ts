/** Backups and restores of PROTEA: the runbook's own commands against ours, in turns, on the same data. */
import { EXEC } from "../../engines/docker/secrets.ts";
import { spawn } from "node:child_process";
import { execFileSync } from "node:child_process";
import { mkdirSync, openSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { here, succeeded } from "../../tests/engine/host.ts";
import { TestStack } from "../../tests/engine/stack.harness.ts";
import { changeBucket, fillBucket, fillDatabase, fillLab } from "../lib/backup-data.ts";
import { latencies, words } from "../lib/latency.ts";
import { output, pause, seconds } from "../lib/processes.ts";
import type { Section } from "../lib/report.ts";
import { Samples } from "../lib/statistics.ts";

/** GB of the bucket; the database comes to 0.7 of it, the folder is a third. */
const SIZE = Number(process.env.SIZE ?? 2.2);

const megabytes = (path: string) =>
  Number(execFileSync("du", ["-sk", path], { encoding: "utf8" }).split("\t")[0]) / 1_000;

/** What is measured of one stack; `at` is the folder that the runbook's commands write to. */
class Sides {
  readonly at: string;
  private readonly stack: TestStack;
  private readonly samples: Samples;

  constructor(stack: TestStack, samples: Samples) {
    this.stack = stack;
    this.samples = samples;
    this.at = join(stack.folder, "runbook");
  }

  private readonly docker = (...args: string[]) => output({ command: ["docker", ...args] });
  private readonly container = (service: string) => this.stack.container("protea", service);

  /** What PROTEA's API took to answer while something went on; it asks its database and RabbitMQ. */
  readonly answers: Record<"idle" | "runbook" | "ours", number[]> = { idle: [], runbook: [], ours: [] };

  private async answered<T>(side: keyof Sides["answers"], action: () => Promise<T>): Promise<T> {
    const done: { result?: T } = {};
    const url = this.stack.url("api of protea", 8000, "/health/ready");
    this.answers[side].push(...(await latencies(url, async () => (done.result = await action()))));
    return done.result!;
  }

  private async measured(what: string, action: () => Promise<unknown>): Promise<void> {
    this.samples.add(what, await seconds(action));
  }

  /** A verb of a part, as backup.sh runs it; the seconds at which each line was printed. */
  private part(service: string, user: string, script: string, ...args: string[]): Promise<[string, number][]> {
    const begun = performance.now();
    const lines: [string, number][] = [];
    const exec = ["exec", "-i", "-u", user, this.container(service), "sh", "-s", "--", ...args];
    const input = openSync(`hosts/scripts/part-${script}.sh`, "r");
    const child = spawn("docker", exec, { stdio: [input, "pipe", "pipe"] });
    for (const stream of [child.stdout!, child.stderr!])
      createInterface({ input: stream }).on("line", (line) => lines.push([line, (performance.now() - begun) / 1_000]));
    return new Promise((done, reject) => {
      child.on("close", (code) => {
        lines.push(["end", (performance.now() - begun) / 1_000]);
        if (code === 0) done(lines);
        else
          reject(
            new Error(`${script} ${args.join(" ")}: exit code ${code}\n${lines.map(([line]) => line).join("\n")}`),
          );
      });
    });
  }

  /** Empties the folders that both write to. */
  prepare(): void {
    rmSync(this.at, { recursive: true, force: true });
    mkdirSync(join(this.at, "mirror"), { recursive: true });
    const bench =
      "rm -rf /backups/protea/bench && mkdir -p /backups/protea/bench/one /backups/protea/bench/two && chmod -R 777 /backups/protea/bench";
    this.stack.docker("exec", "-u", "root", this.container("files-backup"), "sh", "-c", bench);
  }

  async databases(): Promise<void> {
    const server = this.container("postgres");
    await this.answered("idle", () => pause(10_000));
    const dump = async () => {
      await this.docker(
        "exec",
        server,
        "pg_dump",
        "-U",
        "protea",
        "-d",
        "protea",
        "-Fc",
        "-Z6",
        "-f",
        "/tmp/bench.dump",
      );
      await this.docker("cp", "--quiet", `${server}:/tmp/bench.dump`, join(this.at, "bench.dump"));
      await this.docker("exec", server, "rm", "/tmp/bench.dump");
    };
    await this.measured("runbook: dump", () => this.answered("runbook", dump));
    const lines = await this.answered("ours", () =>
      this.part("postgres-backup", "postgres", "postgres", "backup", "/backups/protea/bench/one/postgres"),
    );
    const at = (text: string) => lines.find(([line]) => line.includes(text))![1];
    this.samples.add("ours: dump", at("postgres: base backup") - at("postgres: dump of"));
    this.samples.add("ours: base backup", at("end") - at("postgres: base backup"));
  }

  async buckets(): Promise<void> {
    const { MC_HOST_server } = Object.fromEntries(
      this.stack
        .docker("exec", this.container("files-backup"), EXEC, "env")
        .split("\n")
        .map((line) => line.split(/=(.*)/s)),
    ) as Record<string, string>;
    const image = this.stack.docker("inspect", "--format", "{{.Config.Image}}", this.container("bucket"));
    const network = `${this.stack.name}-protea_servers`;
    const mirror = () =>
      this.docker(
        ...["run", "--rm", ...this.stack.marked, "--network", network, "-v", `${this.at}/mirror:/backup`],
        ...[
          "-e",
          `MC_HOST_server=${MC_HOST_server}`,
          image,
          "mirror",
          "--quiet",
          "--overwrite",
          "server/protea",
          "/backup",
        ],
      );
    const own = (name: string, ...before: string[]) =>
      this.part(
        "files-backup",
        "root",
        "bucket",
        "backup",
        ...[name, ...before].map((one) => `/backups/protea/bench/${one}/bucket`),
      );
    await this.measured("runbook: bucket", mirror);
    await this.measured("ours: bucket", () => own("one"));
    changeBucket(this.stack);
    await this.measured("runbook: bucket again", mirror);
    await this.measured("ours: bucket again", () => own("two", "one"));
  }

  async folders(): Promise<void> {
    const tar = ["tar", "-czf", join(this.at, "lab.tar.gz"), "-C", join(this.stack.folder, "lab"), "datasets", "runs"];
    await this.measured("runbook: folder", () => output({ command: tar }));
    await this.measured("ours: folder", () =>
      this.part("files-backup", "root", "lab", "backup", "/backups/protea/bench/one/lab"),
    );
  }

  /** Needs a published backup. */
  async verified(): Promise<number> {
    const latest = join(this.stack.folder, ".local/backups/protea/latest/");
    const size = megabytes(latest);
    const sums = ["sh", "-c", 'find "$0" -type f -print0 | xargs -0 sha256sum > /dev/null', latest];
    await this.measured("runbook: sha256sum", () => output({ command: sums }));
    await this.measured("ours: verify", () => Promise.resolve(succeeded(this.stack.operation("verify"))));
    return size;
  }

  async restores(): Promise<void> {
    const server = this.container("postgres");
    await this.measured("runbook: restore", async () => {
      await this.docker("exec", server, "createdb", "-U", "protea", "bench");
      await this.docker("cp", "--quiet", join(this.at, "bench.dump"), `${server}:/tmp/bench.dump`);
      await this.docker(
        "exec",
        server,
        "pg_restore",
        "-U",
        "protea",
        "-d",
        "bench",
        "--jobs=4",
        "--no-owner",
        "/tmp/bench.dump",
      );
    });
    this.stack.docker("exec", server, "sh", "-c", "rm /tmp/bench.dump && dropdb -U protea bench");
    const text = succeeded(this.stack.operation("restore", "--at", "latest", "--yes", "1"));
    this.samples.add("ours: restore", Number(/the server answers, after ([\d.]+) s/.exec(text)![1]));
    this.samples.add("ours: restore, all", Number(/has the data of .*, after ([\d.]+) s/.exec(text)![1]));
    const beside = this.stack.docker("volume", "ls", "-q", "--filter", `label=robotoff-protea.restore=${server}`);
    this.stack.docker("volume", "rm", ...beside.split("\n"));
  }
}

const STEPS = ["dump", "base backup", "restore", "restore, all", "bucket", "bucket again", "folder"] as const;
const WORDS: Record<(typeof STEPS)[number], [string, string, string]> = {
  dump: ["PostgreSQL, logical: `pg_dump -Fc -Z6`, copied out; ours with the content hash of each table", "dump", "≥ 3"],
  "base backup": ["PostgreSQL, physical, checked by pg_verifybackup; beside the runbook's dump", "dump", "≥ 5"],
  restore: [
    "PostgreSQL, back to ready: `pg_restore --jobs=4`; ours physical, with the WAL to its end",
    "restore",
    "≥ 5",
  ],
  "restore, all": ["the same; ours until every application is started again, too", "restore", ""],
  bucket: ["bucket, first copy: `mc mirror`; ours with headers, tags and sha256", "bucket", ""],
  "bucket again": ["bucket, one object of a hundred changed", "bucket again", ""],
  folder: ["folder: `tar -czf`; ours not compressed, hashed", "folder", ""],
};

export async function backup(rounds: number): Promise<Section> {
  const samples = new Samples();
  const stack = await TestStack.create(["protea"], here, true);
  const lab = join(stack.folder, "lab");
  mkdirSync(lab);
  fillLab(lab, SIZE / 3);
  stack.config["protea:lab"] = lab;
  stack.change("protea", "postgres", { memory: "4g" });
  succeeded(stack.makeUp());
  fillBucket(stack, SIZE);
  fillDatabase(stack, SIZE);
  const size = Number(stack.query("protea", "select pg_database_size('protea')")) / 1e6;
  const sides = new Sides(stack, samples);
  let [published, sizes] = [0, ""];
  for (let round = 1; round <= rounds; round += 1) {
    sides.prepare();
    await sides.databases();
    await sides.buckets();
    await sides.folders();
    const own = (name: string) =>
      megabytes(join(stack.folder, ".local/backups/protea/bench/one/postgres", name)).toFixed(0);
    sizes = `the runbook's dump ${megabytes(join(sides.at, "bench.dump")).toFixed(0)} MB, our dump ${own("dump")} MB, our base backup ${own("base")} MB`;
    succeeded(stack.operation("backup"));
    published = await sides.verified();
    await sides.restores();
  }
  stack.remove();
  const rate = (what: string) => `${(published / samples.median(what)).toFixed(0)} MB/s`;
  // Minutes for 60 GB of database and 40 GB of bucket, at the rates measured here.
  const minutes = (database: string[], bucket: string) =>
    ((database.reduce((sum, one) => sum + samples.median(one), 0) / size) * 60_000 +
      (samples.median(bucket) / (SIZE * 1_000)) * 40_000) /
    60;
  return {
    title: "Backups and restores: the runbook's commands and ours",
    notes: [
      `A database of ${size.toFixed(0)} MB (pgbench, text, vectors with an HNSW index), a bucket of ${(SIZE * 1_000).toFixed(0)} MB (half of it objects of 50 kB, half of 20 MB), a folder of ${((SIZE * 1_000) / 3).toFixed(0)} MB; SIZE=5: other sizes. PostgreSQL may take 4 GiB.`,
      `On disk: ${sizes}.`,
      `\`make verify\` of ${published.toFixed(0)} MB: ${samples.show("ours: verify")}, ${rate("ours: verify")} (every byte against the manifest, then each part read through by its own tools); \`sha256sum\` alone ${samples.show("runbook: sha256sum")}, ${rate("runbook: sha256sum")}.`,
      `PROTEA's API meanwhile (\`GET /health/ready\`: it asks PostgreSQL and RabbitMQ; median, 99 of 100, worst): idle ${words(sides.answers.idle)}; during the runbook's dump ${words(sides.answers.runbook)}; during ours, both ways, ${words(sides.answers.ours)}.`,
      `On paper, for 60 GB and 40 GB at these rates: the runbook's dump and mirror ${minutes(["runbook: dump"], "runbook: bucket").toFixed(0)} min; ours, both ways, ${minutes(["ours: dump", "ours: base backup"], "ours: bucket").toFixed(0)} min, and ${minutes(["ours: dump", "ours: base backup"], "ours: bucket again").toFixed(0)} min when one object of a hundred changed.`,
    ],
    columns: ["", "the runbook", "ours", "times as fast", "to reach"],
    rows: STEPS.map((step) => {
      const [words, beside, target] = WORDS[step];
      const [theirs, own] = [`runbook: ${beside}`, `ours: ${step}`];
      return [words, samples.show(theirs), samples.show(own), samples.ratio(theirs, own), target];
    }),
  };
}
