// What make db and make db-clean ask of PostgreSQL, and what is made of the answer.
import { readFileSync } from "node:fs";
import { interval, planRows, question, readPlan } from "../../../operations/database/cleaning.ts";
import { psqlArguments } from "../../../operations/database/psql.ts";
import { FakeDocker } from "../support/fake-docker.ts";
import { committed } from "../support/stack.ts";

const psql = (container: string, user: string, database: string) =>
  `exec -i ${container} psql -Xq -U ${user} -d ${database} -v ON_ERROR_STOP=1`;
const ROBOTOFF = psql("robotoff_postgres_1", "postgres", "robotoff");
const PROTEA = psql("protea-postgres-1", "protea", "protea");
const CUTOFF = "2026-10-25 22:00:00.5+00";

test("psql runs in the container, as its user, and is given values as variables", () => {
  const [robotoff, protea] = committed("local").systems;
  expect(psqlArguments(robotoff!, {}).join(" ")).toBe(ROBOTOFF);
  expect(psqlArguments(protea!, { cutoff: CUTOFF, batch: 5 })).toEqual([
    ...PROTEA.split(" "),
    "-v",
    `cutoff=${CUTOFF}`,
    "-v",
    "batch=5",
  ]);
});

test("every variable of a file is quoted by psql", () => {
  for (const name of ["clean-plan", "clean-job_event", "clean-job"]) {
    const text = readFileSync(`operations/database/${name}.sql`, "utf8").replace(/^--.*$/gm, "");
    expect(text.match(/(?<!:):'?[a-z]+'?/g)!.filter((variable) => !/^:'[a-z]+'$/.test(variable))).toEqual([]);
  }
});

test.each([
  ["72h", "72 hours"],
  ["30d", "30 days"],
  ["8w", "8 weeks"],
])("OLDER=%s is %s", (older, expected) => {
  expect(interval(older)).toBe(expected);
});

test.each([undefined, "", "30", "0d", "-1d", "1.5d", "30 days", "30d'; drop table job", "99999d", "30m", "x30d"])(
  "OLDER=%s is refused",
  (older) => {
    expect(() => interval(older)).toThrow(
      `found OLDER=${older ?? ""}, expected an age in hours, days or weeks: 72h, 30d, 8w`,
    );
  },
);

const lines = (...rows: string[][]) => rows.map((row) => `${row.join("\t")}\n`).join("");
const PLAN = lines(
  ["cutoff", CUTOFF],
  ["goes", "job_event", "12"],
  ["goes", "job", "3"],
  ["goes", "job_comment", "0"],
  ["loses", "dataset.job_id", "2"],
);

test("a plan is shown by table, and asked about with what goes", () => {
  const plan = readPlan(PLAN);
  expect(planRows(plan)).toEqual([
    { table: "job_event", rows: "12", what: "deleted" },
    { table: "job", rows: "3", what: "deleted" },
    { table: "job_comment", rows: "0", what: "deleted with their job" },
    { table: "dataset.job_id", rows: "2", what: "stay, without their job" },
  ]);
  expect(question(plan)).toBe(
    `12 rows of job_event, 3 rows of job, from before ${CUTOFF}, will be deleted for good; only a backup has them then.`,
  );
});

test("nothing to delete is nothing to ask", () => {
  expect(question(readPlan(lines(["cutoff", CUTOFF], ["goes", "job", "0"], ["loses", "x.y", "0"])))).toBeUndefined();
});

test("rows that hold a job are named before anything is deleted; none of them is no problem", () => {
  expect(readPlan(PLAN + lines(["holds", "run.job_id", "0"])).goes).toMatchObject({ job: 3 });
  expect(() => readPlan(PLAN + lines(["holds", "run.job_id", "4"]))).toThrow(
    "nothing was changed: 4 rows of run.job_id refer to jobs that would go",
  );
});

test.each(["", "NOTICE: hm", lines(["goes", "job", "3"]), lines(["cutoff", CUTOFF], ["goes", "job", "many"])])(
  "what is no plan is refused: %j",
  (output) => {
    expect(() => readPlan(output)).toThrow(/^psql printed/);
  },
);

