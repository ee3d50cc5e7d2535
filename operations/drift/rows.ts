/** A difference between what is declared and what a host has, as `make drift` shows it, and what mends it. Pure. */
import { table } from "../table.ts";

/** What `make heal` does about a difference; without any of the four a person decides. */
export interface Mend {
  /** For a person. */
  text: string;
  /** This container is somebody's: stopped, renamed and kept. */
  aside?: string;
  /** Words of docker, one command after the other. */
  docker?: string[][];
  /** The next `up` does it by itself. */
  up?: true;
  /** The URN of what the next `up` has to make anew. */
  replace?: string;
}

export interface Row {
  /** The container, network, volume, image or file. */
  where: string;
  what: string;
  declared: string;
  found: string;
  mend: Mend;
}

/** What the next `up` does by itself. @param how in words, where that needs any */
export const byUp = (how?: string): Mend => ({ text: how ? `make up: ${how}` : "make up", up: true });

/** The stack file says something that no `up` has done yet. */
export const NOT_APPLIED = byUp("not applied yet");

/** A person's own affair. */
export const byHand = (text: string): Mend => ({ text });

/** Nothing here touches what somebody else made. */
export const LEFT = byHand("yours to decide: left alone");

/** Made anew, whatever it was. @param urn of the resource */
export const replacing = (urn: string): Mend => ({ text: "make heal: replaced", replace: urn });

/** @param commands without `docker` before them, as a person types them as well */
export const byDocker = (...commands: string[][]): Mend => ({
  text: commands.map((words) => `docker ${words.join(" ")}`).join(" && "),
  docker: commands,
});

/** What stands for nothing in the table. */
export const NOTHING = "-";

/** Longest cell of the table, in characters; JSON=1 has all of it. */
const CELL = 60;

/** A row as the table shows it: how to mend it may be typed, and stays whole. */
export function shown(row: Row): Record<keyof Row, string> {
  const cut = (text: string) => {
    const line = text.replaceAll(/\s+/g, " ");
    return line.length > CELL ? `${line.slice(0, CELL - 1)}…` : line;
  };
  const { where, what, declared, found, mend } = row;
  return { where, what: cut(what), declared: cut(declared), found: cut(found), mend: mend.text };
}

/** The differences, for a person. */
export const driftTable = (rows: Row[]): string =>
  table(["where", "what", "declared", "found", "mend"], rows.map(shown));

/** How many there are, for a person. */
export function counted(rows: Row[]): string {
  const number = (count: number, what: string) => `${count} ${what}${count === 1 ? "" : "s"}`;
  if (rows.length === 0) return "no drift: the host has what is declared";
  return `${number(rows.length, "difference")} in ${number(new Set(rows.map(({ where }) => where)).size, "place")}`;
}
