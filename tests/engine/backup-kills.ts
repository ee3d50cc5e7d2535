/** Kills a backup at a random moment: `latest` stays whole, and the run after it leaves nothing half. */
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { until } from "../http.ts";
import type { Backups } from "./backups.harness.ts";
import type { Chance } from "./chance.ts";

export const ENDED = "it had ended";

export interface Killed {
  /** After so many milliseconds; and the length of the next run. */
  after: number;
  length: number;
  /** What it did then. */
  at: string;
  /** Whether the backup had already become the newest. */
  published: boolean;
  /** What is wrong with `latest` afterwards. */
  latest: string[];
  /** The next run's last words, where it fails. */
  next: string;
  /** What is in the folder after the next run and is none of a backup's. */
  left: string[];
}

/** What stays in a folder of backups; all else is half of something. */
const WHOLE = /^(2\d{7}T\d{6}Z|latest|verified|wal|public|checkpoints|copied|metrics|stack)$/;

/** What is half in the folder: by its name, or a backup that no note says to be verified and that is not. */
export function halves(backups: Backups): string[] {
  const names = readdirSync(backups.folder).filter((name) => !WHOLE.test(name));
  const noted = readdirSync(join(backups.folder, "verified"));
  const doubtful = backups.stamps().filter((stamp) => !noted.includes(stamp));
  return [...names, ...doubtful.filter((stamp) => backups.wrong(stamp).length > 0)];
}

/**
 * @param usual length of a backup that is not killed, in milliseconds
 * @param containers whether those in which it works are killed with it, as when the host dies; else they go on a while
 */
export async function killed(backups: Backups, chance: Chance, usual: number, containers: boolean): Promise<Killed> {
  const known = backups.latest();
  const after = chance.below(usual * 0.8);
  const child = backups.start();
  let said = "";
  for (const stream of [child.stdout!, child.stderr!]) stream.on("data", (text: Buffer) => (said += text.toString()));
  const ended = once(child, "exit");
  await Promise.race([pause(after), ended]);
  const early = child.exitCode === null;
  if (early) process.kill(-child.pid!, "SIGKILL");
  if (containers) {
    backups.stack.docker("kill", ...backups.containers());
    backups.stack.docker("start", ...backups.containers());
    await until("WAL is received", 60, () => backups.vault("window").text.startsWith("receiving"));
  }
  await ended;
  const newest = backups.latest();
  const wrong = backups.wrong(newest);
  const begin = Date.now();
  const next = backups.backup();
  const length = Date.now() - begin;
  return {
    ...{ after, length },
    at: early ? (said.match(/backs up \w+/g)?.at(-1) ?? "begins") : ENDED,
    published: newest !== known,
    latest: newest >= known ? wrong : [...wrong, `${newest} is older than ${known}`],
    next: next.code === 0 ? "" : next.text.slice(-300),
    left: halves(backups),
  };
}
