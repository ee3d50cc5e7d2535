/** `make job ID=…`: one of PROTEA's jobs with its sub-jobs and events. CANCEL=1 or DELETE=1 then asks, and does so. */
import { run } from "./command.ts";
import { confirm } from "./confirm.ts";
import { jobsApi } from "./jobs/api.ts";
import { cancelling, COLUMNS, deleting, details, eventLines, jobId, jobRows } from "./jobs/rows.ts";
import { table } from "./table.ts";

/** The API's greatest. */
const CHILDREN = 500;
/** As the API shows unless asked for more. */
const EVENTS = 200;

export const done = run(["id", "cancel", "delete", "yes"], async (options) => {
  const id = jobId(options.id);
  const [cancel, remove] = [options.cancel === "1", options.delete === "1"];
  if (cancel && remove) throw new Error("expected CANCEL=1 or DELETE=1: a job is deleted once it has ended");
  const api = jobsApi(options);
  const job = api.job(id);
  const children = api.list({ parent: id, limit: CHILDREN });
  const events = api.events(id, EVENTS);

  const now = Date.now();
  console.log(`${table(COLUMNS, jobRows([job], now))}\n\n${details(job)}`);
  if (children.length > 0) console.log(`\nsub-jobs\n${table(COLUMNS, jobRows(children, now))}`);
  console.log(`\nevents${events.length === EVENTS ? `, the last ${EVENTS}` : ""}\n${eventLines(events)}\n`);

  if (cancel) {
    await confirm(cancelling(job, children), options.yes);
    console.log(`job ${id} is ${api.cancel(id).toLowerCase()}`);
  } else if (remove) {
    await confirm(deleting(job, children), options.yes);
    api.remove(id);
    console.log(`job ${id} is deleted`);
  }
  return 0;
});
