/** The lab folder and the repository are lost alone, while their containers run: it is seen, and an `up` brings them back. */
import { execFileSync } from "node:child_process";
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { until } from "../http.ts";
import { runningStack } from "./filled-stack.ts";
import { failed, succeeded } from "./host.ts";
import type { TestStack } from "./stack.harness.ts";

let stack: TestStack;

beforeAll(async () => {
  stack = await runningStack((unfilled) => {
    unfilled.config["host:backups"] = { directory: ".local/backups", restoreWhenEmpty: "latest" };
    for (const name of ["files-backup", "git-backup"])
      unfilled.change("protea", name, { healthcheck: { interval: "1s" } });
  });
});

afterAll(() => {
  stack.remove();
});

const at = (name: string) => join(stack.folder, name);
const seen = () => ({
  lab: execFileSync("sh", ["-c", "find datasets -type f -exec sha256sum {} +"], { cwd: at("lab"), encoding: "utf8" }),
  refs: execFileSync("git", ["-c", "safe.directory=*", "-C", at("repository"), "for-each-ref"], { encoding: "utf8" }),
});
const health = (name: string) => stack.host.healthOf(stack.container("protea", name));

test("they are red, it is said what to do, and an up brings them back; nothing else is made anew", async () => {
  // Their checks have seen what is there.
  await until("they are healthy", 60, () => health("files-backup") === "healthy" && health("git-backup") === "healthy");
  const before = seen();
  expect(before.lab).toContain("datasets/first");
  expect(before.refs).toContain("refs/heads/main");
  const containers = stack.containers();
  for (const folder of ["lab", "repository"])
    for (const name of readdirSync(at(folder))) rmSync(join(at(folder), name), { recursive: true });
  await until("it is seen", 60, () => health("files-backup") === "unhealthy" && health("git-backup") === "unhealthy");
  failed(stack.operation("status"));
  const why = succeeded(stack.operation("why"));
  expect(why).toContain("the lab folder is empty, and had something: make up brings it back");
  expect(why).toContain("make restore SYSTEM=protea AT=latest ONLY=git");
  succeeded(stack.makeUp());
  expect(seen()).toEqual(before);
  expect(stack.containers()).toEqual(containers);
  succeeded(stack.operation("status"));
});

test("a restore brings one back, too", async () => {
  const before = seen();
  rmSync(join(at("lab"), "datasets"), { recursive: true });
  await until("it is seen", 60, () => health("files-backup") === "unhealthy");
  succeeded(stack.operation("restore", "--at", "latest", "--only", "lab", "--yes", "1"));
  expect(seen()).toEqual(before);
  succeeded(stack.operation("status"));
});
