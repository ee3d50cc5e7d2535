/** Asks a Prometheus everything that the dashboard shows, at one moment. */
import { alerts, lines, samples, type Burning, type Line, type Sample } from "../prometheus/answers.ts";
import { BACK, now, OVER, POINTS, type Back } from "./questions.ts";

export interface Answers {
  /** When it was asked, seconds since 1970. */
  at: number;
  back: Back;
  /** The moments of `over`, seconds since 1970. */
  times: number[];
  now: Record<keyof ReturnType<typeof now>, Sample[]>;
  over: Record<keyof typeof OVER, Line[]>;
  alerts: Burning[];
}

/** Seconds that an answer may take. */
const PATIENCE = 20;

/** Prometheus looks no finer than it measures, by default. */
const FINEST = 15;

/** The moments that a line has, so that they stay where they are when it is asked again. */
export function moments(at: number, back: Back): number[] {
  const step = Math.max(FINEST, BACK[back] / POINTS);
  const last = Math.floor(at / step);
  const count = Math.round(BACK[back] / step);
  return Array.from({ length: count }, (_, index) => (last - count + 1 + index) * step);
}

/**
 * @param address HOST:PORT of Prometheus
 * @throws Error with what Prometheus complains of, or why it was not reached
 */
export async function ask(address: string, back: Back, at = Math.floor(Date.now() / 1_000)): Promise<Answers> {
  const get = async (path: string, parameters: Record<string, string> = {}) => {
    const url = `http://${address}/api/v1/${path}?${new URLSearchParams(parameters).toString()}`;
    return (await fetch(url, { signal: AbortSignal.timeout(PATIENCE * 1_000) })).text();
  };
  const times = moments(at, back);
  const [first, last, step] = [times[0]!, times.at(-1)!, times[1]! - times[0]!];
  /** Each question's answer, under its name. */
  const all = async <K extends string, T>(questions: Record<K, string>, one: (question: string) => Promise<T>) => {
    const answers = Object.entries<string>(questions).map(async ([name, question]) => [name, await one(question)]);
    return Object.fromEntries((await Promise.all(answers)) as [K, T][]) as Record<K, T>;
  };
  const [current, over, burning] = await Promise.all([
    all(now(back), async (query) => samples(await get("query", { query, time: String(at) }))),
    all(OVER, async (query) =>
      lines(await get("query_range", { query, start: String(first), end: String(last), step: String(step) })),
    ),
    get("alerts").then(alerts),
  ]);
  return { at, back, times, now: current, over, alerts: burning };
}
