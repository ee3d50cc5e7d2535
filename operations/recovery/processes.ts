/** Processes of this host, from /proc (Linux; elsewhere nothing is found, and nothing is ended). */
import { globSync, readFileSync, readlinkSync } from "node:fs";
import { basename } from "node:path";

function commandOf(pid: number): string | undefined {
  try {
    return basename(readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0")[0]!);
  } catch {
    return undefined;
  }
}

/** Whether a process is a Pulumi CLI that runs; its number may meanwhile be another's. */
export function isPulumi(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  const command = commandOf(pid);
  return command === undefined || command === "pulumi";
}

/** Plug-ins and language hosts of this folder whose CLI is gone: they would finish what it had asked for. */
export function orphans(): number[] {
  return globSync("/proc/[0-9]*/cmdline").flatMap((file) => {
    const pid = Number(file.split("/")[2]);
    try {
      if (!/^pulumi-(resource|language)-/.test(commandOf(pid) ?? "")) return [];
      const parent = Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, "utf8"))?.[1]);
      return readlinkSync(`/proc/${pid}/cwd`) === process.cwd() && commandOf(parent) !== "pulumi" ? [pid] : [];
    } catch {
      // Ended meanwhile, or another user's.
      return [];
    }
  });
}
