/** The backups of each system: from when to when can be restored. Pure. */
import { long, moment, valueOf } from "../prometheus/answers.ts";
import type { Answers } from "./ask.ts";
import { title } from "./figures.ts";
import { html, type Html } from "./html.ts";

export interface BackupRow {
  system: string;
  /** Seconds since 1970: when the newest verified backup began, the oldest; up to when the database can be restored. */
  newest: number;
  oldest: number;
  until: number;
  late: boolean;
  /** Whether the newest is off the host as well; undefined: no copy is declared. */
  copied: boolean | undefined;
  /** When one was last restored into a server beside, in a week. */
  drill: number | undefined;
}

/** Without the WAL after it a backup ends where it begins. */
export function backupRows({ now, at }: Answers): BackupRow[] {
  return now.backups.map(({ labels: { system = "" }, value: newest }) => {
    const of = (name: "oldest" | "until" | "copied" | "copies" | "maxAge" | "drills") => valueOf(now[name], { system });
    return {
      ...{ system, newest, oldest: of("oldest") ?? newest, until: of("until") ?? newest },
      late: at - newest > (of("maxAge") ?? Infinity),
      copied: of("copies") === undefined ? undefined : (of("copied") ?? 0) >= newest,
      drill: of("drills"),
    };
  });
}

/** From the oldest of all backups until now: what of it can be restored. */
function windowOf({ system, oldest, until, newest }: BackupRow, from: number, at: number): Html {
  const part = (seconds: number) => (((seconds - from) / (at - from)) * 100).toFixed(2);
  const label = `${system} can be restored to any moment from ${moment(oldest)} to ${moment(until)} UTC`;
  return html`<svg class="strip window" viewBox="0 0 100 1" preserveAspectRatio="none" role="img" aria-label="${label}"><title>${label}</title><rect class="none" width="100" height="1" /><rect class="up" x="${part(oldest)}" width="${(Number(part(until)) - Number(part(oldest))).toFixed(2)}" height="1" /><rect class="newest" x="${part(newest)}" width="0.4" height="1" /></svg>`;
} // prettier-ignore

const copy = ({ copied }: BackupRow) =>
  copied === undefined ? "no copy declared" : copied ? "the newest too" : html`<span class="some">the newest is not</span>`; // prettier-ignore

export function backupSection(answers: Answers): Html {
  const rows = backupRows(answers);
  if (rows.length === 0) return html`<p>No backup is known.</p>`;
  const from = Math.min(...rows.map(({ oldest }) => oldest));
  return html`<div class="scroll"><table class="backups"><thead><tr><th scope="col">system</th><th scope="col">newest, verified</th><th scope="col">can be restored</th><th scope="col">from … to, UTC</th><th scope="col">off the host</th><th scope="col">restored as a drill</th></tr></thead><tbody>${rows.map(
    (row) => html`<tr><th scope="row">${title(row.system)}</th><td data-of="newest, verified"${row.late ? html` class="some"` : ""}>${long(answers.at - row.newest)} old${row.late ? ", too old" : ""}</td><td class="wide">${windowOf(row, from, answers.at)}</td><td data-of="from … to">${moment(row.oldest)} … ${moment(row.until)}</td><td data-of="off the host">${copy(row)}</td><td data-of="restored as a drill">${row.drill === undefined ? "not this week" : moment(row.drill)}</td></tr>`,
  )}</tbody></table></div>`;
} // prettier-ignore
