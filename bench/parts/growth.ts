/** How backups, verifications and restores grow with the database. */
import { here } from "../../tests/engine/host.ts";
import { succeeded, TestStack } from "../../tests/engine/stack.harness.ts";
import type { Section } from "../lib/report.ts";
import { Samples } from "../lib/statistics.ts";

/** Scales of pgbench; each has as many rows of text that does not compress. About 1, 2.5 and 5 GB. */
const SCALES = [40, 100, 200];

const VERBS: [string, ...string[]][] = [["backup"], ["verify"], ["restore", "--at", "latest", "--yes", "1"]];

/** Fills it anew. Gives its size in MB. */
function fill(stack: TestStack, scale: number): number {
  const server = stack.container("protea", "postgres");
  stack.docker("exec", server, "pgbench", "-U", "protea", "-d", "protea", "-q", "-i", "-s", String(scale));
  stack.query(
    "protea",
    `drop table if exists texts; create table texts as select g as id, md5(random()::text) || md5(random()::text) as word
       from generate_series(1, ${scale * 60_000}) g; alter table texts add primary key (id); create index on texts (word)`,
  );
  stack.query("protea", "vacuum analyze");
  return Number(stack.query("protea", "select pg_database_size('protea')")) / 1e6;
}

export async function growth(rounds: number): Promise<Section> {
  const samples = new Samples();
  const stack = await TestStack.create(["protea"], here, true);
  stack.change("protea", "postgres", { memory: "4g" });
  succeeded(stack.makeUp());
  const sizes = new Map<number, number>();
  for (const scale of SCALES) {
    sizes.set(scale, fill(stack, scale));
    for (let round = 1; round <= rounds; round += 1)
      for (const [verb, ...options] of VERBS) {
        const begun = Date.now();
        succeeded(stack.operation(verb, ...options));
        samples.add(`${verb} ${scale}`, (Date.now() - begun) / 1_000);
      }
  }
  stack.remove();
  const cell = (verb: string, scale: number) => {
    const what = `${verb} ${scale}`;
    return `${samples.show(what)}, ${(sizes.get(scale)! / samples.median(what)).toFixed(0)} MB/s`;
  };
  return {
    title: "Growth: a database of 1 to 5 GB",
    columns: ["database", ...VERBS.map(([verb]) => `\`make ${verb}\``)],
    rows: SCALES.map((scale) => [`${sizes.get(scale)!.toFixed(0)} MB`, ...VERBS.map(([verb]) => cell(verb, scale))]),
    notes: [
      "The database alone: pgbench's rows, and as much text that does not compress, with indexes. A backup is dump, reading back, base backup and verification; a restore ends with all of it healthy and a backup after it. Megabytes are the database's, as PostgreSQL has them.",
    ],
  };
}
