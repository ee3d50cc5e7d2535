/** The checks of a host, run by sh with a docker that answers as the test says. */
import { createServer, type AddressInfo } from "node:net";
import { preflightScript } from "../../../components/preflight.ts";
import type { System } from "../../../systems/description.ts";
import { service } from "../../../systems/service.ts";
import { FakeDocker, syntaxOf } from "../support/fake-docker.ts";
import { committed, STACKS } from "../support/stack.ts";

const IMAGE = "robotoff-protea/redis:0123456789ab";
const system = (port: number): System => ({
  name: "robotoff",
  project: "robotoff",
  separator: "_",
  services: [
    service({
      name: "redis",
      image: IMAGE,
      ports: [{ address: "127.0.0.1", host: port, container: 6379, protocol: "tcp" }],
      externalNetworks: ["po_webnet"],
    }),
    service({ name: "worker", image: IMAGE, replicas: 2, externalNetworks: ["po_webnet"] }),
  ],
  volumes: [
    { name: "backup", dockerName: "robotoff_backup", external: true },
    { name: "tmp", dockerName: "robotoff_tmp", external: false },
  ],
});

/** A port that nothing listens on: just closed. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const HEAD = "checks of robotoff, before any change, found:";
const ALL = 'ps --all --format {{.Names}} {{.Label "robotoff-protea.stack"}}';
const list = (kind: string) => `${kind} ls --format {{.Name}} {{.Label "robotoff-protea.stack"}}`;
const PS = (port: number) =>
  `ps --filter publish=${port}/tcp --format {{.Names}} {{.Label "com.docker.compose.project"}}`;

let docker: FakeDocker;
let port = 0;
beforeEach(async () => {
  port = await freePort();
  docker = new FakeDocker()
    .answer("version --format {{.Server.APIVersion}}", "1.47\n")
    .answer("volume inspect robotoff_backup")
    .answer("network inspect po_webnet")
    .answer(`image inspect ${IMAGE}`)
    .answer(ALL, "redis \n")
    .answer(PS(port));
});
afterEach(() => docker.remove());

const run = (...args: string[]) =>
  docker.run(preflightScript(system(port), "local", [IMAGE]), "checks of robotoff", ...args);
const found = (...problems: string[]) => ({
  status: 1,
  stdout: "",
  stderr: `${HEAD}\n${problems.map((problem) => `  ${problem}\n`).join("")}`,
});

test.each(STACKS)("sh can read the scripts of %s", (stack) => {
  for (const one of committed(stack).systems) expect(syntaxOf(preflightScript(one, stack, [IMAGE]))).toBe("");
});

test("nothing wrong: nothing said, and nothing but questions asked", () => {
  expect(run()).toEqual({ status: 0, stdout: "", stderr: "" });
  expect(docker.calls.filter((call) => !/^(version|ps|(volume|network|image) (inspect|ls)) /.test(call))).toEqual([]);
});

test("an engine that does not answer ends the checks at once", () => {
  docker.answer("version --format {{.Server.APIVersion}}", "Cannot connect to the Docker daemon at unix:///x.\n", 1);
  expect(run()).toEqual({
    status: 1,
    stdout: "",
    stderr:
      "checks, before any change: the Docker engine does not answer: Cannot connect to the Docker daemon at unix:///x.\n",
  });
});

test.each<[string, boolean]>([
  ["1.43", false],
  ["1.44", true],
  ["1.100", true],
  ["2.0", true],
])("Docker API %s is new enough: %s", (api, enough) => {
  docker.answer("version --format {{.Server.APIVersion}}", `${api}\n`);
  const problem = found(`Docker API ${api}; expected 1.44 or later (Engine 25)`);
  expect(run()).toEqual(enough ? { status: 0, stdout: "", stderr: "" } : problem);
});

test("an external volume, an external network and a local image that are missing", () => {
  docker.answer("volume inspect robotoff_backup", "", 1).answer("network inspect po_webnet", "", 1);
  docker.answer(`image inspect ${IMAGE}`, "", 1);
  expect(run()).toEqual(
    found(
      "the volume robotoff_backup does not exist; it is declared external: create it, or correct the stack file",
      "the network po_webnet does not exist; it is declared external: create it, or correct the stack file",
      `the image ${IMAGE} is not on this engine; make setup builds it`,
    ),
  );
});

test("a container of that name, made by this stack: fine", () => {
  docker.answer(ALL, "other local\nrobotoff_worker_2 local\n");
  expect(run()).toEqual({ status: 0, stdout: "", stderr: "" });
});

test.each(["staging", ""])("a container of that name, whose stack is %j", (owner) => {
  docker.answer(ALL, `robotoff_worker_2 ${owner}\n`);
  expect(run()).toEqual(
    found(
      "a container robotoff_worker_2 exists that this stack did not make; " +
        "rename or remove it, or change the project name",
    ),
  );
});

test("containers of that name and this stack, but the state knows of nothing yet", () => {
  docker.answer(ALL, "other local\nrobotoff_worker_1 local\nrobotoff_worker_2 local\n");
  expect(run("first")).toEqual(
    found(
      "containers of a stack local exist that this one's state does not know: work where they were made (another checkout? " +
        "another person?), or remove them there with make destroy: robotoff_worker_1 robotoff_worker_2",
    ),
  );
});

test("a volume and a network of that name, made by this stack: fine, also when the state is new", () => {
  docker
    .answer(list("volume"), "robotoff_tmp local\nrobotoff_backup \n")
    .answer(list("network"), "robotoff_default local\n");
  expect(run("first")).toEqual({ status: 0, stdout: "", stderr: "" });
});

test.each(["staging", ""])("a volume and a network of that name, whose stack is %j: never taken over", (owner) => {
  docker.answer(list("volume"), `robotoff_tmp ${owner}\n`).answer(list("network"), `robotoff_default ${owner}\n`);
  expect(run()).toEqual(
    found(
      "a network robotoff_default exists that this stack did not make; remove it, or change the project name",
      "a volume robotoff_tmp exists that this stack did not make; declare robotoff:volumes.tmp external to use its data, " +
        "or change the project name",
    ),
  );
});

test("a host port of this system's own container: fine", () => {
  docker.answer(PS(port), "robotoff_redis_1 robotoff\n");
  expect(run()).toEqual({ status: 0, stdout: "", stderr: "" });
});

test.each(["web other\n", "web \n"])("a host port of another's container (%j)", (line) => {
  docker.answer(PS(port), line);
  const { status, stderr } = run();
  expect({ status, stderr: stderr.trimEnd() }).toEqual({
    status: 1,
    stderr: `${HEAD}\n  host port 127.0.0.1:${port} is taken by the container web`,
  });
});

test("a host port of a process", async () => {
  const server = createServer().listen(port, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  try {
    expect(run()).toEqual(
      found(`host port 127.0.0.1:${port} is taken by a process of the host (ss -lnp 'sport = :${port}' names it)`),
    );
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
});

test("a process on the same port of another address is in nobody's way", async () => {
  const server = createServer().listen(port, "127.0.0.2");
  await new Promise((resolve) => server.once("listening", resolve));
  try {
    expect(run()).toEqual({ status: 0, stdout: "", stderr: "" });
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
});

test("everything wrong is said at once", () => {
  docker.answer("version --format {{.Server.APIVersion}}", "1.40\n").answer("volume inspect robotoff_backup", "", 1);
  docker.answer(ALL, "robotoff_redis_1 \n").answer(PS(port), "web other\n");
  expect(run().stderr.trim().split("\n")).toEqual([
    HEAD,
    "  Docker API 1.40; expected 1.44 or later (Engine 25)",
    expect.stringContaining("the volume robotoff_backup does not exist"),
    expect.stringContaining("a container robotoff_redis_1 exists"),
    expect.stringContaining("is taken by the container web"),
  ]);
});
