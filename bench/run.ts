/**
 * Measures this program against its alternatives, in turns: node bench/run.ts [--rounds 3] [--write] [part…]
 * Parts: deploy, preview, containers, and hosts, backup and growth, which are long; without any, the first three. docs/performance.md says what they measure.
 */
import { spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { MARK } from "./lib/processes.ts";
import { conditions, load, section, write, type Section } from "./lib/report.ts";
import { backup } from "./parts/backup.ts";
import { containers } from "./parts/containers.ts";
import { deploy } from "./parts/deploy.ts";
import { growth } from "./parts/growth.ts";
import { hosts } from "./parts/hosts.ts";
import { preview } from "./parts/preview.ts";

const SHORT = { deploy, preview, containers };
const PARTS: Record<string, (rounds: number) => Promise<Section>> = { ...SHORT, hosts, backup, growth };

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "3" },
    write: { type: "boolean", default: false },
  },
});
const parts = positionals.length > 0 ? positionals : Object.keys(SHORT);
for (const part of parts)
  if (!(part in PARTS)) throw new Error(`found part ${part}, expected one of ${Object.keys(PARTS).join(", ")}`);

const folder = mkdtempSync(join(tmpdir(), "robotoff-protea-bench-"));
const cleaner = spawn(
  process.execPath,
  [join(import.meta.dirname, "lib/cleaner.ts"), String(process.pid), folder],
  // A group of its own: Ctrl-C is not for it.
  { stdio: ["pipe", "inherit", "inherit"], detached: true },
);
// From here on, all that is made lies in that folder, and all that is started carries the mark.
process.env.TMPDIR = folder;
process.env[MARK] = String(process.pid);

async function finish(code: number): Promise<void> {
  console.error("removing what was made");
  const cleaned = new Promise((done) => cleaner.on("exit", done));
  cleaner.stdin.end();
  await cleaned;
  process.exit(code);
}
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => void finish(130));

try {
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`found --rounds ${values.rounds}, expected 1, 2, 3 …`);
  for (const part of parts) {
    const before = load();
    console.error(`${part} (load ${before})`);
    const measured = await PARTS[part]!(rounds);
    measured.notes.push(conditions(rounds, before));
    const text = section(measured);
    console.log(`\n${text}`);
    if (values.write) write(part, text);
  }
  await finish(0);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  await finish(1);
}
