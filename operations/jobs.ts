/** `make jobs`: PROTEA's jobs, the newest first, without their sub-jobs. */
import { run } from "./command.ts";
import { jobsApi } from "./jobs/api.ts";
import { COLUMNS, jobRows, limitOf, statusFilter } from "./jobs/rows.ts";
import { table } from "./table.ts";

export const done = run(["status", "limit"], (options) => {
  const status = statusFilter(options.status);
  const limit = limitOf(options.limit);
  const jobs = jobsApi(options).list({ status, limit });
  console.log(table(COLUMNS, jobRows(jobs, Date.now())));
  if (jobs.length === limit) console.log(`\nthe ${limit} newest; LIMIT= shows more, up to 500`);
  return 0;
});
