/** How files of a host, and of its containers, differ from what was put there. Pure. */
import { createHash } from "node:crypto";
import { basename, dirname } from "node:path";
import type { Schedule } from "../../hosts/schedule.ts";
import type { Applied } from "./applied.ts";
import { LEFT, NOT_APPLIED, NOTHING, replacing, type Row } from "./rows.ts";
import type { Wanted } from "./wanted.ts";

const sha256 = (content: string) => createHash("sha256").update(content).digest("hex");

/** Lines of sha256sum: HASH, blanks, PATH. By path, without a leading `./`. */
export function hashes(text: string): Map<string, string> {
  const lines = text.split("\n").filter(Boolean);
  return new Map(lines.map((line) => [line.slice(64).trim().replace(/^\.\//, ""), line.slice(0, 64)]));
}

/** Installed scripts: their name has the first digits of what they must be. @param found those that can be run */
export function scriptRows(applied: Applied, found: ReadonlyMap<string, string>): Row[] {
  return [...applied.scripts].flatMap(([urn, where]): Row[] => {
    const declared = where.slice(-".sh".length - 12, -".sh".length);
    const is = found.get(where)?.slice(0, 12);
    if (is === declared) return [];
    return [{ where, what: "script of the host", declared, found: is ?? "missing", mend: replacing(urn) }];
  });
}

/**
 * The files that containers have their secrets from. What is in one is shown nowhere.
 * @param found hashes of those that everybody in a container can read, by FOLDER/NAME
 */
export function secretRows(project: string, found: ReadonlyMap<string, string>, { secrets }: Applied): Row[] {
  return [...secrets].flatMap(([urn, written]) => {
    if (written.project !== project || !written.files) return [];
    const { files, exec } = written;
    const folders = new Set([...files.keys()].map((file) => dirname(file)));
    const declared = new Map([...files].map(([file, text]) => [file, sha256(text)]));
    for (const folder of folders) declared.set(`${folder}/exec`, exec);
    return [...declared].flatMap(([file, hash]): Row[] => {
      const is = found.get(file);
      if (is?.startsWith(hash)) return [];
      const row = { where: `${project}/${dirname(file)}`, what: `secret ${basename(file)}`, declared: "(secret)" };
      return [{ ...row, found: is === undefined ? "missing" : "(another value)", mend: replacing(urn) }];
    });
  });
}

/** @param said what schedule.sh said of each that is declared */
export function scheduleRows(system: string, declared: Schedule[], said: string[], applied: Applied): Row[] {
  return declared.flatMap(({ name: where, when, run }, index): Row[] => {
    const found = said[index]!.trim().split("\n").join("; ");
    const urn = [...applied.schedules.keys()].find((one) => one.endsWith(`::${system}-backups-schedule-${run}`));
    if (!found) return [];
    return [{ where, what: "schedule", declared: when, found, mend: urn ? replacing(urn) : NOT_APPLIED }];
  });
}

/** Schedules of a project that nobody declares. @param files the names of what the host runs by itself */
export function strayScheduleRows(project: string, declared: Schedule[], files: string[], applied: Applied): Row[] {
  const known = new Set(declared.map(({ name }) => `${name}.sh`));
  const set = [...applied.schedules.values()];
  return files
    .filter((file) => file.startsWith(`robotoff-protea-${project}-`) && file.endsWith(".sh") && !known.has(file))
    .map((file) => file.slice(0, -".sh".length))
    .map((where) => {
      const mend = set.some((create) => create.includes(` set ${where} `)) ? NOT_APPLIED : LEFT;
      return { where, what: "schedule", declared: NOTHING, found: "there", mend };
    });
}

/** The files that a container is given, by the folder that is asked for in it: a file alone is asked for itself. */
export function uploadFolders({ args }: Wanted): Map<string, string[]> {
  const files = (args.uploads ?? []).map(({ file }) => file);
  const folders = new Map<string, string[]>();
  for (const file of files) folders.set(dirname(file), [...(folders.get(dirname(file)) ?? []), file]);
  return new Map([...folders].map(([folder, inside]) => [inside.length === 1 ? inside[0]! : folder, inside]));
}

/**
 * Files that a container was given when it was made.
 * @param found their hashes by path
 * @param urn of the container
 */
export function uploadRows(wanted: Wanted, found: ReadonlyMap<string, string>, applied: Applied): Row[] {
  const before = applied.containers.get(wanted.name);
  const given = new Map((before?.args.uploads ?? []).map(({ file, content }) => [file, sha256(content)]));
  return (wanted.args.uploads ?? []).flatMap(({ file, content }): Row[] => {
    const [declared, is] = [sha256(content), found.get(file)];
    if (is === declared || !before) return [];
    const mend = is === given.get(file) ? NOT_APPLIED : replacing(before.urn);
    const row = { where: wanted.name, what: `file ${file}`, declared: declared.slice(0, 12) };
    return [{ ...row, found: is?.slice(0, 12) ?? "missing", mend }];
  });
}
