/** What Prometheus' API answers, and what people read of it. Pure. https://prometheus.io/docs/prometheus/latest/querying/api */

export type Labels = Record<string, string>;

/** One series of an answer at a moment. */
export interface Sample {
  labels: Labels;
  value: number;
}

/** One series of an answer over a time. */
export interface Line {
  labels: Labels;
  /** Seconds since 1970, and the value then. */
  points: [number, number][];
}

/** An alert that burns, or waits whether it has to. */
export interface Burning {
  labels: Labels;
  annotations: Labels;
  state: "firing" | "pending";
  /** ISO 8601. */
  activeAt: string;
}

/** The data of an answer. @throws Error with what Prometheus complains of */
function data<T>(text: string): T {
  const { status, error, data } = JSON.parse(text) as { status: string; error?: string; data: T };
  if (status !== "success") throw new Error(`Prometheus: ${error}`);
  return data;
}

type Value = [number, string];

/** Of /api/v1/query. */
export const samples = (text: string): Sample[] =>
  data<{ result: { metric: Labels; value: Value }[] }>(text).result.map(({ metric, value }) => ({
    ...{ labels: metric, value: Number(value[1]) },
  }));

/** Of /api/v1/query_range. */
export const lines = (text: string): Line[] =>
  data<{ result: { metric: Labels; values: Value[] }[] }>(text).result.map(({ metric, values }) => ({
    ...{ labels: metric, points: values.map(([at, value]) => [at, Number(value)]) },
  }));

/** Of /api/v1/alerts. */
export const alerts = (text: string): Burning[] => data<{ alerts: Burning[] }>(text).alerts;

/** The value of the one series that has these labels; undefined: none has. */
export const valueOf = (all: Sample[], labels: Labels): number | undefined =>
  all.find((one) => Object.entries(labels).every(([label, value]) => one.labels[label] === value))?.value;

const HOUR = 3_600;
const DAY = 24 * HOUR;

/** `3 h`, `2 days`. @param seconds */
export function long(seconds: number): string {
  if (seconds < HOUR) return `${Math.max(1, Math.round(seconds / 60))} min`;
  return seconds < 2 * DAY ? `${Math.round(seconds / HOUR)} h` : `${Math.round(seconds / DAY)} days`;
}

/** Rounded down: what failed once did not always answer. @param share of 1 */
export const percent = (share: number) => `${(Math.floor(share * 10_000) / 100).toFixed(2)} %`;

/** A moment in UTC. @param seconds since 1970 */
export const moment = (seconds: number) => new Date(seconds * 1_000).toISOString().slice(0, 16).replace("T", " ");

/** When a disk is full. @param free bytes @param pace bytes a second, below 0: it fills up; undefined: not known yet */
export function full(free: number, pace: number | undefined): string {
  if (pace === undefined) return "not known yet";
  // What a year is too long for is no forecast.
  return pace >= 0 || free / -pace > 365 * DAY ? "not within a year" : `in ${long(free / -pace)}`;
}
