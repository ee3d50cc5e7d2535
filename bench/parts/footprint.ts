/** What the stack `local` takes of a machine: memory, processor time while idle, time until it is healthy. */
import { docker } from "../../tests/engine/stack.harness.ts";
import { running } from "../lib/engine.ts";
import { memory, processes, spent, type Process } from "../lib/proc.ts";
import { pause, seconds } from "../lib/processes.ts";
import type { Section } from "../lib/report.ts";
import { OwnStack } from "../lib/sides.ts";
import type { Options } from "../lib/options.ts";

const WINDOW = 60_000;
const UNITS: Record<string, number> = { B: 2 ** -20, KiB: 2 ** -10, MiB: 1, GiB: 2 ** 10 };

const isEngine = ({ command }: Process) => /^\S*(dockerd|containerd|docker-proxy)( |$)/.test(command);

/** Resident memory in MiB, as Docker counts it: without the file cache that can go at any time. */
function resident(ids: string[]): number {
  const used = docker("stats", "--no-stream", "--format", "{{.MemUsage}}", ...ids).split("\n");
  const sizes = used.map((line) => /^([\d.]+)(\w+)/.exec(line)!);
  return sizes.reduce((sum, [, value, unit]) => sum + Number(value) * UNITS[unit!]!, 0);
}

/** Processor time over the window, as a percentage of one core. */
async function over(which: Record<string, (process: Process) => boolean>): Promise<Record<string, number>> {
  const [before, start] = [processes(), performance.now()];
  await pause(WINDOW);
  const [after, passed] = [processes(), (performance.now() - start) / 1_000];
  return Object.fromEntries(
    Object.entries(which).map(([name, choose]) => [name, (spent(before, after, choose) / passed) * 100]),
  );
}

export async function footprint(_: Options): Promise<Section> {
  // The engine serves others, too: what it takes without this stack is not this stack's.
  const { engine: without } = (await over({ engine: isEngine })) as { engine: number };
  const own = await OwnStack.create();
  const healthy = await seconds(() => own.up());
  await pause(30_000);
  const ids = running(own.stack.name);
  const isShim = ({ command }: Process) =>
    command.includes("containerd-shim") && ids.some((id) => command.includes(id));
  const idle = (await over({
    engine: isEngine,
    shims: isShim,
    containers: ({ cgroup }) => ids.some((id) => cgroup.includes(id)),
  })) as { engine: number; shims: number; containers: number };
  const engine = Math.max(0, idle.engine - without);
  const containers = resident(ids);
  const shims = [...processes().values()].filter(isShim).reduce((sum, { pid }) => sum + memory(pid), 0);
  own.remove();
  const percent = (value: number) => `${value.toFixed(1)} %`;
  return {
    title: "What the stack `local` takes",
    notes: [
      "Memory of the containers as `docker stats` counts it: their cgroups without inactive file cache. That of the engine's shims is proportional (Pss).",
      "Processor time over 60 s, half a minute after the start: the containers' processes; the shims with all that they started, so that each health check counts whole, runc included; dockerd and containerd, less what these took in 60 s before the stack was there. Measured once.",
    ],
    columns: ["", "measured", "to reach"],
    rows: [
      ["running containers", String(ids.length), ""],
      ["up from nothing to all healthy", `${healthy.toFixed(1)} s`, "< 60 s"],
      ["memory, containers", `${Math.round(containers)} MiB`, "< 3072 MiB"],
      ["memory, the engine's shims", `${Math.round(shims)} MiB`, ""],
      ["idle, whole, of one core", percent(engine + idle.shims + idle.containers), "< 10 %"],
      ["– containers' own processes", percent(idle.containers), ""],
      ["– health checks and shims", percent(idle.shims), ""],
      ["– dockerd and containerd, more than before", percent(engine), ""],
    ],
  };
}
