/** Chance that can be repeated, for what is broken at random: SEED= of a run before, which is printed. */
export class Chance {
  readonly seed: number;
  private state: number;

  constructor(seed = Number(process.env.SEED ?? Date.now() % 2 ** 31)) {
    this.seed = this.state = seed;
  }

  /** From 0 to below 1 (mulberry32). */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number below `end`. */
  below(end: number): number {
    return Math.floor(this.next() * end);
  }

  pick<T>(list: readonly T[]): T {
    if (list.length === 0) throw new Error("there is nothing to choose from");
    return list[this.below(list.length)]!;
  }
}

/** How often a campaign does it: TIMES=, or what the issue asks for; and no longer than MINUTES=, where that is said. */
export function* rounds(asked: number): Generator<number> {
  const end = Date.now() + Number(process.env.MINUTES ?? "Infinity") * 60_000;
  for (let n = 0; n < Number(process.env.TIMES ?? asked) && Date.now() < end; n += 1) yield n;
}

/** A table as docs/faults.md has it. */
export const table = (head: string[], rows: (string | number)[][]): string =>
  [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
