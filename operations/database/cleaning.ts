/** What `make db-clean` decides from its options and from what clean-plan.sql prints. Pure. */

/** The tables that batches are deleted from, in the runbook's order: events first, since they refer to jobs. */
export const TABLES = ["job_event", "job"] as const;

/** What would happen, by table or `TABLE.COLUMN`. */
export interface Plan {
  /** A timestamp in PostgreSQL's form: what ended before it goes. */
  cutoff: string;
  /** Rows that would be deleted. */
  goes: Record<string, number>;
  /** Rows that would stay, without the job they refer to. */
  loses: Record<string, number>;
  /** Rows because of which PostgreSQL would refuse to delete jobs. */
  holds: Record<string, number>;
}

const UNITS: Record<string, string> = { h: "hours", d: "days", w: "weeks" };

/**
 * An age as PostgreSQL's interval: `30d` is `30 days`.
 * @throws Error when it is none
 */
export function interval(older: string | undefined): string {
  const match = /^([1-9]\d{0,3})([hdw])$/.exec(older ?? "");
  if (!match) throw new Error(`found OLDER=${older ?? ""}, expected an age in hours, days or weeks: 72h, 30d, 8w`);
  return `${match[1]} ${UNITS[match[2]!]}`;
}

/**
 * Reads what clean-plan.sql printed.
 * @throws Error when that is something else, or when rows of another table hold jobs that would go
 */
export function readPlan(output: string): Plan {
  const plan: Plan = { cutoff: "", goes: {}, loses: {}, holds: {} };
  for (const line of output.trim().split("\n")) {
    const [kind, what, rows] = line.split("\t");
    if (kind === "cutoff" && what) plan.cutoff = what;
    else if ((kind === "goes" || kind === "loses" || kind === "holds") && what && /^\d+$/.test(rows ?? ""))
      plan[kind][what] = Number(rows);
    else throw new Error(`psql printed what is no part of a plan: ${line}`);
  }
  if (!plan.cutoff) throw new Error("psql printed no plan");
  const holding = Object.entries(plan.holds).filter(([, rows]) => rows > 0);
  if (holding.length > 0)
    throw new Error(
      `nothing was changed: ${holding.map(([column, rows]) => `${rows} rows of ${column}`).join(", ")} refer to jobs that would go, and PostgreSQL keeps those`,
    );
  return plan;
}

/** The rows of the table that shows a plan. */
export function planRows({ goes, loses }: Plan): { table: string; rows: string; what: string }[] {
  const batched = new Set<string>(TABLES);
  return [
    ...Object.entries(goes).map(([table, rows]) => ({
      table,
      rows: String(rows),
      what: batched.has(table) ? "deleted" : "deleted with their job",
    })),
    ...Object.entries(loses).map(([table, rows]) => ({ table, rows: String(rows), what: "stay, without their job" })),
  ];
}

/** What is asked about. Undefined: there is nothing to delete. */
export function question({ cutoff, goes }: Plan): string | undefined {
  const some = Object.entries(goes).filter(([, rows]) => rows > 0);
  if (some.length === 0) return undefined;
  const list = some.map(([table, rows]) => `${rows} rows of ${table}`).join(", ");
  return `${list}, from before ${cutoff}, will be deleted for good; only a backup has them then.`;
}
