/** The script that limits the processes of containers. */
import { FakeDocker } from "../support/fake-docker.ts";

let docker: FakeDocker;
beforeEach(() => {
  docker = new FakeDocker().answer("update --pids-limit 512 a b", "a\nb\n");
});
afterEach(() => docker.remove());

test("each limit is one call, for all containers that have it", () => {
  docker.answer("update --pids-limit 64 c", "c\n");
  expect(docker.run("pids-limit", "512:a,b", "64:c")).toEqual({ status: 0, stdout: "", stderr: "" });
  expect(docker.calls).toEqual(["update --pids-limit 512 a b", "update --pids-limit 64 c"]);
});

test("a limit that cannot be set stops the deployment in docker's words", () => {
  docker.answer("update --pids-limit 64 c", "no such container\n", 1);
  expect(docker.run("pids-limit", "64:c", "512:a,b")).toEqual({ status: 1, stdout: "", stderr: "no such container\n" });
  expect(docker.calls).toEqual(["update --pids-limit 64 c"]);
});
