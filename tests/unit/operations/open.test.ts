// `make open`: what of a service can be called, and the tunnel to another host's.
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { forward, openings, refuseOthers } from "../../../operations/open/opening.ts";
import type { ServiceSpec } from "../../../systems/spec.ts";
import { FakeDocker } from "../support/fake-docker.ts";
import { committed } from "../support/stack.ts";

const [robotoff, protea] = committed("local").systems;
const named = (name: string) => protea!.services.find((service) => service.name === name)!;

let docker: FakeDocker;
beforeEach(() => (docker = new FakeDocker()));
afterEach(() => docker.remove());

const container = (name: string, Status: string) =>
  JSON.stringify([
    {
      Id: "1",
      Name: `/${name}`,
      Image: "sha256:1",
      State: { Status, ExitCode: 0, StartedAt: "2026-11-24T12:00:00Z", FinishedAt: "2026-11-24T12:00:00Z" },
      Config: { Image: "a", Labels: { "robotoff-protea.stack": "local" } },
      NetworkSettings: { Ports: {} },
    },
  ]);

describe("what can be opened", () => {
  test("each URL, and each port without one; by this machine's ports where they are others", () => {
    const rabbitmq = named("rabbitmq");
    expect(openings(rabbitmq)).toEqual(["http://127.0.0.1:15672/", "127.0.0.1:5672 (its port 5672)"]);
    const ways = rabbitmq.ports.map((port, n) => ({ port, here: 40_000 + n }));
    expect(openings(rabbitmq, ways)).toEqual(["http://127.0.0.1:40001/", "127.0.0.1:40000 (its port 5672)"]);
    expect(ways.map(forward)).toEqual(["40000:127.0.0.1:5672", "40001:127.0.0.1:15672"]);
  });

  test("what is published on the host's own address is called there, by the host", () => {
    const [port] = committed("staging").systems[0]!.services.find(({ name }) => name === "api")!.ports;
    expect(forward({ port: port!, here: 5_500 })).toBe("5500:10.1.0.200:5500");
  });

  const change = (replicas: number, protocol: "tcp" | "udp") => ({
    ...protea!,
    services: protea!.services.map((one): ServiceSpec => ({
      ...one,
      replicas: one.name === "frontend" ? replicas : 0,
      ports: one.ports.map((port) => ({ ...port, protocol })),
    })),
  });
  test("anything else is refused with the names of what can be", () => {
    expect(() => refuseOthers([change(1, "tcp")], "frontend")).not.toThrow();
    for (const [replicas, protocol] of [
      [0, "tcp"],
      [1, "udp"],
    ] as const)
      // prettier-ignore
      expect(() => refuseOthers([change(replicas, protocol)], "frontend")).toThrow(
        new Error("found SERVICE=frontend, expected one that publishes a port (services.NAME.ports):\n  protea: nothing"),
      );
    const all = "  robotoff: postgres, redis, triton, api\n  protea: postgres, rabbitmq, minio, api, frontend";
    expect(() => refuseOthers([robotoff!, protea!], undefined)).toThrow(`found SERVICE=, expected one that`);
    expect(() => refuseOthers([robotoff!, protea!], "worker-ping")).toThrow(all);
  });
});

test("of this machine: the URL, when it runs", async () => {
  docker.answer("container inspect protea-frontend-1", container("protea-frontend-1", "running"));
  expect(await docker.operation("open", "--service", "frontend")).toEqual({
    ...{ status: 0, stderr: "" },
    stdout: "http://127.0.0.1:3000/\n",
  });
  docker.answer("container inspect protea-frontend-1", container("protea-frontend-1", "exited"));
  const { status, stdout, stderr } = await docker.operation("open", "--service", "frontend");
  expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
  expect(stderr).toBe(
    "1 of 1 container not as declared; exited: protea-frontend-1. make start starts what was stopped, make why says more\n",
  );
});

test("a name that both systems have needs SYSTEM=", async () => {
  expect((await docker.operation("open", "--service", "api")).stderr).toContain("both systems have a service");
});

describe("of another host", () => {
  const open = () => docker.operation("open", "--stack", "staging", "--system", "protea", "--service", "frontend");
  /** An ssh that answers for docker there, and holds what it is asked for until it is ended, or until something has called. */
  const ssh = (called: string) =>
    docker.program(
      "ssh",
      `case "$*" in
*"docker container inspect"*) cat <<'JSON'\n${container("protea-frontend-1", "running")}\nJSON\n;;
*) for word; do last=$before before=$word; [ "$last" != -L ] || port=\${word%%:*}; done
  echo "$*" >"${docker.folder}/asked"
  exec "${process.execPath}" -e 'const [port, folder] = process.argv.slice(1); setTimeout(() => process.exit(9), 60000);
    require("net").createServer(() => { require("fs").writeFileSync(folder + "/called", ""); ${called} }).listen(port, "127.0.0.1")' "$port" "${docker.folder}" ;;
esac`,
    );

  test("a tunnel that is told when it is there, and ends with Ctrl-C", async () => {
    ssh("");
    const opened = open();
    while (!existsSync(join(docker.folder, "called"))) await pause(50);
    process.emit("SIGINT");
    const { status, stdout, stderr } = await opened;
    expect(status).toBe(0);
    const [, here] = /^http:\/\/127\.0\.0\.1:(\d+)\/\nuntil Ctrl-C\n$/.exec(stdout)!;
    expect(stderr).toBe(
      "ssh -F .local/ssh/10.1.0.200/config -S none -o ExitOnForwardFailure=yes -N " +
        `-L ${here}:127.0.0.1:3000 10.1.0.200\n`,
    );
  });

  test("one that ends by itself is a failure", async () => {
    ssh("process.exit(255)");
    expect((await open()).status).toBe(255);
    ssh("process.exit(0)");
    expect((await open()).status).toBe(1);
  });

  test("where the port's number is taken here, another leads there", async () => {
    ssh("process.exit(255)");
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(3000, "127.0.0.1", resolve).on("error", () => resolve()));
    try {
      const { stderr } = await open();
      expect(stderr).toMatch(/-L \d+:127\.0\.0\.1:3000/);
      expect(stderr).not.toContain("-L 3000:");
    } finally {
      server.close();
    }
  });
});
