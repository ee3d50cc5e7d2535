/**
 * `make db-clean`: deletes PROTEA's jobs that ended long ago, and the old events of ended jobs, in batches. Each batch is
 * a transaction of its own, so an interruption leaves nothing half done, and the next run goes on.
 */
import { checkpointBefore } from "./backups/systems.ts";
import { run, selected } from "./command.ts";
import { confirm } from "./confirm.ts";
import { interval, planRows, question, readPlan, TABLES } from "./database/cleaning.ts";
import { psql, showPsql } from "./database/psql.ts";
import { readStack } from "./stack.ts";
import { table } from "./table.ts";

/** Rows of a transaction: it ends within a second or so, and holds up nobody. */
const BATCH = 10_000;

export const done = run(["older", "yes"], async ({ stack: name, system: only, older, yes }) => {
  if (only === "robotoff")
    throw new Error("the runbooks have nothing to clean in Robotoff's database; expected SYSTEM=protea");
  const variables = { older: interval(older) };
  const stack = readStack(name);
  const { host } = stack;
  const [system] = selected(stack, { system: "protea" });
  showPsql(host, system!, "clean-plan", variables);
  const plan = readPlan(psql(host, system!, "clean-plan", variables));
  console.log(table(["table", "rows", "what"], planRows(plan)));
  const asked = question(plan);
  if (!asked) {
    console.log(`nothing is from before ${plan.cutoff}`);
    return 0;
  }
  await confirm(asked, yes);
  checkpointBefore(host, system!, "db-clean");
  for (const each of TABLES) {
    let after = "0";
    let deleted = 0;
    showPsql(host, system!, `clean-${each}`, { cutoff: plan.cutoff, batch: BATCH, after });
    for (;;) {
      const batch = { cutoff: plan.cutoff, batch: BATCH, after };
      const [count, last] = psql(host, system!, `clean-${each}`, batch).trim().split("\t");
      if (count === "0") break;
      deleted += Number(count);
      after = last!;
      console.log(`${each}: ${deleted} deleted`);
    }
  }
  return 0;
});
