/**
 * Removes what a run made, however it ended: it waits for the end of its standard input, which comes also when the run
 * is killed. Arguments: the run's process id, its temporary folder.
 */
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { Lab } from "../../tests/hosts/lab.ts";
import { prefix, removeProjects } from "./engine.ts";
import { MARK } from "./processes.ts";

const [pid, folder] = process.argv.slice(2) as [string, string];

function left(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((process_) => {
      try {
        return readFileSync(`/proc/${process_}/environ`, "utf8").split("\0").includes(`${MARK}=${pid}`);
      } catch {
        return false; // it has just ended
      }
    });
}

process.on("SIGINT", () => {});
process.stdin.resume();
process.stdin.on("close", () => void clean());

async function clean(): Promise<void> {
  // A switched-off lab leaves its engines' control groups: before its processes are ended one by one.
  await Lab.remove(folder);
  for (const process_ of left()) {
    try {
      process.kill(process_, "SIGKILL");
    } catch {
      // It has just ended.
    }
  }
  removeProjects(prefix(Number(pid)));
  rmSync(folder, { recursive: true, force: true });
}
