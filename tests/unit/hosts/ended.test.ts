/** What is told of a command that failed: its own words, whatever Node thinks of it. */
import { spawnSync } from "node:child_process";
import { ended } from "../../../hosts/docker.ts";
import { FakeDocker } from "../support/fake-docker.ts";

const run = (command: string, ...args: string[]) =>
  ended(command, spawnSync(command, args, { input: "x".repeat(2 ** 20), encoding: "utf8" }));

test("a command that does not read its input has said itself why", () => {
  expect(run("sh", "-c", "echo is not running >&2; exit 3")).toEqual({
    code: 3,
    stdout: "",
    stderr: "is not running\n",
  });
  expect(run("sh", "-c", "echo done")).toEqual({ code: 0, stdout: "done\n", stderr: "" });
});

test("one that cannot be run, or is killed", () => {
  expect(run("no-such-program")).toEqual({
    code: 1,
    stdout: "",
    stderr: "no-such-program: spawnSync no-such-program ENOENT",
  });
  expect(run("sh", "-c", "cat > /dev/null; kill -9 $$")).toEqual({ code: 1, stdout: "", stderr: "" });
});

test("an engine that hangs is not waited for for ever", async () => {
  const docker = new FakeDocker().program("docker", "exec sleep 60");
  process.env.DOCKER_CLIENT_TIMEOUT = "0.2";
  try {
    const { status, stderr } = await docker.operation("status", "--stack", "local");
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: expect.stringContaining("docker container inspect: the engine does not answer within 0.2 s") as string,
    });
  } finally {
    delete process.env.DOCKER_CLIENT_TIMEOUT;
    docker.remove();
  }
});
