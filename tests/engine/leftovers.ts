/**
 * What tests make on a host carries the name of their process, so that the next run finds what a killed one left:
 * a stack by its label robotoff-protea.stack=NAME, an image's name by its begin, NAME/, a folder by its end, -NAME, everything else by
 * robotoff-protea.test=NAME.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { STACK_LABEL } from "../../engines/docker/labels.ts";
import type { TestHost } from "./host.ts";

const TEST_LABEL = "robotoff-protea.test";

/** Options of `docker create`, `run`, `volume create` and `network create` that mark what a test makes. */
export const marked = (name: string): string[] => ["--label", `${TEST_LABEL}=${name}`];

/** Of another machine, or container, that shares this engine nothing is known: its tests may run. */
const machine = createHash("sha256")
  .update(`${hostname()} ${readlinkSync("/proc/self/ns/pid")}`)
  .digest("hex")
  .slice(0, 4);

/** When a process started, so that a number used again is another one; undefined: there is none. In ticks, base 36. */
function started(pid: number): string | undefined {
  try {
    // The name, in parentheses, may hold blanks; the 22nd field is the 20th behind it. man 5 proc_pid_stat
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)!.split(" ");
    return Number(fields[19]).toString(36);
  } catch {
    return undefined;
  }
}

/** The first part of the names of what a process's tests make: `t4711x1f9km3c5e`. */
export const nameOf = (pid: number): string => `t${pid}x${started(pid)}m${machine}`;

/** Whether a name is of a test whose process, of this machine, is gone. */
export function isLeft(name: string): boolean {
  const [, pid, start, where] = /^t(\d+)x([0-9a-z]+)m([0-9a-f]{4})n\d+$/.exec(name) ?? [];
  return where === machine && started(Number(pid)) !== start;
}

const FOLDER = "robotoff-protea-test-";

/** Makes a folder of this machine's, by the name of what it is for. @returns its path */
export function folderOf(name: string): string {
  const folder = join(tmpdir(), `${FOLDER}${name}`);
  mkdirSync(folder);
  return folder;
}

const KINDS = [
  { list: ["ps", "--all"], id: "{{.ID}}", remove: ["rm", "--force", "--volumes"] },
  { list: ["volume", "ls"], id: "{{.Name}}", remove: ["volume", "rm", "--force"] },
  { list: ["network", "ls"], id: "{{.ID}}", remove: ["network", "rm", "--force"] },
];

/** Removes what is listed. Another run may be at the same: what it removes is waited for. */
function removeAll(host: TestHost, listed: () => string[], remove: string[]): void {
  for (let tries = 1; ; tries += 1) {
    const ids = listed();
    if (ids.length === 0) return;
    const { code, text } = host.tryDocker(...remove, ...ids);
    if (code === 0) return;
    if (tries === 60) throw new Error(text);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
  }
}

/** Removes, of what tests made on a host, what has such a name: containers, then volumes, networks and images' names, and folders of this machine's. */
export function removeNamed(host: TestHost, has: (name: string) => boolean): void {
  const names = `{{or (.Label "${STACK_LABEL}") (.Label "${TEST_LABEL}") "-"}}`;
  for (const { list, id, remove } of KINDS) {
    const ids = () => {
      const lines = host.docker(...list, "--format", `${names} ${id}`).split("\n");
      const each = lines.map((line) => line.split(" ") as [string, string]);
      return each.filter(([name]) => has(name)).map(([, id]) => id);
    };
    removeAll(host, ids, remove);
  }
  const images = host.docker("images", "--format", "{{.Repository}}:{{.Tag}}").split("\n");
  const own = images.filter((image) => has(image.split("/")[0]!));
  if (own.length > 0) host.docker("rmi", "--force", ...own);
  // What an up keeps of a stack, and writes of its systems.
  for (const [kind, stackOf] of [
    ["deployments", (name: string) => name],
    ["secrets", (name: string) => name.replace(/-[a-z]+$/, "")],
  ] as const) {
    const folder = `"$HOME"/.local/share/robotoff-protea/${kind}`;
    const kept = host
      .shell(`ls ${folder} 2>/dev/null`)
      .text.split("\n")
      .filter((name) => name && has(stackOf(name)));
    if (kept.length > 0) host.shell(`cd ${folder} && rm -rf ${kept.join(" ")}`);
  }
  for (const entry of readdirSync(tmpdir()))
    if (entry.startsWith(FOLDER) && has(entry.slice(FOLDER.length)))
      rmSync(join(tmpdir(), entry), { recursive: true, force: true });
}

/** Removes what runs of this machine left on a host when they were killed. */
export function sweep(host: TestHost): void {
  removeNamed(host, isLeft);
}
