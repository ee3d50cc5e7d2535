/** The script that limits the processes of containers. */
import { FakeDocker } from "../support/fake-docker.ts";

const LISTED = "container ls --all --format {{.Names}}";
let docker: FakeDocker;
beforeEach(() => {
  docker = new FakeDocker().answer(LISTED, "a\nb\nc\nabc\n").answer("update --pids-limit 512 a b", "a\nb\n");
});
afterEach(() => docker.remove());

test("each limit is one call, for all containers that have it", () => {
  docker.answer("update --pids-limit 64 c", "c\n");
  expect(docker.run("pids-limit", "512:a,b", "64:c")).toEqual({ status: 0, stdout: "", stderr: "" });
  expect(docker.calls).toEqual([LISTED, "update --pids-limit 512 a b", "update --pids-limit 64 c"]);
});

test("a limit that cannot be set stops the deployment in docker's words", () => {
  docker.answer("update --pids-limit 64 c", "no such container\n", 1);
  expect(docker.run("pids-limit", "64:c", "512:a,b")).toEqual({ status: 1, stdout: "", stderr: "no such container\n" });
  expect(docker.calls).toEqual([LISTED, "update --pids-limit 64 c"]);
});

test("a job that has ended, and that a prune took away, needs no limit; an engine that does not answer is no empty one", () => {
  docker.answer(LISTED, "b\nabc\n").answer("update --pids-limit 512 b", "b\n");
  expect(docker.run("pids-limit", "512:a,b", "64:c")).toEqual({ status: 0, stdout: "", stderr: "" });
  expect(docker.calls).toEqual([LISTED, "update --pids-limit 512 b"]);
  docker.answer(LISTED, "no engine\n", 1);
  expect(docker.run("pids-limit", "512:b").status).toBe(1);
});
