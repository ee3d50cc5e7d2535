// PROTEA's jobs as make jobs and make job show them, and what may be done with one.
import {
  cancelling,
  deleting,
  details,
  eventLines,
  jobId,
  jobRows,
  limitOf,
  statusFilter,
  time,
  type Job,
} from "../../../operations/jobs/rows.ts";
import { FakeDocker } from "../support/fake-docker.ts";

const NOW = Date.parse("2026-11-24T22:00:00Z");
const ID = "6f1c2e9a-0b1d-4c55-9a51-0123456789ab";
const job: Job = {
  id: ID,
  operation: "compute_embeddings",
  queue_name: "protea.embeddings",
  status: "running",
  created_at: "2026-11-24T21:55:00.25+00:00",
  started_at: "2026-11-24T21:55:01+00:00",
  finished_at: null,
  progress_current: 3,
  progress_total: 8,
  error_code: null,
  error_message: null,
};

test("times of both forms", () => {
  const expected = Date.parse("2026-11-24T21:55:00.250Z");
  expect(time("2026-11-24T21:55:00.250000+00:00")).toBe(expected);
  expect(time("2026-11-24 21:55:00.25+00")).toBe(expected);
  expect(time("2026-11-24 23:25:00.25+01:30")).toBe(expected);
});

test.each<[Partial<Job>, Record<string, string>]>([
  [{}, { id: ID, operation: "compute_embeddings", status: "running", queue: "protea.embeddings", age: "4 min" }],
  [{}, { progress: "3/8 (37 %)" }],
  [{ progress_current: null, progress_total: null }, { progress: "-" }],
  [{ progress_current: 5, progress_total: null }, { progress: "5" }],
  [{ progress_current: 0, progress_total: 0 }, { progress: "0" }],
  // Upstream's newer API.
  [{ status: "SUCCEEDED" }, { status: "succeeded" }],
])("a row of a job with %j has %j", (change, expected) => {
  expect(jobRows([{ ...job, ...change }], NOW)[0]).toMatchObject(expected);
});

test("details leave out what there is none of", () => {
  expect(details(job)).toBe(`created   ${job.created_at}\nstarted   ${job.started_at}`);
  expect(details({ ...job, payload: { a: 1 }, error_code: "JobTimeout", error_message: "too long" })).toContain(
    'error     JobTimeout: too long\npayload   {"a":1}',
  );
});

test("events are read from the oldest on", () => {
  const event = { level: "info", message: null, fields: {} };
  const events = [
    { ...event, ts: "2", event: "child.failed", level: "error", message: "no", fields: { batch: 1 } },
    { ...event, ts: "1", event: "job.created" },
  ];
  expect(eventLines(events)).toBe('1  info  job.created\n2  error  child.failed  no  {"batch":1}');
});

test.each([
  ["running", [], "job ID (compute_embeddings, running) will be cancelled; what a worker has at hand"],
  ["queued", ["succeeded"], "job ID (compute_embeddings, queued) will be cancelled; what a worker"],
  ["RUNNING", ["RUNNING", "queued", "failed"], "running) will be cancelled with 2 sub-jobs; what"],
  ["running", ["queued"], "will be cancelled with 1 sub-job; what"],
])("cancelling a %s job with sub-jobs %j", (status, children, expected) => {
  const text = cancelling(
    { ...job, status },
    children.map((each) => ({ ...job, status: each })),
  );
  expect(text.replace(ID, "ID")).toContain(expected);
});

test.each(["succeeded", "failed", "cancelled", "FAILED"])("a %s job is deleted, and not cancelled", (status) => {
  expect(deleting({ ...job, status }, [])).toMatch(/and its events will be deleted for good\.$/);
  expect(deleting({ ...job, status }, [job])).toMatch(/for good; 1 sub-job of it will stay, without it\.$/);
  expect(() => cancelling({ ...job, status }, [])).toThrow("has ended: there is nothing to cancel");
});

