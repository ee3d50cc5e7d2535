/** The objects of this run on the engine. All of them, whoever made them, carry their compose project as a label. */
import { docker } from "../../tests/engine/stack.harness.ts";
import { pause } from "./processes.ts";

const PROJECT = "com.docker.compose.project";

/** All names that this run gives to projects begin with it. */
export const prefix = (pid: number = process.pid) => `t${pid}x`;

const KINDS = [
  { list: ["ps", "--all", "--no-trunc"], id: "{{.ID}}", remove: ["rm", "--force", "--volumes"] },
  { list: ["volume", "ls"], id: "{{.Name}}", remove: ["volume", "rm"] },
  { list: ["network", "ls"], id: "{{.ID}}", remove: ["network", "rm"] },
];

function listed(list: string[], id: string, startsWith: string): string[] {
  const format = `${id} {{.Label "${PROJECT}"}}`;
  return docker(...list, "--filter", `label=${PROJECT}`, "--format", format)
    .split("\n")
    .map((line) => line.split(" ") as [string, string])
    .filter(([, project]) => project?.startsWith(startsWith))
    .map(([found]) => found);
}

/** Removes every container, volume and network of the projects whose name begins so. */
export function removeProjects(startsWith: string): void {
  for (const { list, id, remove } of KINDS) {
    const found = listed(list, id, startsWith);
    if (found.length > 0) docker(...remove, ...found);
  }
}

/**
 * Waits until so many containers of the projects are healthy: no tool's word is taken for it.
 * @param ask docker, of the engine that they are on
 */
export async function untilHealthy(startsWith: string, count: number, ask = docker): Promise<void> {
  const end = Date.now() + 300_000;
  const format = `{{.Label "${PROJECT}"}} {{.Status}}`;
  for (;;) {
    const lines = ask("ps", "--filter", "health=healthy", "--format", format).split("\n");
    const healthy = lines.filter((line) => line.startsWith(startsWith)).length;
    if (healthy === count) return;
    if (Date.now() > end) throw new Error(`${healthy} of ${count} containers of ${startsWith} healthy after 300 s`);
    await pause(100);
  }
}
