/** The checks of a host, run by sh with a docker that answers as the test says. */
import { createSocket } from "node:dgram";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { check, checksOf, preparations } from "../../../hosts/checks.ts";
import { serviceSpec } from "../../../systems/service-spec.ts";
import type { ServiceSpec, SystemSpec } from "../../../systems/spec.ts";
import { committed } from "../support/stack.ts";
import { ASKED, CheckedHost, FINE, found, GIB, HEAD } from "../support/checked-host.ts";

const IMAGE = "robotoff-protea/redis:0123456789ab";
const folder = mkdtempSync(`${tmpdir()}/checks-`);
afterAll(() => rmSync(folder, { recursive: true }));

const system = (change: Partial<ServiceSpec>): SystemSpec => ({
  name: "robotoff",
  project: "robotoff",
  separator: "_",
  services: [
    serviceSpec({
      name: "redis",
      path: "robotoff:services.redis",
      image: IMAGE,
      externalNetworks: ["po_webnet"],
      mounts: [{ source: folder, target: "/folder", readOnly: false }],
      ...change,
    }),
    serviceSpec({ name: "worker", image: IMAGE, replicas: 2, externalNetworks: ["po_webnet"] }),
    serviceSpec({ name: "off", image: "robotoff-protea/none:0", replicas: 0, externalNetworks: ["none"], gpus: "all" }),
  ],
  volumes: [
    { name: "backup", dockerName: "robotoff_backup", external: true },
    { name: "tmp", dockerName: "robotoff_tmp", external: false },
  ],
});

let docker: CheckedHost;
beforeEach(() => {
  docker = new CheckedHost()
    .answer(ASKED.containers, "redis - - 6379/tcp\n")
    .answer(ASKED.networks, "po_webnet - other\n")
    .answer(ASKED.volumes, "robotoff_backup - robotoff\n")
    .answer(ASKED.images, `${IMAGE} 0123456789ab\n`);
});
afterEach(() => docker.remove());

const run = (change: Partial<ServiceSpec> = {}) => docker.checks(checksOf(system(change)));

test("nothing wrong: nothing said, and nothing but questions asked", () => {
  expect(run()).toEqual(FINE);
  expect(docker.calls.filter((call) => !/^(version|info|ps|(volume|network|image) ls) /.test(call))).toEqual([]);
});

test.each(["a b", "a\nb", "", "ü"])("%j is no word: it would be two for the host, or none", (name) => {
  expect(() => check("volume", name, "KEY")).toThrow(
    new Error(`no word for a check of the host: ${JSON.stringify(name)}`),
  );
});

test("a network that the stack makes itself need not be there, and neither is Docker's socket looked for as a folder", () => {
  const socket = { source: "/var/run/docker.sock", target: "/s", readOnly: true };
  const checks = (made: string[]) =>
    checksOf(system({ externalNetworks: ["robotoff_default"], mounts: [socket] }), undefined, undefined, made);
  expect(checks([]).filter((one) => one.includes("external network robotoff_default"))).toHaveLength(1);
  expect(checks(["robotoff_default"]).join("\n")).not.toMatch(/external network robotoff_default|docker\.sock/);
});

test("what has no containers is not asked for", () => {
  expect(checksOf(system({})).join("\n")).not.toMatch(/none|gpus/);
});

test("what is taken over counts as this stack's own: its name, and its ports", () => {
  docker.answer(
    ASKED.containers,
    "robotoff_redis_1 - robotoff 127.0.0.1:5502->6379/tcp\nelse - robotoff 127.0.0.1:5503->1/tcp\n",
  );
  const own = checksOf(system({ ports: [{ address: "127.0.0.1", host: 5502, container: 6379, protocol: "tcp" }] }));
  expect(docker.checks(own)).toEqual(
    found(
      "a container robotoff_redis_1 exists that the compose project robotoff made; stop and rename or remove it (its volumes stay), or change the project name",
      "host port 127.0.0.1:5502 is taken by the container robotoff_redis_1",
    ),
  );
  expect(docker.checks(["adopts robotoff_redis_1", ...own])).toEqual(FINE);
});

