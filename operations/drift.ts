/**
 * `make drift`: whether the host runs what is declared, and what the last `up` applied. Nothing is touched, no state is written,
 * no secret is shown; with TELL=1 a file for the alerts is written, and nothing else. Exit codes: 0 no difference, 2 differences, 1 it could not be told.
 */
import { run } from "./command.ts";
import { lookForDrift } from "./drift/look.ts";
import { counted, driftTable } from "./drift/rows.ts";
import { tell } from "./drift/tell.ts";

/** Differences are no failure to tell, which is 1. */
const DRIFT = 2;

export const done = run(["json", "tell"], async (options) => {
  if (options.tell && options.system)
    throw new Error("found TELL= and SYSTEM=, expected TELL= alone: the alerts are told of the whole stack");
  const secrets = process.env.WITHOUT_SECRETS !== "1";
  const { stack, rows } = await lookForDrift(options, secrets);
  if (options.json === "1")
    console.log(
      JSON.stringify(
        rows.map((row) => ({ ...row, mend: row.mend.text })),
        null,
        2,
      ),
    );
  else if (rows.length > 0) console.log(driftTable(rows));
  console.error(counted(rows));
  if (!secrets) console.error("the values of secrets were not compared");
  if (options.tell === "1") {
    const untold = tell(stack, rows.length);
    if (untold) console.error(untold);
  }
  return rows.length === 0 ? 0 : DRIFT;
});
