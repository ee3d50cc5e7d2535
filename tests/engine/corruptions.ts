/** Corruptions of a backup at random, one at a time: which check finds each, and what the runbooks' checks say of it. */
import { createHash } from "node:crypto";
import { chmodSync, chownSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs"; // prettier-ignore
import { join } from "node:path";
import type { Backups, Part } from "./backups.harness.ts";
import type { Chance } from "./chance.ts";
import { run } from "./host.ts";

export const KINDS = [
  "a bit flipped", "truncated", "swapped with another", "missing", "emptied", "an older one in its place", "the manifest edited",
] as const; // prettier-ignore
export type Kind = (typeof KINDS)[number];

/** The checks of a backup, in this order, and what the first three say. */
export const CHECKS = ["the manifest's checksum", "a file's sha256", "the manifest against the files", "the part's own tool"] as const; // prettier-ignore
const SAID = [/own checksum/, /: (missing|not in the manifest|its bytes are not)/, /does not say what/];

/** What a file of a backup is part of. */
export const artefactOf = (file: string): string =>
  /^postgres\/(base|dump)\//.exec(file)?.[0].slice(0, -1) ?? (file.includes("/") ? file.split("/")[0]! : "manifest");

export interface Corrupted {
  kind: Kind;
  what: string;
  artefact: string;
  /** Of the manifest's checksum, the sha256 of a file, and the part's own tool, those that find it, each by itself. */
  by: string[];
  /** Whether what was found is named. */
  named: boolean;
  /** Whether the runbooks' check of that artefact finds it; undefined: they have none. */
  runbook: boolean | undefined;
  /** Whether the dump restores with other row counts, or not at all; undefined: it is in no dump. */
  counts: boolean | undefined;
}

const filesOf = (at: string): string[] =>
  readdirSync(at, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(at.length + 1))
    .sort();
const sha256 = (content: Buffer | string) => createHash("sha256").update(content).digest("hex");

/** The manifest with something else in it, as a slip of a hand or of a program leaves it. */
const EDITS: Record<string, (text: string, chance: Chance) => string> = {
  "a sha256": (text, chance) => changedAt(text, /(?<="sha256": ")\w/g, chance, (digit) => (digit === "0" ? "1" : "0")),
  "a size": (text, chance) => changedAt(text, /(?<="size": )\d+/g, chance, (size) => String(Number(size) + 1)),
  "a name": (text, chance) => changedAt(text, /(?<="path": ")[^"]+/g, chance, (path) => `${path}x`),
  "a file's line": (text, chance) => changedAt(text, /\{"size": .*\n(?=\{)/g, chance, () => ""),
  "a table's rows": (text, chance) => changedAt(text, /(?<="rows" : )\d+/g, chance, (rows) => String(Number(rows) + 1)),
  "a table's sha256": (text, chance) =>
    changedAt(text, /(?<="sha256" : ")\w/g, chance, (digit) => (digit === "0" ? "1" : "0")),
};

function changedAt(text: string, where: RegExp, chance: Chance, change: (found: string) => string): string {
  const found = chance.pick([...text.matchAll(where)]);
  return text.slice(0, found.index) + change(found[0]) + text.slice(found.index + found[0].length);
}

/** Another file in the place of one, which is put aside: other backups share it. Returns how to undo it. */
function put(root: string, file: string, content: Buffer | string | undefined): () => void {
  const [path, aside] = [join(root, file), `${root}.aside-${sha256(file).slice(0, 8)}`];
  const { uid, gid, mode } = statSync(path);
  renameSync(path, aside);
  if (content !== undefined) {
    writeFileSync(path, content);
    chownSync(path, uid, gid);
    chmodSync(path, mode);
  }
  return () => {
    rmSync(path, { force: true });
    renameSync(aside, path);
  };
}

export class Corruptions {
  private readonly root: string;
  private readonly artefacts = new Map<string, string[]>();
  private readonly tables: string;
  private readonly counted: Record<string, string>;
  private readonly objects: number;
  private readonly backups: Backups;
  private readonly stamp: string;
  private readonly older: string;

  /**
   * @param stamp of the backup that is corrupted; it is as it was when each method has returned
   * @param older of one before it
   */
  constructor(backups: Backups, stamp: string, older: string) {
    [this.backups, this.stamp, this.older] = [backups, stamp, older];
    this.root = join(backups.folder, stamp);
    for (const file of filesOf(this.root)) {
      const artefact = artefactOf(file);
      this.artefacts.set(artefact, [...(this.artefacts.get(artefact) ?? []), file]);
    }
    this.objects = filesOf(join(this.root, "bucket/objects")).length;
    this.tables = this.list("postgres/dump").text;
    this.counted = Object.fromEntries(this.dumps().map((dump) => [dump, this.rowCounts(dump)]));
  }

  private dumps(): string[] {
    return ["postgres/dump", ...(this.artefacts.get("public") ?? []).filter((file) => file.endsWith(".dump"))];
  }

  private read(file: string, root = this.root): Buffer {
    return readFileSync(join(root, file));
  }

  private usable(kind: Kind, file: string): boolean {
    if (kind === "missing" || kind === "swapped with another") return true;
    if (kind !== "an older one in its place") return statSync(join(this.root, file)).size > 0;
    const before = join(this.backups.folder, this.older, file);
    return existsSync(before) && !readFileSync(before).equals(this.read(file));
  }

  /** Corrupts one file; returns what was done, and how to undo it. */
  private corrupt(kind: Kind, chance: Chance): { file: string; what: string; undo: () => void } {
    if (kind === "the manifest edited") return this.edit(chance);
    const candidates = [...this.artefacts.values()]
      .map((files) => files.filter((file) => this.usable(kind, file)))
      .filter((files) => files.length > 0);
    const file = chance.pick(chance.pick(candidates));
    const content = this.read(file);
    const done = (to: Buffer | undefined) => ({ file, what: file, undo: put(this.root, file, to) });
    switch (kind) {
      case "a bit flipped": {
        const bit = chance.below(content.length * 8);
        const flipped = Buffer.from(content);
        flipped[bit >> 3]! ^= 1 << (bit & 7);
        return { ...done(flipped), what: `${file}, bit ${bit}` };
      }
      case "truncated":
        return done(content.subarray(0, chance.below(content.length)));
      case "missing":
        return done(undefined);
      case "emptied":
        return done(Buffer.alloc(0));
      case "an older one in its place":
        return done(this.read(file, join(this.backups.folder, this.older)));
      case "swapped with another": {
        const all = [...this.artefacts.values()].flat();
        let other: string;
        do other = chance.pick(chance.next() < 0.5 ? this.artefacts.get(artefactOf(file))! : all);
        while (this.read(other).equals(content) && all.length > 1);
        const undo = [put(this.root, file, this.read(other)), put(this.root, other, content)];
        return { file, what: `${file} and ${other}`, undo: () => undo.forEach((one) => one()) };
      }
    }
  }

  /** Half of the edits come with a new checksum, as a program would write it. */
  private edit(chance: Chance): { file: string; what: string; undo: () => void } {
    const name = chance.pick(Object.keys(EDITS));
    const text = EDITS[name]!(this.read("manifest.json").toString(), chance);
    const undo = [put(this.root, "manifest.json", text)];
    const renewed = chance.next() < 0.5;
    if (renewed) undo.push(put(this.root, "manifest.sha256", `${sha256(text)}  manifest.json\n`));
    const what = `manifest.json, ${name}${renewed ? ", with a new checksum" : ""}`;
    return { file: "manifest.json", what, undo: () => undo.forEach((one) => one()) };
  }

  private list(dump: string) {
    const path = `/backups/protea/${this.stamp}/${dump}`;
    return this.backups.piped(this.backups.agent, "postgres", `pg_restore --list ${path} | grep -c "TABLE DATA"`);
  }

  /** As the runbooks verify a backup: the table of contents, the number of objects, the tar's list, the bundle. */
  private runbook(artefact: string): boolean | undefined {
    switch (artefact) {
      case "postgres/dump":
        return this.list(artefact).text !== this.tables;
      case "public":
        return this.dumps()
          .slice(1)
          .some((dump) => this.list(dump).code !== 0);
      case "bucket":
        return filesOf(join(this.root, "bucket/objects")).length !== this.objects;
      case "lab":
        return run("tar", ["-tf", join(this.root, "lab/lab.tar")]).code !== 0;
      case "git": {
        const repository = ["-c", "safe.directory=*", "-C", join(this.backups.stack.folder, "repository")];
        return run("git", [...repository, "bundle", "verify", join(this.root, "git/repository.bundle")]).code !== 0;
      }
    }
    return undefined;
  }

  /** Restores a dump, and counts each table's rows; what went wrong instead, where it does not restore. */
  private rowCounts(dump: string): string {
    const script = `set -e; export PGUSER="$POSTGRES_USER"
psql -qAtX -d postgres -c 'set client_min_messages = error' -c 'drop database if exists counted' -c 'create database counted'
pg_restore --no-owner --clean --if-exists --exit-on-error -d counted /backups/protea/${this.stamp}/${dump}
psql -qAtX -d counted -c "select oid::regclass, query_to_xml(format('select count(*) from %s', oid::regclass), false, true, '')
  from pg_class where relkind in ('r', 'm') and relnamespace >= 16384 or relnamespace = 'public'::regnamespace and relkind in ('r', 'm') order by 1::text"`;
    return this.backups.piped(this.backups.agent, "postgres", script).text;
  }

  /** One corruption, checked and undone. */
  try(kind: Kind, chance: Chance, beside = true): Corrupted {
    const { file, what, undo } = this.corrupt(kind, chance);
    try {
      const artefact = artefactOf(file);
      const check = this.backups.vault("check", this.stamp);
      const by: string[] = CHECKS.filter((_, n) => n < 3 && check.code !== 0 && SAID[n]!.test(check.text));
      if (artefact !== "manifest" && this.backups.read(artefact.split("/")[0] as Part, this.stamp).code !== 0)
        by.push(CHECKS[3]);
      const dump = artefact === "public" ? this.dumps()[1] : artefact === "postgres/dump" ? artefact : undefined;
      return {
        ...{ kind, what, artefact, by },
        // Of a manifest that has a new checksum, the files that it is wrong about.
        named: check.text.includes(artefact === "manifest" ? `${this.stamp}/` : `${this.stamp}/${file}`),
        runbook: beside ? this.runbook(artefact) : undefined,
        counts: beside && dump !== undefined ? this.rowCounts(dump) !== this.counted[dump] : undefined,
      };
    } finally {
      undo();
    }
  }
}
