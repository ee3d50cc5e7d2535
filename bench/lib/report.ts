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

/** When, where and with what it was measured. */
export function conditions(rounds: number, before: string): string {
  const versions = [
    `Node ${process.versions.node}`,
    `Pulumi ${must("pulumi", "version")}`,
    `Docker ${must("docker", "version", "--format", "{{.Server.Version}}")}`,
    `Compose ${must("docker", "compose", "version", "--short")}`,
  ];
  return [
    `${new Date().toISOString().slice(0, 10)}, ${cpus().length} cores (${cpus()[0]!.model.trim()}), Linux ${release()}; ${versions.join(", ")};`,
    `rounds: ${rounds}; load average before ${before}, after ${load()}; commit ${must("git", "rev-parse", "--short", "HEAD")}.`,
    "Each figure is the median of the rounds, with the least and the greatest.",
  ].join("\n");
}

const FILE = "docs/performance.md";
const MARKERS = ["<!-- made by node bench/run.ts --write -->", "<!-- end -->"] as const;

/** Puts the text between the markers of docs/performance.md. */
export function write(text: string): void {
  const [before, rest] = readFileSync(FILE, "utf8").split(MARKERS[0]) as [string, string];
  writeFileSync(FILE, `${before}${MARKERS[0]}\n\n${text}\n\n${MARKERS[1]}${rest.split(MARKERS[1])[1]}`);
}
