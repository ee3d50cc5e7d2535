/** The script that runs a job's container, run by sh. */
import { jobScript } from "../../../components/job-script.ts";
import { FakeDocker, syntaxOf } from "../support/fake-docker.ts";

const script = jobScript("protea-migrate-1");
let docker: FakeDocker;
beforeEach(() => {
  docker = new FakeDocker().answer("start protea-migrate-1", "protea-migrate-1\n");
});
afterEach(() => docker.remove());

test("sh can read it", () => {
  expect(syntaxOf(script)).toBe("");
});

test("a job that ends well says nothing", () => {
  docker.answer("wait protea-migrate-1", "0\n");
  expect(docker.run(script)).toEqual({ status: 0, stdout: "", stderr: "" });
  expect(docker.calls).toEqual(["start protea-migrate-1", "wait protea-migrate-1"]);
});

test("a job that fails stops the deployment with its last log lines, each cut to 1000 characters", () => {
  docker.answer("wait protea-migrate-1", "3\n");
  docker.answer("logs --tail 20 protea-migrate-1", `Traceback\n${"x".repeat(5_000)}\nno such table\n`);
  expect(docker.run(script)).toEqual({
    status: 1,
    stdout: "",
    stderr:
      "job protea-migrate-1 failed with exit code 3; its last log lines:\n" +
      `Traceback\n${"x".repeat(1_000)}\nno such table\n`,
  });
});

test("a container that cannot be started or waited for is a failure", () => {
  docker.answer("start protea-migrate-1", "", 1);
  const { status, stderr } = docker.run(script);
  expect(status).toBe(1);
  expect(stderr).toContain("job protea-migrate-1 failed");
});