test("a system's own network that exists already is asked for as others' are, and may be made where it is not", () => {
  const checks = checksOf({ ...system({}), externalNetwork: true });
  expect(checks).toContain("external network robotoff_default made");
  expect(checks).not.toContain("network robotoff_default");
  const { host } = committed("staging");
  expect(preparations(host, [{ ...system({}), externalNetwork: true }])).toContain("network robotoff_default");
  expect(preparations(host, [system({})])).not.toContain("network robotoff_default");
});

test.each(["engine", "info", "containers", "networks", "volumes", "images"] as const)(
  "a question that docker does not answer ends the checks: %s",
  (name) => {
    docker.answer(ASKED[name], "context deadline exceeded\nCannot connect to the Docker daemon.\n", 1);
    const asked = ASKED[name].replace(/ --.*/, "");
    expect(run()).toEqual({
      status: 1,
      stdout: "",
      stderr: `checks, before any change: docker ${asked} failed: Cannot connect to the Docker daemon.\n`,
    });
  },
);

const OLD = (api: string) => found(`Docker API ${api}; expected 1.44 or later (Engine 25)`);
const NEW = (least: string) =>
  found(
    `Docker Engine 9.9 takes API ${least} or later; expected an engine that takes 1.51, which is what this program speaks (25 to 29 do)`,
  );
test.each<[string, string, ReturnType<typeof found>]>([
  ["1.43", "1.24", OLD("1.43")],
  ["1.44", "1.24", FINE],
  ["1.100", "1.44", FINE],
  ["2.0", "1.51", FINE],
  ["1.60", "1.52", NEW("1.52")],
  ["2.0", "1.100", NEW("1.100")],
])("an engine whose API is %s, and that takes %s or later", (api, least, expected) => {
  docker.answer(ASKED.engine, `9.9 ${api} ${least}\n`);
  expect(run()).toEqual(expected);
});

test("what docker says of its own settings before an answer is no part of it", () => {
  const warning = "WARNING: Error loading config file: permission denied\n";
  docker.answer(ASKED.engine, `${warning}26.1.5 1.45 1.24\n`);
  docker.answer(ASKED.info, `${warning}${64 * GIB} overlay2 / runc\n`);
  expect(run()).toEqual(FINE);
});

test("an external volume, an external network and a local image that are missing", () => {
  docker.answer(ASKED.volumes, "robotoff_backup2 - -\n").answer(ASKED.networks, "xpo_webnet - -\n");
  docker.answer(ASKED.images, `${IMAGE}0 0123456789ab\n`);
  const create = (kind: string, name: string) =>
    `the ${kind} ${name} does not exist; it is declared external: create it (docker ${kind} create ${name}), ` +
    `let it be made on a new host (host:prepare.${kind}s), or correct the stack file`;
  expect(run()).toEqual(
    found(
      create("volume", "robotoff_backup"),
      create("network", "po_webnet"),
      `the image ${IMAGE} is not on this engine; make setup builds it`,
    ),
  );
});

test("what host:prepare may make is told, and no problem", () => {
  docker.answer(ASKED.volumes, "").answer(ASKED.networks, "po_webnet - -\n");
  const prepared = { folders: [], volumes: ["robotoff_backup"], networks: ["po_webnet"], sysctl: {} };
  expect(docker.checks(checksOf(system({}), prepared))).toEqual({
    ...FINE,
    stdout: "missing volume robotoff_backup\n",
  });
  docker.answer(ASKED.networks, "");
  expect(docker.checks(checksOf(system({}), prepared)).stdout).toBe(
    "missing volume robotoff_backup\nmissing network po_webnet\n",
  );
});

test("an external volume that went with its disk is made again where a verified backup fills it, and missed where none does", () => {
  docker.answer(ASKED.volumes, "");
  const checks = () => docker.checks(checksOf(system({}), undefined, join(docker.folder, "robotoff")));
  expect(checks().stderr).toContain("the volume robotoff_backup does not exist; it is declared external");
  mkdirSync(join(docker.folder, "robotoff/20261126T024520Z"), { recursive: true });
  expect(checks().status).toBe(1);
  symlinkSync("20261126T024520Z", join(docker.folder, "robotoff/latest"));
  expect(checks()).toEqual({ ...FINE, stdout: "missing volume robotoff_backup\n" });
});

