/** What a part found, as Markdown, and where it goes. */
import { readFileSync, writeFileSync } from "node:fs";
import { cpus, loadavg, release } from "node:os";
import { must } from "../../tests/engine/stack.harness.ts";

export interface Section {
  title: string;
  /** What has to be known to read the figures. */
  notes: string[];
  columns: string[];
  rows: string[][];
}

export const load = () => loadavg()[0]!.toFixed(1);

export function section({ title, notes, columns, rows }: Section): string {
  const line = (cells: string[]) => `| ${cells.join(" | ")} |`;
  const rule = line(columns.map(() => "---"));
  return [`### ${title}`, "", line(columns), rule, ...rows.map(line), "", ...notes.map((note) => `- ${note}`)].join(
    "\n",
  );
}

/** When, where and with what a part was measured. */
export function conditions(rounds: number, before: string): string {
  const versions = [
    `Node ${process.versions.node}`,
    `Pulumi ${must("pulumi", "version")}`,
    `Docker ${must("docker", "version", "--format", "{{.Server.Version}}")}`,
    `Compose ${must("docker", "compose", "version", "--short")}`,
  ];
  return [
    `${new Date().toISOString().slice(0, 10)}, commit ${must("git", "rev-parse", "--short", "HEAD")}`,
    `${cpus().length} cores (${cpus()[0]!.model.trim()}), Linux ${release()}, ${versions.join(", ")}`,
    `load average ${before} before and ${load()} after`,
    `median of ${rounds} rounds, with the least and the greatest`,
  ].join("; ");
}

const FILE = "docs/performance.md";

/** Puts a part's text between its markers in docs/performance.md. */
export function write(part: string, text: string): void {
  const [start, end] = [`<!-- ${part}: made by node bench/run.ts --write -->`, `<!-- end of ${part} -->`];
  const [before, rest] = readFileSync(FILE, "utf8").split(start);
  if (rest === undefined) throw new Error(`${FILE} has no line ${start}`);
  writeFileSync(FILE, `${before}${start}\n\n${text}\n\n${end}${rest.split(end)[1]}`);
}
