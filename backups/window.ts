/** From when to when a system can be restored. Pure. */
import { formatDuration } from "../config/units.ts";
import type { Backup } from "./list.ts";

/** What `vault.sh window` prints. */
export interface Window {
  /** Seconds that the received WAL is behind the server; undefined: none is received. */
  behind?: number;
  /** The line of WAL that is written. */
  line?: string;
  /** Named moments, oldest first. */
  checkpoints: Map<string, Date>;
  /** When the copy off the host failed, unless one has succeeded since. */
  copyFailed?: Date;
}

export function parseWindow(text: string): Window {
  const window: Window = { checkpoints: new Map() };
  for (const [word, first, second] of text.split("\n").map((line) => line.split(" "))) {
    if (word === "receiving") window.behind = Number(first);
    else if (word === "line" && first !== "-") window.line = first;
    else if (word === "checkpoint") window.checkpoints.set(first!, new Date(second!));
    else if (word === "copy-failed") window.copyFailed = new Date(first!);
  }
  return window;
}

/** Age as a person says it. */
const age = (from: Date, now: Date) => formatDuration(Math.max(0, Math.floor((+now - +from) / 60_000)) * 60_000);

/** What is wrong with the copy off the host. */
function notCopied(verified: Backup[], { copyFailed }: Window, maxAge: number, now: Date): string[] {
  if (copyFailed) return [`the copy off the host failed at ${copyFailed.toISOString()}: make copy`];
  const newest = verified.findLast((backup) => backup.copied);
  if (!newest) return ["nothing is copied off the host yet: make copy"];
  if (+now - +newest.began <= maxAge) return [];
  return [`the newest backup that is copied off the host is ${age(newest.began, now)} old: make copy`];
}

/**
 * One line on what can be restored, and what is wrong with that.
 * @param maxAge of the newest verified backup, and of the newest one off the host, milliseconds
 * @param copied whether a copy off the host is declared
 */
export function recoverable(
  backups: Backup[],
  window: Window,
  maxAge: number,
  now: Date,
  copied: boolean,
): { line: string; problem?: string } {
  const verified = backups.filter((backup) => backup.verified);
  const newest = verified.at(-1);
  if (!newest) return { line: "not recoverable", problem: "no verified backup yet: make backup" };
  // On a line before, only its own moments can be restored.
  const from = verified.find((backup) => backup.line === newest.line)!.ended.toISOString();
  const problems = [
    ...(+now - +newest.began > maxAge ? [`the newest verified backup is ${age(newest.began, now)} old`] : []),
    ...(window.behind === undefined ? ["no WAL is received: make logs SERVICE=postgres-backup"] : []),
    ...(copied ? notCopied(verified, window, maxAge, now) : []),
    ...(newest.line !== window.line ? ["WAL since has no base backup to begin with: make backup"] : []),
  ];
  const goesOn = window.behind !== undefined && newest.line === window.line;
  const to = goesOn ? `now (${window.behind!.toFixed(2)} s behind)` : newest.ended.toISOString();
  return {
    line: `recoverable from ${from} to ${to}`,
    ...(problems.length > 0 ? { problem: problems.join("; ") } : {}),
  };
}
