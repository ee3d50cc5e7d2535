/** A week of a stack, as text: from what Prometheus answers. Pure. */
import { formatSize } from "../../config/units.ts";
import { table, titled } from "../table.ts";

/** One series of an answer: its labels, and its value. */
export interface Sample {
  labels: Record<string, string>;
  value: number;
}

const WEEK = "7d";

/** What is asked, by what it is for. PromQL. */
export const QUESTIONS = {
  /** Of each alert and what it was about, seconds that it burned, as its series was seen each minute. */
  alerts: `60 * sum by (alertname, system, service, queue) (count_over_time((ALERTS{alertstate="firing", alertname!="Watchdog"})[${WEEK}:1m]))`,
  /** Of each page, the share of the week's questions that it answered. */
  pages: `avg by (system, service, instance) (avg_over_time(probe_success[${WEEK}]))`,
  /** How often a container began again. */
  restarts: `sum by (system, service) (resets(container_cpu_usage_seconds_total[${WEEK}])) > 0`,
  free: "max by (mountpoint) (node_filesystem_avail_bytes)",
  size: "max by (mountpoint) (node_filesystem_size_bytes)",
  /** Bytes a second. */
  trend: `max by (mountpoint) (deriv(node_filesystem_avail_bytes[${WEEK}]))`,
  backups: "robotoff_protea_backup_timestamp_seconds",
  oldest: "robotoff_protea_backup_oldest_timestamp_seconds",
  /** When a backup was last verified by a restore into a server beside. */
  drills: `max by (system) (max_over_time(robotoff_protea_backup_verified_timestamp_seconds{how="deep"}[${WEEK}]))`,
} as const;

/** Of each question, what was answered. */
export type Answers = Record<keyof typeof QUESTIONS, Sample[]>;

/** Prometheus' JSON of one question. @throws Error with what it complains of */
export function samples(text: string): Sample[] {
  const { status, error, data } = JSON.parse(text) as {
    status: string;
    error?: string;
    data?: { result: { metric: Record<string, string>; value: [number, string] }[] };
  };
  if (status !== "success") throw new Error(`Prometheus: ${error}`);
  return data!.result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
}

const HOUR = 3_600;
const DAY = 24 * HOUR;

/** `3 h`, `2 days`. @param seconds */
function long(seconds: number): string {
  if (seconds < HOUR) return `${Math.max(1, Math.round(seconds / 60))} min`;
  return seconds < 2 * DAY ? `${Math.round(seconds / HOUR)} h` : `${Math.round(seconds / DAY)} days`;
}

const percent = (share: number) => `${(Math.floor(share * 10_000) / 100).toFixed(2)} %`;
const whose = ({ system, service, queue }: Record<string, string>) => [system, service ?? queue].filter(Boolean).join(" "); // prettier-ignore
const moment = (seconds: number) => new Date(seconds * 1_000).toISOString().slice(0, 16).replace("T", " ");

function diskRows({ free, size, trend }: Answers) {
  const of = (all: Sample[], mountpoint: string) => all.find(({ labels }) => labels.mountpoint === mountpoint)?.value;
  return free.map(({ labels, value }) => {
    const mountpoint = labels.mountpoint!;
    const pace = of(trend, mountpoint) ?? 0;
    return {
      disk: mountpoint,
      free: `${formatSize(value)} of ${formatSize(of(size, mountpoint) ?? 0)}`,
      // What a year is too long for is no forecast.
      full: pace >= 0 || value / -pace > 365 * DAY ? "not within a year" : `in ${long(value / -pace)}`,
    };
  });
}

function backupRows({ backups, oldest, drills }: Answers, now: number) {
  const of = (all: Sample[], system: string) => all.find(({ labels }) => labels.system === system)?.value;
  return backups.map(({ labels, value }) => {
    const first = of(oldest, labels.system!);
    const drill = of(drills, labels.system!);
    return {
      system: labels.system!,
      "newest verified": `${long(now - value)} old`,
      "can be restored from": first === undefined ? "?" : moment(first),
      "restored as a drill": drill === undefined ? "not this week" : moment(drill),
    };
  });
}

/**
 * @param stack the stack's name
 * @param now seconds since 1970
 */
export function reportText(stack: string, answers: Answers, now: number): string {
  const alerts = [...answers.alerts].sort((one, other) => other.value - one.value);
  const paragraphs = [
    `${stack}, the week until ${moment(now)} UTC`,
    alerts.length === 0
      ? "Nothing was wrong."
      : table(
          ["alert", "about", "burned for"],
          alerts.map(({ labels, value }) => ({
            ...{ alert: labels.alertname!, about: whose(labels) || "the host", "burned for": long(value) },
          })),
        ),
    table(
      ["page", "answered"],
      answers.pages.map(({ labels, value }) => ({ page: whose(labels), answered: percent(value) })),
    ),
    titled("Began again", answers.restarts.map(({ labels, value }) => `${whose(labels)}: ${value} times`)).join("\n"),
    table(["disk", "free", "full"], diskRows(answers)),
    answers.backups.length === 0
      ? "No backup is known."
      : table(["system", "newest verified", "can be restored from", "restored as a drill"], backupRows(answers, now)),
  ]; // prettier-ignore
  return paragraphs.filter(Boolean).join("\n\n");
}
