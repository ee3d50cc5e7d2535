/** Rows as left-aligned columns under their names. */
export function table<const C extends string>(columns: readonly C[], rows: Record<C, string>[]): string {
  const widths = columns.map((column) => Math.max(column.length, ...rows.map((row) => row[column].length)));
  const line = (cells: string[]) =>
    cells
      .map((cell, index) => cell.padEnd(widths[index]!))
      .join("  ")
      .trimEnd();
  return [
    line(columns.map((column) => column.toUpperCase())),
    ...rows.map((row) => line(columns.map((column) => row[column]))),
  ].join("\n");
}

/** A title and, below it, its items; nothing where there are none. */
export const titled = (title: string, items: string[]): string[] =>
  items.length > 0 ? [`${title}:`, ...items.map((one) => `  ${one}`)] : [];
