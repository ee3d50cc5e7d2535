/** The script that runs a job's container. */
import { FakeDocker } from "../support/fake-docker.ts";

let docker: FakeDocker;
beforeEach(() => {
  docker = new FakeDocker().answer("start protea-migrate-1", "protea-migrate-1\n");
});
afterEach(() => docker.remove());

const run = () => docker.run("job", "protea-migrate-1");

test("a job that ends well says nothing", () => {
  docker.answer("wait protea-migrate-1", "0\n");
  expect(run()).toEqual({ status: 0, stdout: "", stderr: "" });
  expect(docker.calls).toEqual(["start protea-migrate-1", "wait protea-migrate-1"]);
});

test("a job that fails stops the deployment with its last log lines, each cut to 1000 characters", () => {
  docker.answer("wait protea-migrate-1", "3\n");
  docker.answer("logs --tail 20 protea-migrate-1", `Traceback\n${"x".repeat(5_000)}\nno such table\n`);
  expect(run()).toEqual({
    status: 1,
    stdout: "",
    stderr:
      "job protea-migrate-1 failed with exit code 3; its last log lines:\n" +
      `Traceback\n${"x".repeat(1_000)}\nno such table\n`,
  });
});

test("a container that cannot be started is a failure in docker's words, and not waited for", () => {
  docker.answer("start protea-migrate-1", "no such container\n", 1);
  expect(run()).toEqual({ status: 1, stdout: "", stderr: "no such container\n" });
  expect(docker.calls).toEqual(["start protea-migrate-1"]);
});

test("a container that cannot be waited for is a failure", () => {
  docker.answer("wait protea-migrate-1", "the daemon is gone\n", 1);
  expect(run()).toEqual({ status: 1, stdout: "", stderr: "the daemon is gone\n" });
});

test("before a migration a checkpoint is set; where it cannot be, the job is not started", () => {
  const set = "exec -i -u root protea-postgres-backup-1 sh -s -- before migration";
  const migrate = () => docker.run("job", "protea-migrate-1", "protea-postgres-backup-1", "vault.sh");
  docker.answer(set, "before-migration-20261125T030000Z 2026-11-25T03:00:00Z\n").answer("wait protea-migrate-1", "0\n");
  expect(migrate()).toMatchObject({
    status: 0,
    stdout: "",
    stderr: expect.stringMatching(/^before-migration-/) as string,
  });
  expect(docker.calls).toEqual([set, "start protea-migrate-1", "wait protea-migrate-1"]);
  docker.answer(set, "psql: no such server\n", 1);
  expect(migrate()).toMatchObject({
    status: 1,
    stderr:
      "psql: no such server\njob protea-migrate-1 was not started: no checkpoint could be set before it; see above\n",
  });
  expect(docker.calls.slice(3)).toEqual([set]);
});
