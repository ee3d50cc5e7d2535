// `make run`: a one-off container like a service's, with another command.
import { oneOff, type Whole } from "../../../operations/run/one-off.ts";
import { FakeDocker } from "../support/fake-docker.ts";
import { committed } from "../support/stack.ts";

const [robotoff, protea] = committed("local").systems;
const service = (system: typeof robotoff, name: string) => system!.services.find((one) => one.name === name)!;

const data = { Type: "volume", Source: "robotoff_data", Target: "/opt/robotoff/data" };
const models = { Type: "bind", Source: "/srv/models", Target: "/models", ReadOnly: true };
const worker: Whole = {
  Image: "sha256:abc",
  State: { Running: true },
  Config: {
    Hostname: "0a1b2c",
    Domainname: "",
    ExposedPorts: { "5500/tcp": {} },
    Image: "robotoff:1",
    Entrypoint: ["/docker-entrypoint.sh"],
    Cmd: ["python", "-m", "robotoff", "run-worker"],
    Env: ["POSTGRES_PASSWORD=of\nlines", "LOG_LEVEL=INFO"],
    Healthcheck: { Test: ["CMD", "true"] },
    User: "off",
    Labels: {
      "robotoff-protea.stack": "local",
      "com.docker.compose.service": "worker-1",
      "com.docker.compose.oneoff": "False",
    },
  },
  HostConfig: {
    Binds: null,
    Memory: 268435456,
    PortBindings: { "5500/tcp": [{ HostIp: "127.0.0.1", HostPort: "5500" }] },
    PublishAllPorts: true,
    RestartPolicy: { Name: "unless-stopped", MaximumRetryCount: 0 },
    AutoRemove: false,
    Mounts: [data, models],
  },
  NetworkSettings: { Networks: { robotoff_default: { Aliases: ["worker-1"] }, po_webnet: {} } },
};

const expected = (terminal: boolean) => ({
  Image: "sha256:abc",
  Entrypoint: ["/docker-entrypoint.sh"],
  Cmd: ["rq", "info"],
  Env: ["POSTGRES_PASSWORD=of\nlines", "LOG_LEVEL=INFO"],
  User: "off",
  AttachStdin: true,
  AttachStdout: true,
  AttachStderr: true,
  OpenStdin: true,
  StdinOnce: true,
  Tty: terminal,
  Healthcheck: { Test: ["NONE"] },
  Labels: {
    "robotoff-protea.stack": "local",
    "com.docker.compose.service": "worker-1",
    "com.docker.compose.oneoff": "True",
  },
  HostConfig: {
    Binds: null,
    Memory: 268435456,
    PortBindings: {},
    PublishAllPorts: false,
    RestartPolicy: { Name: "no", MaximumRetryCount: 0 },
    AutoRemove: true,
    Mounts: [data, models],
  },
  NetworkingConfig: { EndpointsConfig: { robotoff_default: {}, po_webnet: {} } },
});

test.each([true, false])("all of it, with a terminal: %s", (terminal) => {
  expect(oneOff(service(robotoff, "worker-1"), worker, ["rq", "info"], terminal)).toEqual(expected(terminal));
});

test.each(["postgres", "rabbitmq", "minio"])("%s: no one-off gets a mount of a server that can be written", (name) => {
  const server = { ...worker, HostConfig: { ...worker.HostConfig, Binds: ["/srv/data:/data"] } };
  const { HostConfig } = oneOff(service(protea, name), server, ["sh"], false);
  expect(HostConfig).toMatchObject({ Binds: [], Mounts: [models] });
});

test("a container without mounts and labels", () => {
  const bare = { ...worker, Config: { ...worker.Config, Labels: null }, HostConfig: { Mounts: null } };
  const body = oneOff(service(protea, "postgres"), bare, ["sh"], false);
  expect(body.HostConfig).toMatchObject({ Mounts: [] });
  expect(body.Labels).toEqual({ "com.docker.compose.oneoff": "True" });
});

describe("the verb", () => {
  let docker: FakeDocker;
  beforeEach(() => {
    docker = new FakeDocker();
  });
  afterEach(() => docker.remove());
  const response = (status: string, body: object) => {
    const text = JSON.stringify(body);
    return `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\n\r\n${text}`;
  };
  const words = ["--system", "robotoff", "--service", "worker-1", "--", "rq", "info"];
  const inspect = "container inspect robotoff_worker-1_1";

  test("posts what it makes, without a secret on a command line", async () => {
    docker.answer(inspect, JSON.stringify([worker]));
    docker.answer("system dial-stdio", response("409 Conflict", { message: "the name is in use" }));
    const { status, stderr } = await docker.operation("run", ...words);
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /^robotoff_worker-1_run_[0-9a-f]{12}: as worker-1, no ports, removed afterwards: rq info\nthe name is in use\n$/,
    );
    expect(docker.calls).toEqual([inspect, "system dial-stdio"]);
    const [line, body] = docker.requests.split("\n", 2);
    expect(line).toMatch(/^POST \/containers\/create\?name=robotoff_worker-1_run_[0-9a-f]{12} HTTP\/1.1\r$/);
    expect(JSON.parse(body!)).toEqual(expected(false));
  });

  test("an engine that does not answer: docker's own message", async () => {
    docker.answer(inspect, JSON.stringify([worker]));
    docker.answer("system dial-stdio", "Cannot connect to the Docker daemon", 1);
    expect((await docker.operation("run", ...words)).stderr).toContain("\nCannot connect to the Docker daemon\n");
  });

  test("no container to be like", async () => {
    docker.answer(inspect, "Error: No such container: robotoff_worker-1_1", 1);
    const { status, stderr } = await docker.operation("run", ...words);
    expect(status).toBe(1);
    expect(stderr).toContain("worker-1 has no container to be like: Error: No such container");
  });

  test.each([[["--service", "worker-1"]], [["--", "rq", "info"]]])("%j: says what it expects", async (incomplete) => {
    expect(await docker.operation("run", ...incomplete)).toMatchObject({
      status: 1,
      stderr: "expected, for instance, make run SYSTEM=robotoff SERVICE=worker-1 CMD='rq info'\n",
    });
  });
});
