/** A week of a stack, as text: from what Prometheus answers. Pure. */
import { formatSize } from "../../config/units.ts";
import { full, long, moment, percent, valueOf, type Sample } from "../prometheus/answers.ts";
import { table, titled } from "../table.ts";

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
  /** Bytes a second, once some hours are known: of minutes every disk is full within the day. */
  trend: `max by (mountpoint) (deriv(node_filesystem_avail_bytes[${WEEK}]) and node_filesystem_avail_bytes offset 3h)`,
  backups: "robotoff_protea_backup_timestamp_seconds",
  oldest: "robotoff_protea_backup_oldest_timestamp_seconds",
  /** When a backup was last verified by a restore into a server beside. */
  drills: `max by (system) (max_over_time(robotoff_protea_backup_verified_timestamp_seconds{how="deep"}[${WEEK}]))`,
} as const;

/** Of each question, what was answered. */
export type Answers = Record<keyof typeof QUESTIONS, Sample[]>;

const whose = ({ system, service, queue }: Record<string, string>) => [system, service ?? queue].filter(Boolean).join(" "); // prettier-ignore

function diskRows({ free, size, trend }: Answers) {
  return free.map(({ labels, value }) => {
    const mountpoint = labels.mountpoint!;
    return {
      disk: mountpoint,
      free: `${formatSize(value)} of ${formatSize(valueOf(size, { mountpoint }) ?? 0)}`,
      full: full(value, valueOf(trend, { mountpoint })),
    };
  });
}

function backupRows({ backups, oldest, drills }: Answers, now: number) {
  return backups.map(({ labels, value }) => {
    const system = labels.system!;
    const first = valueOf(oldest, { system });
    const drill = valueOf(drills, { system });
    return {
      system,
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
