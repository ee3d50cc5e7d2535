/** The alerts' files, in the pace of a stack. Pure but for reading them. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseDuration } from "../../config/units.ts";

const FOLDER = "systems/monitoring/rules";

/** The interval that the files' times are written for, milliseconds. */
export const WRITTEN_FOR = 15_000;

/**
 * A rules file's text for another interval: what is waited for (`for: 2m`) and looked back at (`[10m]`, `offset 2h`) is a number of
 * questions, so it grows and shrinks with them. Never below a second. Days (`offset 2d`) are of backups, which have a pace of their own.
 * @param interval milliseconds
 */
export function paced(text: string, interval: number): string {
  if (interval === WRITTEN_FOR) return text;
  const scaled = (time: string) =>
    `${Math.max(1, Math.round((parseDuration(time)! * interval) / WRITTEN_FOR / 1_000))}s`;
  return text
    .replace(/^( *(?:for|keep_firing_for): )(\w+)$/gm, (_, key: string, time: string) => `${key}${scaled(time)}`)
    .replace(/(?<=\boffset )(\w+[hms])\b/g, (time: string) => scaled(time))
    .replace(/\[(\w+)(:?)\]/g, (_, time: string, colon: string) => `[${scaled(time)}${colon}]`);
}

/** The rules' files by name, as they are in this repository. */
export function ruleFiles(): { name: string; text: string }[] {
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith(".yml"))
    .sort()
    .map((name) => ({ name, text: readFileSync(join(FOLDER, name), "utf8") }));
}
