/**
 * Somebody runs `docker system prune -af`: while all runs, and while a restore was interrupted with the server stopped and its data put
 * aside. On an engine of its own.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Backups } from "../engine/backups.harness.ts";
import { table } from "../engine/chance.ts";
import { fill, runningStack } from "../engine/filled-stack.ts";
import { failed, must, succeeded } from "../engine/host.ts";
import { changed, type TestStack } from "../engine/stack.harness.ts";
import { OwnEngine } from "./own-engine.ts";

const DOCKER = must("sh", "-c", "command -v docker");
const engine = new OwnEngine();
let stack: TestStack;
let backups: Backups;

beforeAll(async () => {
  await engine.start();
  engine.load();
  stack = await runningStack(undefined, engine.host);
  backups = new Backups(stack, ["postgres", "rabbitmq", "bucket", "lab", "git"]);
  fill(stack, 1);
  succeeded(stack.operation("backup"));
}, 900_000);

afterAll(async () => {
  await engine.remove();
  rmSync(stack.folder, { recursive: true, force: true });
}, 300_000);

const names = (...list: string[]) =>
  stack
    .docker(...list)
    .split("\n")
    .filter(Boolean)
    .sort();
/** Of this stack's. */
const used = () => new Set(names("ps", "--all", "--format", "{{.Image}}"));
const images = () => names("image", "ls", "--format", "{{.Repository}}:{{.Tag}}");
const volumes = () => names("volume", "ls", "--quiet");
const checkpoints = () =>
  readFileSync(join(backups.folder, "checkpoints"), "utf8")
    .split("\n")
    .map((line) => line.split("-2")[0]);
const kept = () => stack.query("protea", "select count(*), md5(string_agg(word, '' order by id)) from kept");
const short = (list: string[]) =>
  list.map((name) => name.replace(`${stack.name}-protea-`, "").replace(/robotoff-protea\/(.*):.*/, "$1")).join(", ");

/** What goes: containers and images; volumes never. */
function prune(): { containers: string[]; images: string[] } {
  const before = { containers: [...stack.containers().keys()], images: [...used()], volumes: volumes() };
  stack.docker("system", "prune", "--all", "--force");
  expect(volumes()).toEqual(before.volumes);
  const [there, left] = [new Set(stack.containers().keys()), new Set(images())];
  return {
    containers: before.containers.filter((name) => !there.has(name)),
    images: before.images.filter((name) => !left.has(name)),
  };
}

test("while all runs", () => {
  const rows: string[][] = [];
  const before = kept();
  const gone = prune();
  rows.push(["containers that go", short(gone.containers)], ["images that go", short(gone.images)]);
  // Every one of them is a job, which has ended; what runs stays.
  expect(short(gone.containers).split(", ").sort()).toEqual(["bucket-1", "extension-1", "migrate-1", "queues-1"]);
  succeeded(stack.operation("backup"));
  succeeded(stack.operation("verify", "--deep", "1"));
  succeeded(stack.operation("restore", "--at", "latest", "--yes", "1"));
  succeeded(stack.operation("restore", "--at", "latest", "--only", "bucket,lab,git", "--yes", "1"));
  expect(kept()).toBe(before);
  const status = succeeded(stack.operation("status"));
  rows.push(
    ["make backup, verify DEEP=1, restore", "succeed"],
    ["make status", status.split("\n").find((line) => /as declared/.test(line)) ?? status],
  );
  // A host would pull it.
  engine.load();
  const [containers, stamps, marks] = [stack.containers(), backups.stamps(), checkpoints()];
  succeeded(stack.makeUp());
  rows.push(["made anew by make up", short(changed(containers, stack.containers()))]);
  rows.push(["backups made by it", String(backups.stamps().filter((stamp) => !stamps.includes(stamp)).length)]);
  rows.push([
    "checkpoints set by it",
    checkpoints()
      .slice(marks.length - 1)
      .filter(Boolean)
      .join(", "),
  ]);
  // They have run to their end.
  expect(changed(containers, stack.containers())).toEqual([]);
  expect(backups.stamps()).toEqual(stamps);
  succeeded(stack.operation("status"));
  expect(kept()).toBe(before);
  console.log(table(["pruned while all runs", ""], rows));
});

/** A docker that, asked to change places, does what a killed one leaves: so much of it, and then nothing more. */
function interrupted(after: string): void {
  const docker = join(stack.folder, "fake/docker");
  const script = `#!/usr/bin/env node
import { spawnSync } from "node:child_process";
const words = process.argv.slice(2).map((word) => word.includes("_data.before") ? word.replace(${JSON.stringify(after)}, "exit 9\\n$&") : word);
const { status } = spawnSync("${DOCKER}", words, { stdio: "inherit" });
process.exit(status ?? 1);
`;
  writeFileSync(docker, script, { mode: 0o755 });
}

test.each([
  ["before anything was moved", "set -eu"],
  ["the data put aside", '[ -d _data ] || mv "$other/_data" _data'],
  ["both moved", "mv restore restored"],
])("while a restore is interrupted: %s", (when, after) => {
  const rows: string[][] = [];
  const before = kept();
  const folder = join(stack.folder, "fake");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  interrupted(after);
  const { PATH } = process.env;
  Object.assign(stack.environment, { PATH: `${folder}:${PATH}` });
  const outcome = stack.operation("restore", "--at", "latest", "--yes", "1");
  Object.assign(stack.environment, { PATH });
  rows.push([
    "the restore",
    failed(outcome)
      .split("\n")
      .find((line) => /change|places/.test(line)) ?? outcome.text.slice(-300),
  ]);
  const gone = prune();
  rows.push(["containers that go", short(gone.containers)], ["images that go", short(gone.images)]);
  const again = stack.operation("restore", "--at", "latest", "--yes", "1");
  rows.push(["make restore", `${again.code}: ${again.text.trim().split("\n").at(-1)}`]);
  engine.load();
  const up = stack.makeUp();
  rows.push([
    "make up",
    `${up.code}: ${up.text
      .split("\n")
      .filter((line) => /^ {2}[a-z, ]*: |interrupted|^ *error/.test(line))
      .join(" / ")}`,
  ]);
  console.log(table([`pruned while a restore is interrupted, ${when}`, ""], rows));
  succeeded(up);
  expect(kept()).toBe(before);
  succeeded(stack.operation("restore", "--at", "latest", "--yes", "1"));
  succeeded(stack.operation("status"));
  expect(kept()).toBe(before);
});
