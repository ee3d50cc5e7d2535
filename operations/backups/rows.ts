/** The table of `make backups`. Pure. */
import type { Backup } from "../../backups/list.ts";
import { formatDuration } from "../../config/units.ts";

export const COLUMNS = ["system", "backup", "what", "age", "size", "took", "verified", "copies"] as const;

const minutes = (from: Date, now: Date) => Math.max(0, Math.floor((+now - +from) / 60_000)) * 60_000;

/** The newest first. */
export function backupRows(system: string, backups: Backup[], now: Date): Record<(typeof COLUMNS)[number], string>[] {
  return [...backups].reverse().map(({ stamp, began, bytes, parts, took, verified, copied }) => ({
    system,
    backup: stamp,
    what: parts.join(" "),
    age: minutes(began, now) === 0 ? "now" : formatDuration(minutes(began, now)),
    size: `${(bytes / 1e6).toFixed(1)} MB`,
    took: `${took} s`,
    verified: verified ? `${verified.how}, ${verified.at.toISOString()}` : "never",
    copies: copied ? `${copied.snapshot}, ${copied.at.toISOString()}` : "none",
  }));
}