describe("names", () => {
  test("of this stack's own: fine; and a name that only begins or ends alike", () => {
    docker
      .answer(ASKED.containers, "robotoff_worker_2 local robotoff\nrobotoff_worker_10 - -\nmy_robotoff_worker_1 - -\n")
      .answer(ASKED.networks, "po_webnet - -\nrobotoff_default local robotoff\n")
      .answer(ASKED.volumes, "robotoff_backup - -\nrobotoff_tmp local robotoff\nrobotoff.tmp - -\n");
    expect(run()).toEqual(FINE);
  });

  test.each<[string, string]>([
    ["staging robotoff", "that the compose project robotoff made"],
    ["- robotoff", "that the compose project robotoff made"],
    ["- -", "that this stack did not make"],
  ])("of whom %j says something else: never taken over", (owner, who) => {
    docker
      .answer(ASKED.containers, `robotoff_worker_2 ${owner}\n`)
      .answer(ASKED.networks, `po_webnet - -\nrobotoff_default ${owner}\n`)
      .answer(ASKED.volumes, `robotoff_backup - -\nrobotoff_tmp ${owner}\n`);
    expect(run()).toEqual(
      found(
        `a container robotoff_worker_2 exists ${who}; stop and rename or remove it (its volumes stay), or change the project name`,
        `a network robotoff_default exists ${who}; remove it (docker network rm robotoff_default, once its containers are gone), or change the project name`,
        `a volume robotoff_tmp exists ${who}; declare robotoff:volumes.tmp external to use its data, or change the project name`,
      ),
    );
  });
});

describe("host ports", () => {
  const PORT = 15_432;
  const publish = (address: string, host = PORT, protocol: "tcp" | "udp" = "tcp") => ({
    ports: [{ address, host, container: 6379, protocol }],
  });
  const taken = (address: string, by: string) => found(`host port ${address}:${PORT} is taken by the container ${by}`);

  test.each<[string, string, string, boolean]>([
    ["this stack's own", "127.0.0.1", `redis local x 127.0.0.1:${PORT}->6379/tcp`, false],
    ["another's", "127.0.0.1", `web - - 127.0.0.1:${PORT}->80/tcp`, true],
    ["another stack's", "127.0.0.1", `web staging x 127.0.0.1:${PORT}->80/tcp`, true],
    ["among others", "127.0.0.1", `web - - 127.0.0.1:80->80/tcp, 127.0.0.1:${PORT}->81/tcp`, true],
    ["in a range", "127.0.0.1", `web - - 127.0.0.1:${PORT - 1}-${PORT + 1}->8000-8002/tcp`, true],
    ["beside a range", "127.0.0.1", `web - - 127.0.0.1:${PORT + 1}-${PORT + 3}->8000-8002/tcp`, false],
    ["on every address", "127.0.0.1", `web - - 0.0.0.0:${PORT}->80/tcp, [::]:${PORT}->80/tcp`, true],
    ["every address wanted, one taken", "0.0.0.0", `web - - 10.1.0.200:${PORT}->80/tcp`, true],
    ["every IPv6 address", "::1", `web - - [::]:${PORT}->80/tcp`, true],
    ["another address", "127.0.0.1", `web - - 10.1.0.200:${PORT}->80/tcp`, false],
    ["another protocol", "127.0.0.1", `web - - 127.0.0.1:${PORT}->80/udp`, false],
    ["inside the container only", "127.0.0.1", `web - - ${PORT}/tcp`, false],
  ])("published by a container: %s", (_what, address, line, conflict) => {
    docker.answer(ASKED.containers, `other - - \n${line}\n`);
    expect(run(publish(address))).toEqual(conflict ? taken(address, "web") : FINE);
  });

  /** Listens, runs the checks, and closes. */
  async function beside(listen: string, address: (port: number) => Partial<ServiceSpec>) {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, listen, resolve));
    const { port } = server.address() as AddressInfo;
    try {
      return { port, outcome: run(address(port)) };
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  }
  const process = (address: string, port: number) =>
    found(`host port ${address}:${port} is taken by a process of the host (ss -lnp 'sport = :${port}' names it)`);

  test.each<[string, string, boolean]>([
    ["127.0.0.1", "127.0.0.1", true],
    ["127.0.0.2", "127.0.0.1", false],
    ["0.0.0.0", "127.0.0.1", true],
    ["::", "127.0.0.1", true],
    ["::ffff:127.0.0.1", "127.0.0.1", true],
    ["127.0.0.2", "0.0.0.0", true],
    ["::1", "127.0.0.1", false],
    ["::1", "::1", true],
  ])("a process that listens on %s, for a port of %s: taken %s", async (listen, address, conflict) => {
    const { port, outcome } = await beside(listen, (own) => publish(address, own));
    expect(outcome).toEqual(conflict ? process(address, port) : FINE);
  });

  test("a process on the UDP port: in the way of UDP alone", async () => {
    const socket = createSocket("udp4");
    await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
    const { port } = socket.address();
    try {
      expect(run(publish("127.0.0.1", port, "udp"))).toEqual(process("127.0.0.1", port));
      expect(run(publish("127.0.0.1", port, "tcp"))).toEqual(FINE);
    } finally {
      socket.close();
    }
  });
});

