/** Damage to the WAL after a backup, which no manifest has: whether a verification finds it. */
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Backups } from "./backups.harness.ts";
import type { Chance } from "./chance.ts";

const PAGE = 8_192;
/** A bit of a record: what is zero may be filling, and the first bytes of a page are a header's. */
function flipped(content: Buffer, chance: Chance): Buffer {
  let at: number;
  do at = chance.below(content.length);
  while (content[at] === 0 || at % PAGE < 64);
  const copy = Buffer.from(content);
  copy[at]! ^= 1 << chance.below(8);
  return copy;
}

const DAMAGES: Record<string, (content: Buffer, other: Buffer, chance: Chance) => Buffer | undefined> = {
  "a bit flipped": (content, _, chance) => flipped(content, chance),
  truncated: (content, _, chance) => content.subarray(0, chance.below(content.length)),
  "swapped with another": (_, other) => other,
  missing: () => undefined,
  emptied: () => Buffer.alloc(0),
};
export const DAMAGED = Object.keys(DAMAGES);

/** Writes some segments of WAL, whole ones, after the newest backup. */
export function writeWal(backups: Backups, segments: number): void {
  for (let n = 0; n < segments; n += 1)
    backups.stack.query("protea", "create table wal as select md5(g::text) from generate_series(1, 20000) g; drop table wal; select pg_switch_wal()"); // prettier-ignore
}

/** Damages one whole segment after a backup, reads the backup through, and puts the segment back. */
export function damagedWal(
  backups: Backups,
  stamp: string,
  kind: string,
  chance: Chance,
): { kind: string; segment: string; found: boolean } {
  const part = readFileSync(join(backups.folder, stamp, "postgres/part.json"), "utf8");
  const [, line, from] = /"wal" : "(\w+)", "walFrom" : "(\w+)"/.exec(part)!;
  const at = join(backups.folder, "wal", line!);
  const segments = readdirSync(at).filter((name) => /^[0-9A-F]{24}$/.test(name) && name >= from!);
  const name = chance.pick(segments);
  const other = readFileSync(join(at, chance.pick(segments.filter((one) => one !== name))));
  renameSync(join(at, name), join(at, "aside"));
  try {
    const content = DAMAGES[kind]!(readFileSync(join(at, "aside")), other, chance);
    // The container's user reads it.
    if (content) writeFileSync(join(at, name), content, { mode: 0o644 });
    return { kind, segment: name, found: backups.read("postgres", stamp).code !== 0 };
  } finally {
    rmSync(join(at, name), { force: true });
    renameSync(join(at, "aside"), join(at, name));
  }
}
