/** Processor time and memory of processes, from /proc. */
import { readdirSync, readFileSync } from "node:fs";

export interface Process {
  pid: number;
  /** Processor time in ticks of 10 ms: its own, and that of the children it has waited for. */
  ticks: number;
  command: string;
  cgroup: string;
}

/** All processes of this machine, by process id and start time: an id may be used again. */
export function processes(): Map<string, Process> {
  const found = new Map<string, Process>();
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const read = (file: string) => readFileSync(`/proc/${pid}/${file}`, "utf8");
      // The command in parentheses may hold spaces. https://docs.kernel.org/filesystems/proc.html (table 1-4)
      const fields = read("stat")
        .replace(/^.*\) /, "")
        .split(" ");
      const ticks = fields.slice(11, 15).reduce((sum, value) => sum + Number(value), 0);
      const command = read("cmdline").replaceAll("\0", " ");
      found.set(`${pid} ${fields[19]}`, { pid: Number(pid), ticks, command, cgroup: read("cgroup") });
    } catch {
      // It has just ended.
    }
  }
  return found;
}

/** Processor time between two moments, in seconds, of the processes that `which` chooses. */
export function spent(
  before: Map<string, Process>,
  after: Map<string, Process>,
  which: (process: Process) => boolean,
): number {
  let ticks = 0;
  for (const [key, process] of after) if (which(process)) ticks += process.ticks - (before.get(key)?.ticks ?? 0);
  return ticks / 100;
}

/** Proportional memory (each shared page counted once in all) in MiB. */
export function memory(pid: number): number {
  try {
    const line = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"));
    return Number(line?.[1] ?? 0) / 1_024;
  } catch {
    return 0; // it has just ended
  }
}
