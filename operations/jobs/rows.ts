/** PROTEA's jobs as a person reads them, and what may be done with one. Pure. */
import { age } from "../containers/rows.ts";

/** A job as `GET /jobs` has it. Times in ISO 8601 (upstream) or PostgreSQL's form (the miniature). */
export interface Job {
  id: string;
  operation: string;
  queue_name: string;
  /** In capitals or not: that changed upstream. */
  status: string;
  created_at: string;
  started_at: string | null;
  finished_at: string | null;
  progress_current: number | null;
  progress_total: number | null;
  error_code: string | null;
  error_message: string | null;
  /** Of a single job only. */
  payload?: unknown;
}

/** An event as `GET /jobs/ID/events` has it. */
export interface Event {
  ts: string;
  level: string;
  event: string;
  message: string | null;
  fields: Record<string, unknown> | null;
}

export const STATUSES = ["queued", "running", "succeeded", "failed", "cancelled"];

/** @throws Error when it is none; undefined: any status */
export function statusFilter(text: string | undefined): string | undefined {
  if (text && !STATUSES.includes(text.toLowerCase()))
    throw new Error(`found STATUS=${text}, expected ${STATUSES.join(", ")}`);
  return text?.toLowerCase();
}

/** How many to show. @throws Error when it is no number that the API takes; default: 50 */
export function limitOf(text: string | undefined): number {
  if (text === undefined) return 50;
  if (!/^[1-9]\d*$/.test(text) || Number(text) > 500) throw new Error(`found LIMIT=${text}, expected 1 to 500`);
  return Number(text);
}

/** @throws Error unless it is a UUID */
export function jobId(text: string | undefined): string {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text ?? ""))
    throw new Error(`found ID=${text ?? ""}, expected a job's id as make jobs shows it`);
  return text!.toLowerCase();
}

/** Milliseconds since 1970 of either form of a time. */
export function time(text: string): number {
  return Date.parse(text.replace(" ", "T").replace(/([+-]\d\d)$/, "$1:00"));
}

function progress({ progress_current: current, progress_total: total }: Job): string {
  if (current === null) return "-";
  return total ? `${current}/${total} (${Math.floor((100 * current) / total)} %)` : String(current);
}

const ended = (job: Job) => ["succeeded", "failed", "cancelled"].includes(job.status.toLowerCase());

export const COLUMNS = ["id", "operation", "status", "queue", "progress", "age"] as const;

/** @param now milliseconds since 1970 */
export function jobRows(jobs: Job[], now: number): Record<(typeof COLUMNS)[number], string>[] {
  return jobs.map((job) => ({
    id: job.id,
    operation: job.operation,
    status: job.status.toLowerCase(),
    queue: job.queue_name,
    progress: progress(job),
    age: age(now - time(job.created_at)),
  }));
}

/** What is known of one job, a line each. */
export function details(job: Job): string {
  const error = [job.error_code, job.error_message].filter(Boolean).join(": ");
  const lines = [
    ["created", job.created_at],
    ["started", job.started_at],
    ["finished", job.finished_at],
    ["error", error],
    ["payload", JSON.stringify(job.payload)],
  ].filter(([, value]) => value);
  return lines.map(([name, value]) => `${name!.padEnd(8)}  ${value}`).join("\n");
}

/** Events, the oldest first, a line each. */
export function eventLines(events: Event[]): string {
  const fields = (event: Event) => (Object.keys(event.fields ?? {}).length > 0 ? [JSON.stringify(event.fields)] : []);
  return [...events]
    .reverse()
    .map((event) =>
      [event.ts, event.level, event.event, ...(event.message ? [event.message] : []), ...fields(event)].join("  "),
    )
    .join("\n");
}

const named = (job: Job) => `job ${job.id} (${job.operation}, ${job.status.toLowerCase()})`;
const subJobs = (count: number) => (count === 1 ? "1 sub-job" : `${count} sub-jobs`);

/** What cancelling will do. @throws Error when the job has ended */
export function cancelling(job: Job, children: Job[]): string {
  if (ended(job)) throw new Error(`${named(job)} has ended: there is nothing to cancel`);
  const open = children.filter((child) => !ended(child)).length;
  const also = open > 0 ? ` with ${subJobs(open)}` : "";
  return `${named(job)} will be cancelled${also}; what a worker has at hand it may still finish.`;
}

/** What deleting will do. @throws Error when the job has not ended */
export function deleting(job: Job, children: Job[]): string {
  if (!ended(job)) throw new Error(`${named(job)} has not ended; CANCEL=1 cancels it`);
  const left = children.length > 0 ? `; ${subJobs(children.length)} of it will stay, without it` : "";
  return `${named(job)} and its events will be deleted for good${left}.`;
}