test.each(["queued", "running", "QUEUED"])("a %s job is not deleted", (status) => {
  expect(() => deleting({ ...job, status }, [])).toThrow("has not ended; CANCEL=1 cancels it");
});

test.each([undefined, "", "1", `${ID} `, `${ID}/cancel`, ID.slice(1), "../admin/reset-db"])("ID=%s is none", (id) => {
  expect(() => jobId(id)).toThrow(`found ID=${id ?? ""}, expected a job's id as make jobs shows it`);
});

test("filters", () => {
  expect(jobId(ID.toUpperCase())).toBe(ID);
  expect([statusFilter(undefined), statusFilter("FAILED")]).toEqual([undefined, "failed"]);
  expect(() => statusFilter("done")).toThrow("found STATUS=done, expected queued, running, ");
  expect([limitOf(undefined), limitOf("1"), limitOf("500")]).toEqual([50, 1, 500]);
  for (const limit of ["0", "501", "x", "1.5"]) expect(() => limitOf(limit)).toThrow(`found LIMIT=${limit}`);
});

describe("the commands", () => {
  let docker: FakeDocker;
  beforeEach(() => (docker = new FakeDocker()));
  afterEach(() => docker.remove());

  const API = "exec -i protea-api-1 python -";
  const about = (status: string) =>
    docker
      .answer(`${API} GET /jobs/${ID}`, JSON.stringify({ ...job, status }))
      .answer(`${API} GET /jobs?limit=500&parent_job_id=${ID}`, "[]")
      .answer(`${API} GET /jobs/${ID}/events?limit=200`, "[]");

  test("jobs asks the API in its container, and says when there may be more", async () => {
    docker.answer(`${API} GET /jobs?limit=1&status=running`, JSON.stringify([job]));
    const { status, stdout, stderr } = await docker.operation("jobs", "--status", "running", "--limit", "1");
    expect(status).toBe(0);
    expect(stderr).toContain("docker exec -i protea-api-1 python - GET '/jobs?limit=1&status=running' < operations/");
    expect(stdout).toContain(ID);
    expect(stdout).toContain("the 1 newest");
  });

  test("jobs ends with what the API said", async () => {
    docker.answer(`${API} GET /jobs?limit=50`, "PROTEA's API does not answer GET /jobs?limit=50: refused", 1);
    expect(await docker.operation("jobs")).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("does not answer") as string,
    });
    expect(await docker.operation("jobs", "--system", "robotoff")).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("Robotoff has no such jobs") as string,
    });
  });

  test("job cancels, and only when it may", async () => {
    about("running").answer(`${API} POST /jobs/${ID}/cancel`, JSON.stringify({ id: ID, status: "cancelled" }));
    const refused = await docker.operation("job", "--id", ID, "--cancel", "1");
    expect(refused).toMatchObject({ status: 1, stderr: expect.stringContaining("nothing was changed") as string });
    expect(docker.calls).toHaveLength(3);
    expect(await docker.operation("job", "--id", ID, "--cancel", "1", "--yes", "1")).toMatchObject({
      status: 0,
      stdout: expect.stringContaining(`job ${ID} is cancelled`) as string,
    });
    expect((await docker.operation("job", "--id", ID, "--delete", "1", "--yes", "1")).status).toBe(1);
    expect(docker.calls.filter((call) => call.includes("DELETE"))).toEqual([]);
  });

  test("job deletes what has ended", async () => {
    about("failed").answer(`${API} DELETE /jobs/${ID}`, JSON.stringify({ deleted: ID }));
    expect(await docker.operation("job", "--id", ID, "--delete", "1", "--yes", "1")).toMatchObject({
      status: 0,
      stdout: expect.stringContaining(`job ${ID} is deleted`) as string,
    });
    expect(docker.calls.at(-1)).toBe(`${API} DELETE /jobs/${ID}`);
    expect((await docker.operation("job", "--id", ID, "--delete", "1", "--cancel", "1")).status).toBe(1);
  });
});
