/** Of each service whether it runs, now and in the time before. Pure. */
import type { Sample } from "../prometheus/answers.ts";
import type { Answers } from "./ask.ts";
import { aligned } from "./figures.ts";

/** From the best to the worst; `unknown`: it was not watched then. */
export const STATES = ["unknown", "up", "unhealthy", "down"] as const;
export type State = (typeof STATES)[number];

export interface ServiceRow {
  system: string;
  service: string;
  state: State;
  /** Containers that are declared, that run, and that are not healthy. */
  declared: number;
  running: number;
  unhealthy: number;
  /** Bytes, of all its containers. */
  memory: number;
  limit: number;
  restarts: number;
  /** What it was, each part of the time by its worst moment. */
  strip: State[];
  /** The share of the moments, of those that are known, at which all of it ran and was healthy. */
  share: number | undefined;
}

/** So many parts has a strip. */
const PARTS = 60;

const worst = (states: State[]): State => STATES[Math.max(...states.map((state) => STATES.indexOf(state)))]!;

/** What a service was at a moment: how many containers were declared, ran, and were not healthy. */
function stateOf(declared: number | null | undefined, running: number, unhealthy: number): State {
  if (!declared) return "unknown";
  if (running < declared) return "down";
  return unhealthy > 0 ? "unhealthy" : "up";
}

/** Every moment, folded into parts. */
function folded(states: State[]): State[] {
  const size = Math.max(1, Math.ceil(states.length / PARTS));
  return Array.from({ length: Math.ceil(states.length / size) }, (_, part) =>
    worst(states.slice(part * size, (part + 1) * size)),
  );
}

/** What is the same one after the other: what, from where, and how often. */
export function runs(states: State[]): { state: State; from: number; length: number }[] {
  const starts = states.flatMap((state, index) => (state === states[index - 1] ? [] : [index]));
  return starts.map((from, index) => ({
    state: states[from]!,
    from,
    length: (starts[index + 1] ?? states.length) - from,
  }));
}

/** @returns a row for each declared service, system by system in the order in which they are declared */
export function serviceRows({ now, over, times }: Answers): ServiceRow[] {
  const keyOf = ({ labels }: Pick<Sample, "labels">) => `${labels.system} ${labels.service}`;
  const byKey = (name: "declared" | "running" | "unhealthy") =>
    new Map(over[name].map((line) => [keyOf(line), aligned(line, times)]));
  const [declared, running, unhealthy] = [byKey("declared"), byKey("running"), byKey("unhealthy")];
  const of = (samples: Sample[]) => new Map(samples.map(({ labels, value }) => [labels.name!, value]));
  const watched = now.watched[0]?.value === 1;
  const [runs, health, memory] = [of(now.running), of(now.health), of(now.memory)];
  return [...new Set(now.declared.map(keyOf))].map((key): ServiceRow => {
    const containers = now.declared.filter((one) => keyOf(one) === key);
    const names = containers.map(({ labels }) => labels.name!);
    const { system, service } = containers[0]!.labels as { system: string; service: string };
    const there = names.filter((name) => runs.has(name));
    const bad = there.filter((name) => health.get(name) === 0);
    const states = times.map((_, index) =>
      stateOf(declared.get(key)?.[index], running.get(key)?.[index] ?? 0, unhealthy.get(key)?.[index] ?? 0),
    );
    const known = states.filter((state) => state !== "unknown");
    const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
    return {
      ...{ system, service, declared: names.length, running: there.length, unhealthy: bad.length },
      state: watched ? stateOf(names.length, there.length, bad.length) : "unknown",
      memory: sum(names.map((name) => memory.get(name) ?? 0)),
      limit: sum(containers.map(({ value }) => value)),
      restarts: now.restarts.find((one) => keyOf(one) === key)?.value ?? 0,
      strip: folded(states),
      share: known.length === 0 ? undefined : known.filter((state) => state === "up").length / known.length,
    };
  });
}
