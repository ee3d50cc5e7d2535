import { spawn } from "node:child_process";
import { once } from "node:events";
import { request, until } from "../../http.ts";
import { failed, succeeded } from "../host.ts";
import type { TestStack } from "../stack.harness.ts";

/** What `make db`, `db-clean`, `jobs` and `job` say and do. */
export function databaseOperations(get: () => TestStack): void {
  describe("databases and jobs", () => {
    const query = (sql: string) => get().query("protea", sql);
    const clean = (...args: string[]) => get().operation("db-clean", "--system", "protea", "--older", "30d", ...args);
    /** Jobs of these tests, by the names in their operations. */
    const seeded = () =>
      query("select operation from job where operation like 'seed-%' order by 1").split("\n").filter(Boolean);
    const rows = (what: string) => Number(query(`select count(*) from ${what}`));
    /** Jobs that ended 40 days ago, or never; and old events of each, very many of the first. */
    const seed = () =>
      query(`
        with parents as (
          insert into job (operation, queue_name, status, created_at, finished_at) values
            ('seed-old', 'q', 'succeeded', now() - interval '41 d', now() - interval '40 d'),
            ('seed-parent-of-running', 'q', 'failed', now() - interval '41 d', now() - interval '40 d'),
            ('seed-cancelled-without-end', 'q', 'cancelled', now() - interval '41 d', null),
            ('seed-queued', 'q', 'queued', now() - interval '41 d', null),
            ('seed-recent', 'q', 'succeeded', now() - interval '41 d', now() - interval '1 d')
          returning id, operation
        ), children as (
          insert into job (operation, queue_name, status, created_at, finished_at, parent_job_id)
          select 'seed-child', 'q', 'succeeded'::job_status, now() - interval '41 d', now() - interval '40 d', id
            from parents where operation = 'seed-old'
          union all
          select 'seed-running', 'q', 'running', now() - interval '41 d', null, id
            from parents where operation = 'seed-parent-of-running'
          returning id, operation
        )
        insert into job_event (job_id, ts, event)
        select id, now() - interval '40 d', 'seed'
        from (select * from parents union all select * from children) made,
          generate_series(1, case operation when 'seed-old' then 25000 else 1 end)`);
    const KEPT = ["seed-parent-of-running", "seed-queued", "seed-recent", "seed-running"];

    test("make db shows each database, its largest tables and their dead rows", () => {
      const text = succeeded(get().operation("db"));
      expect(text).toMatch(/robotoff +\| +\d+ [kM]B +\| +\d+/);
      expect(text).toMatch(/image_prediction +\| +\d+ /);
      expect(text).toMatch(/job_event +\| +\d+ +\| +\d+ kB +\| +\d+ +\| +\d+ +\| +[\d.]+/);
    });

    test("make db-clean says what would go, and deletes nothing where nobody can be asked", () => {
      seed();
      const before = [rows("job"), rows("job_event")];
      const text = failed(clean());
      // All old events but those of the queued and the running job.
      expect(text).toMatch(/job_event +25004 +deleted/);
      expect(text).toMatch(/job +3 +deleted/);
      expect([rows("job"), rows("job_event")]).toEqual(before);
    });

    test("make db-clean that is killed has deleted whole batches, and the next one goes on", async () => {
      const others = rows("job where operation not like 'seed-%'");
      const args = [
        "operations/db-clean.ts",
        "--stack",
        get().name,
        "--system",
        "protea",
        "--older",
        "30d",
        "--yes",
        "1",
      ];
      const { folder, environment } = get();
      const child = spawn("node", args, { cwd: folder, env: { ...process.env, ...environment } });
      let said = "";
      child.stdout.on("data", (data: Buffer) => {
        said += String(data);
        if (said.includes("job_event: 10000 deleted")) child.kill("SIGKILL");
      });
      await once(child, "close");
      const left = rows("job_event where event = 'seed'");
      expect(left).toBeLessThan(25_006);
      expect([25_006 - 10_000, 25_006 - 20_000, 2]).toContain(left);
      expect(rows("job where operation = 'seed-child' and parent_job_id is null")).toBe(0);

      succeeded(clean("--yes", "1"));
      expect(seeded()).toEqual(KEPT);
      expect(rows("job_event where event = 'seed'")).toBe(2);
      expect(rows("job where operation = 'seed-running' and parent_job_id is null")).toBe(0);
      expect(rows("job where operation not like 'seed-%'")).toBe(others);
      expect(succeeded(clean("--yes", "1"))).toContain("nothing is from before");
      query("delete from job where operation like 'seed-%'");
    });

    test("make jobs lists a job, and make job cancels and deletes it", async () => {
      const { body } = await request(get().url("api of protea", 8000, "/jobs"), "POST", {
        operation: "ping",
        payload: { hang: true },
      });
      const { id } = body as { id: string };
      const line = new RegExp(`${id} +ping +running +protea.ping +- +\\d+ s`);
      await until("the job runs", 30, () => line.test(succeeded(get().operation("jobs", "--status", "running"))));
      expect(failed(get().operation("job", "--id", id, "--delete", "1", "--yes", "1"))).toContain("has not ended");
      expect(failed(get().operation("job", "--id", id, "--cancel", "1"))).toContain("nothing was changed");
      expect(succeeded(get().operation("job", "--id", id, "--cancel", "1", "--yes", "1"))).toContain("is cancelled");
      const shown = succeeded(get().operation("job", "--id", id));
      expect(shown).toMatch(/job\.created[^]*job\.started[^]*job\.cancelled/);
      succeeded(get().operation("job", "--id", id, "--delete", "1", "--yes", "1"));
      expect(failed(get().operation("job", "--id", id))).toContain(
        `PROTEA's API answered GET /jobs/${id} with 404: Job not found`,
      );
    });
  });
}
