import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "../../http.ts";
import { WORD_FOR_WORD, type WordForWord } from "../runbooks.ts";
import { succeeded } from "../host.ts";
import type { TestStack } from "../stack.harness.ts";

/** The commands of the runbooks that docs/runbooks.md says work word for word, but for the project's name and the port. */
export function runbooks(get: () => TestStack): void {
  describe("the runbooks, word for word", () => {
    let backup: string;
    let jobs: string;
    const countJobs = () => get().query("protea", "select count(*) from job");

    beforeAll(() => {
      backup = mkdtempSync(join(tmpdir(), "runbooks-"));
      jobs = countJobs();
    });
    afterAll(() => rmSync(backup, { recursive: true }));

    const before: Record<NonNullable<WordForWord["before"]>, () => void> = {
      "stop the applications": () =>
        succeeded(get().operation("services", "stop", "--system", "protea", "--apps", "1")),
      "copy the dump": () =>
        get().docker(
          "cp",
          join(backup, "protea-today.dump"),
          `${get().container("protea", "postgres")}:/tmp/restore.dump`,
        ),
    };

    test.each(WORD_FOR_WORD)("$command", ({ command, prints, before: first }) => {
      if (first) before[first]();
      const here = command
        .replace(/\b(robotoff_scheduler_1|protea-postgres-1)\b/g, `${get().name}-$1`)
        .replace("http://127.0.0.1:8000", get().url("api of protea", 8000));
      const ran = get().host.shell(`STAMP=today BACKUP=${backup}; ${here}`);
      expect(ran).toMatchObject({ code: 0 });
      if (prints) expect(ran.text).toMatch(prints);
    });

    test("every job is back, and PROTEA works with them", async () => {
      expect(Number(jobs)).toBeGreaterThan(0);
      expect(countJobs()).toBe(jobs);
      succeeded(get().operation("services", "start", "--system", "protea", "--apps", "1"));
      const containers = ["api", "worker-jobs", "frontend"].map((name) => get().container("protea", name));
      await until("the applications are healthy", 120, () =>
        containers.every((name) => get().host.healthOf(name) === "healthy"),
      );
      await until("its queues are consumed", 60, () => get().operation("queues", "--system", "protea").code === 0);
    });
  });
}
