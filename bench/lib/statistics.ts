export function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 === 1 ? sorted[Math.floor(middle)]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Measured values by what was measured, in the order of first measurement. */
export class Samples {
  private readonly values = new Map<string, number[]>();

  add(what: string, value: number): void {
    this.values.set(what, [...(this.values.get(what) ?? []), value]);
    console.error(`  ${what}: ${value.toFixed(2)}`);
  }

  median(what: string): number {
    return median(this.values.get(what)!);
  }

  /** `1.23 s (1.20–1.31)`. */
  show(what: string): string {
    const values = this.values.get(what);
    if (!values) return "–";
    const range = `${Math.min(...values).toFixed(2)}–${Math.max(...values).toFixed(2)}`;
    return `${median(values).toFixed(2)} s${values.length > 1 ? ` (${range})` : ""}`;
  }

  ratio(what: string, over: string): string {
    return (this.median(what) / this.median(over)).toFixed(2);
  }
}
