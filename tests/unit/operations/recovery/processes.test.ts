// Which processes of this host are a Pulumi that runs, and which a plug-in that its Pulumi left behind. Real ones.
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isPulumi, orphans } from "../../../../operations/recovery/processes.ts";

const here = process.cwd();
const folder = realpathSync(mkdtempSync(join(tmpdir(), "processes-")));
const children: ChildProcess[] = [];
beforeAll(() => process.chdir(folder));
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  jest.restoreAllMocks();
});
afterAll(() => {
  process.chdir(here);
  rmSync(folder, { recursive: true });
});

/** A process whose command has this name: a copy of a program that exists. */
function start(name: string, program: string, args: string[], cwd = folder): number {
  const file = join(folder, name);
  copyFileSync(program, file);
  const child = spawn(file, args, { cwd, stdio: "ignore" });
  children.push(child);
  return child.pid!;
}
const sleeping = (name: string, cwd?: string) => start(name, "/bin/sleep", ["60"], cwd);
/** Until it is what it was started as, not this process's copy. */
async function until(condition: () => boolean) {
  while (!condition()) await new Promise((done) => setTimeout(done, 20));
}

test("a Pulumi that runs, and another program that has its number", async () => {
  const [pulumi, other] = [sleeping("pulumi"), sleeping("sleep")];
  await until(() => !isPulumi(other));
  expect(isPulumi(pulumi)).toBe(true);
  expect(isPulumi(other)).toBe(false);
});

test("a process that has ended is none", () => {
  expect(isPulumi(spawnSync("true").pid)).toBe(false);
});

test.each<[string, string | undefined, boolean]>([
  ["another user's process may be one", "EPERM", true],
  ["what does not exist is none", "ESRCH", false],
  ["one that cannot be looked at (no /proc) may be one", undefined, true],
])("%s", (_what, code, expected) => {
  jest.spyOn(process, "kill").mockImplementation((_pid, signal) => {
    expect(signal).toBe(0);
    if (code) throw Object.assign(new Error(code), { code });
    return true;
  });
  // No process has this number: Linux's greatest is 2^22.
  expect(isPulumi(2 ** 22 + 1)).toBe(expected);
});

test("plug-ins and language hosts of this folder whose Pulumi is gone, and no others", async () => {
  const left = [sleeping("pulumi-resource-docker"), sleeping("pulumi-language-nodejs")];
  sleeping("pulumi-resource-elsewhere", tmpdir());
  sleeping("pulumi-analyzer-x");
  sleeping("not-pulumi-resource-docker");
  copyFileSync("/bin/sleep", join(folder, "pulumi-resource-own"));
  copyFileSync("/bin/sh", join(folder, "pulumi"));
  const pulumi = spawn("./pulumi", ["-c", "./pulumi-resource-own 60 & echo $!; wait"], { cwd: folder });
  children.push(pulumi);
  const own = Number(await new Promise<string>((done) => pulumi.stdout.once("data", (data) => done(String(data)))));
  await until(() => readFileSync(`/proc/${own}/cmdline`, "utf8").startsWith("./pulumi-resource-own"));
  await until(() => orphans().length >= 2);
  expect(orphans().sort()).toEqual(left.sort());
  process.kill(own);
});