describe("the commands", () => {
  let docker: FakeDocker;
  beforeEach(() => (docker = new FakeDocker()));
  afterEach(() => docker.remove());

  const DAYS = `${PROTEA} -v older=30 days`;
  const batch = (after: string) => `${PROTEA} -v cutoff=${CUTOFF} -v batch=10000 -v after=${after}`;
  const CHECKPOINT = "exec -i -u root protea-postgres-backup-1 sh -s -- before db-clean";
  const clean = ["--system", "protea", "--older", "30d"];

  test("db asks both systems, or the one that is named, and shows the call", async () => {
    docker.answer(ROBOTOFF, "of robotoff").answer(PROTEA, "of protea");
    expect(await docker.operation("db")).toMatchObject({
      status: 0,
      stdout: "--- robotoff\nof robotoff\n--- protea\nof protea\n",
      stderr: [ROBOTOFF, PROTEA].map((call) => `docker ${call} < operations/database/sizes.sql\n`).join(""),
    });
    expect((await docker.operation("db", "--system", "protea")).stdout).not.toContain("robotoff");
  });

  test("db-clean deletes nothing when no checkpoint can be set before", async () => {
    docker.answer(DAYS, PLAN).answer(CHECKPOINT, "Error response from daemon: No such container", 1);
    const { status, stderr } = await docker.operation("db-clean", ...clean, "--yes", "1");
    expect([status, stderr]).toEqual([
      1,
      expect.stringContaining("protea: Error response from daemon: No such container"),
    ]);
    expect(docker.calls).toHaveLength(2);
  });

  test("db ends with what docker says of a server that is down", async () => {
    docker.answer(PROTEA, "Error response from daemon: container abc is not running", 1);
    const { status, stderr } = await docker.operation("db", "--system", "protea");
    expect(status).toBe(1);
    expect(stderr).toMatch(/\nError response from daemon: container abc is not running\nmake status shows .*\n$/);
  });

  test("db-clean deletes in batches, events first, and goes on after the last one's id", async () => {
    docker.answer(DAYS, PLAN).answer(batch("0"), "3\t77").answer(batch("77"), "0\t0");
    docker.answer(CHECKPOINT, "before-db-clean-20261125T030000Z 2026-11-25T03:00:00.5Z\n");
    const { status, stdout, stderr } = await docker.operation("db-clean", ...clean, "--yes", "1");
    expect(status).toBe(0);
    expect(stdout).toContain("protea: checkpoint before-db-clean-20261125T030000Z 2026-11-25T03:00:00.5Z\n");
    expect(stdout).toContain("job_event       12    deleted\n");
    expect(stdout).toContain("job_event: 3 deleted\n");
    expect(stdout).toContain("job: 3 deleted\n");
    expect(docker.calls).toEqual([DAYS, CHECKPOINT, batch("0"), batch("77"), batch("0"), batch("77")]);
    expect(stderr.match(/clean-\w+/g)).toEqual(["clean-plan", "clean-job_event", "clean-job"]);
  });

  test("db-clean deletes nothing where nobody can be asked", async () => {
    docker.answer(DAYS, PLAN);
    const { status, stdout, stderr } = await docker.operation("db-clean", ...clean);
    expect(status).toBe(1);
    expect(stdout).toContain("12 rows of job_event");
    expect(stderr).toContain("nothing was changed");
    expect(docker.calls).toEqual([DAYS]);
  });

  test("db-clean has nothing to ask when nothing is old enough", async () => {
    docker.answer(DAYS, lines(["cutoff", CUTOFF], ["goes", "job_event", "0"], ["goes", "job", "0"]));
    expect(await docker.operation("db-clean", ...clean)).toMatchObject({
      status: 0,
      stdout: expect.stringContaining(`nothing is from before ${CUTOFF}`) as string,
    });
    expect(docker.calls).toEqual([DAYS]);
  });

  test("db-clean refuses Robotoff, and an age that is none, before docker is asked", async () => {
    expect(await docker.operation("db-clean", "--system", "robotoff", "--older", "30d")).toMatchObject({
      status: 1,
      stderr: "the runbooks have nothing to clean in Robotoff's database; expected SYSTEM=protea\n",
    });
    expect(await docker.operation("db-clean", "--system", "protea")).toMatchObject({ status: 1 });
  });
});
