/** The backups of a system, as vault.sh lists them, and which one a restore begins with. Pure. */

/** A published backup. */
export interface Backup {
  /** Its name: the UTC time at which it began, 20261125T031500Z. */
  stamp: string;
  /** When it began. */
  began: Date;
  /** From then on it is consistent: a restore to a moment needs one that ended before. */
  ended: Date;
  bytes: number;
  /** Its folders. */
  parts: string[];
  /** Seconds. */
  took: number;
  /** How and when it was verified last; undefined: never. */
  verified?: { how: string; at: Date };
  /** restic's snapshot off the host that it is in, and when that was made; undefined: none. */
  copied?: { snapshot: string; at: Date };
  /** The line of WAL that PostgreSQL goes on with after it. */
  line: string;
  /** The database system that it is of: another one is a server that was made anew, empty. */
  system: string;
}

/** 20261125T031500Z as a moment. */
export function momentOf(stamp: string): Date {
  return new Date(stamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z"));
}

type Line = [string, string, string, string, string, string, string, string, string, string];

/** What `vault.sh list` prints: oldest first, a line each. */
export function parseList(text: string): Backup[] {
  return text
    .split("\n")
    .filter(Boolean)
    .map((line) => {
      const [stamp, bytes, took, how, at, wal, system, snapshot, copiedAt, parts] = line.split(" ") as Line;
      const began = momentOf(stamp);
      return {
        stamp,
        began,
        ended: new Date(began.getTime() + (Number(took) + 1) * 1_000),
        bytes: Number(bytes),
        parts: parts.split(","),
        took: Number(took),
        ...(how === "-" ? {} : { verified: { how, at: new Date(at) } }),
        ...(snapshot === "-" ? {} : { copied: { snapshot, at: new Date(copiedAt) } }),
        line: wal,
        system,
      };
    });
}

/** What `vault.sh sizes` prints: the bytes of each part of a backup, of the database those to copy; and `wal`, of the WAL after it. */
export type Sizes = ReadonlyMap<string, number>;

export const parseSizes = (text: string): Sizes =>
  new Map(
    text
      .split("\n")
      .filter(Boolean)
      .map((line) => line.split(" ") as [string, string])
      .map(([part, bytes]) => [part, Number(bytes)]),
  );

/** Where a restore goes. */
export type Target = { kind: "latest" } | { kind: "time"; time: Date } | { kind: "name"; name: string; time: Date };

/**
 * Reads AT=.
 * @param checkpoints named moments, by name
 * @throws Error that says what is expected
 */
export function parseTarget(at: string, checkpoints: ReadonlyMap<string, Date>, now: Date): Target {
  if (at === "latest") return { kind: "latest" };
  const named = checkpoints.get(at);
  if (named) return { kind: "name", name: at, time: named };
  const zoned = /(Z|[+-]\d\d:?\d\d)$/.test(at) ? at : `${at}Z`;
  const time = new Date(zoned.replace(/^(\d{4}-\d\d-\d\d) /, "$1T"));
  if (!/^\d{4}-\d\d-\d\d/.test(at) || Number.isNaN(time.getTime()))
    throw new Error(
      `found AT=${at}, expected latest, a time such as 2026-11-25T03:12:00Z (UTC without a zone), or a checkpoint: ` +
        ([...checkpoints.keys()].join(", ") || "none was set yet"),
    );
  if (time > now) throw new Error(`found AT=${at}, which has not come yet`);
  return { kind: "time", time };
}

/**
 * Reads FROM=: a folder on the host that has a folder for each system, as the stack's own has.
 * @throws Error when Docker could not mount it by that name
 */
export function parseFrom(text: string): string {
  const folder = text.replace(/\/+$/, "");
  if (!/^\/[^:,\n]+$/.test(folder))
    throw new Error(
      `found FROM=${text}, expected a folder of backups on the host, by its whole path, without : and , in it`,
    );
  return folder;
}

/**
 * The backup that a restore begins with: the newest verified one that ended before the target.
 * @throws Error when there is none, with what there is
 */
export function baseFor(backups: Backup[], target: Target): Backup {
  const verified = backups.filter((backup) => backup.verified);
  if (verified.length === 0) throw new Error("there is no verified backup to restore from: make backup");
  const fitting = target.kind === "latest" ? verified : verified.filter(({ ended }) => ended <= target.time);
  const base = fitting.at(-1);
  if (!base)
    throw new Error(
      `the oldest verified backup ended at ${verified[0]!.ended.toISOString()}: nothing before that can be restored`,
    );
  return base;
}

/** The newest verified backup of another database system than this one's, where there is one. */
export function ofAnotherSystem(backups: Backup[], base: Backup): Backup | undefined {
  return backups.findLast(({ verified, system }) => verified && system !== base.system);
}
