/**
 * A host is lost with all that its engine had, while both systems are written to: one `up` on the empty host, and every row,
 * message, object, file, commit, queued job and document is back (contents.ts).
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { must, succeeded, TestStack } from "../engine/stack.harness.ts";
import { Contents, SYSTEMS, type In } from "./contents.ts";
import { OwnEngine } from "./own-engine.ts";

const engine = new OwnEngine();
let stack: TestStack;
afterAll(async () => {
  await engine.remove();
  rmSync(stack.folder, { recursive: true, force: true });
}, 300_000);

const at = (...names: string[]) => join(stack.folder, ...names);
const git = (...args: string[]) => {
  const who = ["-c", "safe.directory=*", "-c", "user.name=test", "-c", "user.email=test@localhost"];
  return execFileSync("git", [...who, "-C", at("repository"), ...args], { encoding: "utf8" });
};
const SUMS = "find datasets runs -type f -exec sha256sum {} + | sort";
let contents: Contents;
const seen = () => ({
  ...contents.seen(),
  refs: git("for-each-ref"),
  lab: execFileSync("sh", ["-c", SUMS], { cwd: at("lab"), encoding: "utf8" }),
});

/** A repository with branches and a tag, and a lab folder. */
function fillFolders(): void {
  for (const name of ["lab/datasets", "lab/runs/one", "repository"]) mkdirSync(at(name), { recursive: true });
  git("init", "--quiet", "--bare");
  const tree = git("hash-object", "-t", "tree", "-w", "/dev/null").trim();
  for (const name of ["heads/main", "heads/topic", "tags/v1"])
    git("update-ref", `refs/${name}`, git("commit-tree", "-m", name, tree).trim());
  for (let n = 0; n < 200; n += 1) writeFileSync(at(`lab/runs/one/file ${n}`), String(n).repeat(500));
  writeFileSync(at("lab/datasets/one"), "x".repeat(10_000_000));
}

function emptyFolders(): void {
  rmSync(at("home"), { recursive: true });
  for (const folder of ["repository", "lab"])
    for (const name of readdirSync(at(folder))) rmSync(at(folder, name), { recursive: true });
}

test("a host is lost, with its engine's whole data folder: one command, and everything is back", async () => {
  await engine.start();
  stack = await TestStack.create([...SYSTEMS], engine.host, true);
  Object.assign(stack.config, {
    "host:backups": { directory: ".local/backups", restoreWhenEmpty: "latest" },
    "protea:lab": at("lab"),
    "protea:repository": at("repository"),
  });
  // What the program keeps on the host is lost with it.
  Object.assign(stack.environment, { HOME: at("home") });
  fillFolders();
  engine.load();
  succeeded(stack.makeUp());
  const within: In = (system, service) => ["docker", "--host", engine.socket, "exec", stack.container(system, service)];
  contents = new Contents(within, ([command, ...words]) => must(command!, ...words));
  contents.fill();
  succeeded(stack.operation("backup"));
  const before = seen();

  const writers = SYSTEMS.map((system) => contents.writer(system));
  await new Promise((done) => setTimeout(done, 10_000));
  await engine.lose();
  emptyFolders();
  await engine.start();
  engine.load();

  const begun = Date.now();
  succeeded(stack.makeUp());
  const took = (Date.now() - begun) / 1_000;
  succeeded(stack.operation("status"));
  expect(seen()).toEqual(before);
  for (const { committed } of writers) expect(committed.length).toBeGreaterThan(50);
  const lines = writers.map((written) => contents.told(written));
  console.log([`one up on the empty host: ${took.toFixed(1)} s (the images were there)`, ...lines].join("\n"));
}, 1_800_000);
