/** Lines over time, as the page draws them: figures, each with a table of what its lines are. Pure. */
import { formatSize } from "../../config/units.ts";
import { full, long, percent, valueOf, type Labels, type Line, type Sample } from "../prometheus/answers.ts";
import type { Answers } from "./ask.ts";

/** How a value is shown; page.js has the same. */
export type Unit = "count" | "seconds" | "share";

export interface Chart {
  title: string;
  unit: Unit;
  /** Of each of the figure's names its value now. */
  now: (number | null)[];
  /** … and at each of the page's moments. */
  values: (number | null)[][];
}

export interface Figure {
  id: string;
  title: string;
  /** What the names are of: queue, disk. */
  of: string;
  names: string[];
  charts: Chart[];
  /** More of each name, in columns of the table. */
  beside?: { title: string; cells: string[] }[];
}

/** A line's value at each of these moments; null: none was measured. */
export function aligned({ points }: Pick<Line, "points">, times: number[]): (number | null)[] {
  const known = new Map(points);
  return times.map((time) => known.get(time) ?? null);
}

/** What a chart is made of. */
interface Part {
  title: string;
  unit: Unit;
  now: Sample[];
  over: Line[];
}

function figure(
  about: Pick<Figure, "id" | "title" | "of">,
  times: number[],
  nameOf: (labels: Labels) => string,
  parts: Part[],
): Figure {
  const all = parts.flatMap(({ now, over }) => [...now, ...over].map(({ labels }) => nameOf(labels)));
  const names = [...new Set(all)].sort();
  const charts = parts.map(({ title, unit, now, over }) => ({
    ...{ title, unit },
    now: names.map((name) => now.find(({ labels }) => nameOf(labels) === name)?.value ?? null),
    values: names.map((name) => {
      const line = over.find(({ labels }) => nameOf(labels) === name);
      return line ? aligned(line, times) : times.map(() => null);
    }),
  }));
  return { ...about, names, charts };
}

const TITLES: Record<string, string> = { robotoff: "Robotoff", protea: "PROTEA" };
export const title = (system: string) => TITLES[system] ?? system;

/** Queues and their workers, a figure for each system that has some. */
export function queueFigures({ now, over, times }: Answers): Figure[] {
  const systems = new Set([...now.waiting, ...now.wanted].map(({ labels }) => labels.system!));
  return [...systems].sort().map((system) => {
    const own = <T extends { labels: Labels }>(all: T[]) => all.filter(({ labels }) => labels.system === system);
    const queues = figure(
      { id: `queues-${system}`, title: `${title(system)}'s queues`, of: "queue" },
      times,
      ({ queue }) => queue!,
      [
        { title: "waiting", unit: "count", now: own(now.waiting), over: own(over.waiting) },
        { title: "workers", unit: "count", now: own(now.workers), over: own(over.workers) },
      ],
    );
    // That rq's queues have workers at all is what is declared.
    if (system !== "protea") return queues;
    const declared = queues.names.map((queue) => String(valueOf(now.wanted, { system, queue }) ?? "-"));
    return { ...queues, beside: [{ title: "declared", cells: declared }] };
  });
}

/** PROTEA's jobs. */
export function jobFigure({ now, over, times }: Answers): Figure {
  const [timeout] = now.jobTimeout;
  const jobs = figure({ id: "jobs", title: "PROTEA's jobs", of: "status" }, times, ({ status }) => status!, [
    { title: "jobs", unit: "count", now: now.jobs, over: over.jobs },
    { title: "the oldest has it for", unit: "seconds", now: now.oldestJobs, over: over.oldestJobs },
  ]);
  if (!timeout) return jobs;
  const limits = jobs.names.map((status) => (status === "running" ? long(timeout.value) : "-"));
  return { ...jobs, beside: [{ title: "at most", cells: limits }] };
}

/** The pages: how long they take to answer, and how often they did. */
export function pageFigure({ now, over, times }: Answers): Figure {
  const nameOf = ({ system, service }: Labels) => `${system} ${service}`;
  const pages = figure({ id: "pages", title: "Pages", of: "page" }, times, nameOf, [
    { title: "takes", unit: "seconds", now: last(over.pages, times), over: over.pages },
  ]);
  const answered = pages.names.map((name) => {
    const share = now.pages.find(({ labels }) => nameOf(labels) === name)?.value;
    return share === undefined ? "-" : percent(share);
  });
  return { ...pages, beside: [{ title: "answered", cells: answered }] };
}

/** The end of lines, where only that was asked. */
const last = (over: Line[], times: number[]): Sample[] =>
  over.flatMap(({ labels, points }) => {
    const [at, value] = points.at(-1) ?? [];
    return at === times.at(-1) ? [{ labels, value: value! }] : [];
  });

/** The disks, and when they are full. */
export function diskFigure({ now, over, times }: Answers): Figure {
  const nameOf = ({ mountpoint }: Labels) => mountpoint!;
  const used = now.disks.map(({ labels, value }) => {
    const free = valueOf(now.free, { mountpoint: labels.mountpoint! });
    return { labels, value: 1 - (free ?? value) / value };
  });
  const disks = figure({ id: "disks", title: "Disks", of: "disk" }, times, nameOf, [
    { title: "used", unit: "share", now: used, over: over.used },
  ]);
  const free = (mountpoint: string) => valueOf(now.free, { mountpoint }) ?? 0;
  return {
    ...disks,
    beside: [
      {
        title: "free",
        cells: disks.names.map(
          (mountpoint) => `${formatSize(free(mountpoint))} of ${formatSize(valueOf(now.size, { mountpoint }) ?? 0)}`,
        ),
      },
      {
        title: "full",
        cells: disks.names.map((mountpoint) => full(free(mountpoint), valueOf(now.trend, { mountpoint }))),
      },
    ],
  };
}

/** The host's memory and cores. */
export function hostFigure({ over, times }: Answers): Figure {
  const named = (name: string, all: Line[]) => all.map((line) => ({ ...line, labels: { name } }));
  const both = [...named("cores", over.cores), ...named("memory", over.memory)];
  return figure({ id: "host", title: "The host", of: "part" }, times, ({ name }) => name!, [
    { title: "in use", unit: "share", now: last(both, times), over: both },
  ]);
}

/** A value for people. */
export function shown(unit: Unit, value: number | null): string {
  if (value === null) return "-";
  if (unit === "count") return String(Math.round(value * 100) / 100);
  if (unit === "share") return `${(value * 100).toFixed(1)} %`;
  if (value < 1) return `${Math.round(value * 1_000)} ms`;
  return value < 120 ? `${value.toFixed(1)} s` : long(value);
}
