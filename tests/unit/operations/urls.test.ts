// `make urls`: what a person opens, and how it is reached on another host.
import { FakeDocker } from "../support/fake-docker.ts";

const docker = new FakeDocker();
afterAll(() => docker.remove());

test("of both systems", async () => {
  const { status, stdout, stderr } = await docker.operation("urls");
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(stdout).toBe(
    [
      "SYSTEM    WHAT                 URL",
      "robotoff  api                  http://127.0.0.1:5500/api/v1/health",
      "protea    RabbitMQ management  http://127.0.0.1:15672/",
      "protea    MinIO console        http://127.0.0.1:9001/",
      "protea    api                  http://127.0.0.1:8000/health/ready",
      "protea    frontend             http://127.0.0.1:3000/",
      "",
    ].join("\n"),
  );
});

test("of another host: how its ports are reached from here", async () => {
  const { stdout } = await docker.operation("urls", "--stack", "staging", "--system", "protea");
  expect(stdout.split("\n\n").at(-1)).toBe(
    "As one on the host calls them; 127.0.0.1 is its own. From here: make open STACK=staging SYSTEM=… SERVICE=…\n" +
      "by hand: ssh -F .local/ssh/10.1.0.200/config -S none -o ExitOnForwardFailure=yes -N -L PORT:127.0.0.1:PORT 10.1.0.200\n",
  );
});