test("a bind-mounted folder that does not exist", () => {
  const mounts = [
    { source: "/nowhere/data", target: "/a", readOnly: false, path: "robotoff:folders.data" },
    { source: "/nowhere/more", target: "/b", readOnly: true },
  ];
  const problem = (name: string, key: string) =>
    `the folder /nowhere/${name} does not exist on the host; create it with its data (a bind mount would be an empty one of root's), ` +
    `let it be made empty (host:prepare.folders), or correct ${key}`;
  expect(run({ mounts })).toEqual(
    found(problem("data", "robotoff:folders.data"), problem("more", "robotoff:services.redis.volumes")),
  );
});

test.each<[string, boolean]>([
  ["io.containerd.runc.v2 nvidia runc ", true],
  ["io.containerd.runc.v2 runc nvidia-legacy ", false],
])("GPUs with the runtimes %j: %s", (runtimes, there) => {
  docker.info({ runtimes });
  const problem =
    "robotoff:services.redis.gpus asks for GPUs, but the engine has no NVIDIA runtime (docker info); " +
    "install NVIDIA's container toolkit, or take it out";
  expect(run({ gpus: "all" })).toEqual(there ? FINE : found(problem));
});

test.each([
  ["/var/lib/docker", "overlay2", undefined],
  ["/srv/docker", "overlay2", "volumes: [/srv/docker/image:/var/lib/docker/image:ro]"],
  ["/var/lib/docker", "overlayfs", "this engine keeps layers in containerd's store"],
])("Docker's own folder is none that who logs in sees: data in %s with %s", (root, driver, told) => {
  docker.info({ root, driver }).disk(root);
  const image = "/var/lib/docker/image";
  const { status, stderr } = run({ mounts: [{ source: image, target: image, readOnly: true }] });
  expect(status).toBe(told ? 1 : 0);
  expect(stderr).toContain(told ?? "");
});

test("everything wrong is said at once", () => {
  docker
    .answer(ASKED.engine, "24.0 1.40 1.12\n")
    .answer(ASKED.volumes, "")
    .answer(ASKED.containers, "robotoff_redis_1 - - \n");
  docker.info({ memory: GIB / 4 });
  expect(
    run({ mounts: [{ source: "/nowhere", target: "/a", readOnly: false }] })
      .stderr.trim()
      .split("\n"),
  ).toEqual([
    HEAD,
    expect.stringContaining("the folder /nowhere does not exist"),
    "  Docker API 1.40; expected 1.44 or later (Engine 25)",
    expect.stringContaining("the volume robotoff_backup does not exist"),
    expect.stringContaining("a container robotoff_redis_1 exists"),
    expect.stringContaining("robotoff:services.redis.memory is 512 MiB, more than the host has: 256 MiB"),
    expect.stringContaining("more than the host has"),
  ]);
});

test("what the engine need not be asked for is told although it does not answer", () => {
  docker.answer(ASKED.engine, "Cannot connect to the Docker daemon.\n", 1);
  expect(
    run({ mounts: [{ source: "/nowhere", target: "/a", readOnly: false }] })
      .stderr.trim()
      .split("\n"),
  ).toEqual([
    HEAD,
    expect.stringContaining("the folder /nowhere does not exist"),
    "checks, before any change: docker version failed: Cannot connect to the Docker daemon.",
  ]);
});

test("a check that nobody knows is refused, with nothing asked", () => {
  const { status, stderr } = docker.checks(["folder / key", "rm -rf"]);
  expect({ status, stderr }).toEqual({ status: 2, stderr: "checks.sh: unknown check: rm -rf\n" });
  expect(() => docker.calls).toThrow();
});
