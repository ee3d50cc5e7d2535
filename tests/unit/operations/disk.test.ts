// Which images make reclaim may remove, what make disk adds up, and what both ask the engine and the host.
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { nameOf, removable, removal, type Image } from "../../../operations/disk/removable.ts";
import { dockerSize, freeCache, largestVolumes, usageRows, type Usage } from "../../../operations/disk/usage.ts";
import { FakeDocker } from "../support/fake-docker.ts";
import { committed } from "../support/stack.ts";

/** Built on the n-th of November. */
function image(day: number, ...names: string[]): Image {
  return {
    Id: `sha256:${day}`,
    RepoTags: names.filter((name) => !name.includes("@")),
    RepoDigests: names.filter((name) => name.includes("@")),
    Created: `2026-11-${String(day).padStart(2, "0")}T00:00:00Z`,
  };
}
/** Days of the images that may go. */
const going = (images: Image[], used: number[] = [], declared: string[] = []) =>
  removable(images, new Set(used.map((day) => `sha256:${day}`)), declared).map((one) => Number(one.Id.slice(7)));
/** Built on these days, each a version of a repository. */
const versions = (...days: number[]) => days.map((day) => image(day, `ghcr.io/a/b:${day}`));

test.each<[string, Image[], number[], string[], number[]]>([
  ["what is dangling goes", [image(9)], [], [], [9]],
  ["but not from under a container", [image(9)], [9], [], []],
  ["the two newest of a repository stay, in whatever order they are listed", versions(2, 4, 1, 3), [], [], [2, 1]],
  ["of each repository", [...versions(1, 2), image(3, "x:1"), image(4, "x:2")], [], [], []],
  ["what a container uses stays, and the one before it", versions(1, 2, 3, 4, 5, 6), [3], [], [1, 4]],
  ["what is declared stays, and the one before it", versions(1, 2, 3, 4, 5), [], ["ghcr.io/a/b:2"], [3]],
  ["another repository of a similar name is another", [...versions(1, 2, 3)], [], ["ghcr.io/a/bb:1"], [1]],
  [
    "an image of two repositories goes only when both let it go",
    [image(1, "x:1", "y:1"), image(2, "x:2"), image(3, "x:3")],
    [],
    [],
    [],
  ],
  [
    "a version whose tag has moved is known by its digest",
    [image(1, "x@sha256:a"), image(2, "x:latest", "x@sha256:b"), image(3, "x:3")],
    [],
    [],
    [1],
  ],
  ["a registry's port is no tag", [image(1, "r:5000/x:1"), image(2, "r:5000/x:2"), image(3, "r:5000/y:1")], [], [], []],
])("%s", (_what, images, used, declared, expected) => {
  expect(going(images, used, declared)).toEqual(expected);
});

test.each([
  ["postgres:16.3-alpine", "docker.io/library/postgres:16.3-alpine"],
  ["prom/statsd-exporter:v0.28.0", "docker.io/prom/statsd-exporter:v0.28.0"],
  ["x:latest", "x"],
  ["r:5000/x:latest", "r:5000/x"],
  ["x@sha256:a", "x:1.2@sha256:a"],
  ["r:5000/x@sha256:a", "r:5000/x:1.2@sha256:a"],
])("%s on the engine is what %s declares", (name, declared) => {
  const newer = [image(28, `${name.replace(/[:@][^/]*$/, "")}:n1`), image(29, `${name.replace(/[:@][^/]*$/, "")}:n2`)];
  expect(going([image(1, name), ...newer])).toEqual([1]);
  expect(going([image(1, name), ...newer], [], [declared])).toEqual([]);
});

test("another digest of a tag that is declared is another image; what docker has no names for is dangling", () => {
  const newer = [image(28, "x:n1"), image(29, "x:n2")];
  expect(going([image(1, "x@sha256:b"), ...newer], [], ["x:1.2@sha256:a"])).toEqual([1]);
  const nameless = { ...image(1), RepoTags: null, RepoDigests: null };
  expect(removable([nameless], new Set(), [])).toEqual([nameless]);
  expect(removal(nameless)).toEqual(["sha256:1"]);
});

test("an image goes by its id, or by its tags where it has several", () => {
  expect([image(1), image(1, "x:1", "x@sha256:a"), image(1, "x:1", "x:2")].map(removal)).toEqual([
    ["sha256:1"],
    ["sha256:1"],
    ["x:1", "x:2"],
  ]);
  expect([image(1), image(1, "x@sha256:a"), image(1, "x:1", "x:2")].map(nameOf)).toEqual([
    "(no name)",
    "x",
    "x:1, x:2",
  ]);
});

test.each([
  ["0B", 0],
  ["12B", 12],
  ["4.559kB", 4559],
  ["24.5MB", 24_500_000],
  ["2.388GB", 2_388_000_000],
  ["1.1TB", 1_100_000_000_000],
  ["1e+03kB", 1_000_000],
  ["63B (virtual 665MB)", 63],
  ["N/A", 0],
])("docker's %s is %d bytes", (text, bytes) => {
  expect(dockerSize(text)).toBe(bytes);
});

const ID = "sha256:1";
const usage: Usage = {
  Images: [
    { ID, Repository: "x", UniqueSize: "1.024kB", Containers: "0" },
    { ID: "sha256:2", Repository: "x", UniqueSize: "5kB", Containers: "3" },
  ],
  Containers: [
    { Size: "1.024kB", State: "running" },
    { Size: "2.048kB", State: "exited" },
  ],
  Volumes: [
    { Name: "small", Size: "1.024kB", Links: "1", Labels: "" },
    { Name: "large", Size: "3.072kB", Links: "0", Labels: "a=b" },
    { Name: "0123", Size: "2.048kB", Links: "0", Labels: "com.docker.volume.anonymous=" },
  ],
  BuildCache: [
    { Size: "1.024kB", InUse: "false", Shared: "false" },
    { Size: "2.048kB", InUse: "false", Shared: "true" },
    { Size: "4.096kB", InUse: "true", Shared: "false" },
  ],
};

test("each kind of thing with what of it nothing uses", () => {
  expect(usageRows(usage, 2048).map((row) => [row.what, row.count, row.size, row.unused])).toEqual([
    ["images", "2", "2 KiB", "1, at least 1 KiB"],
    ["containers' own layers", "2", "3 KiB", "1, 2 KiB"],
    ["named volumes", "2", "4 KiB", "1, 3 KiB"],
    ["anonymous volumes", "1", "2 KiB", "1, 2 KiB"],
    ["build cache", "2", "5 KiB", "1, 1 KiB"],
  ]);
  expect(freeCache(usage)).toBe(1024);
  expect(largestVolumes(usage, 2).map((one) => one.volume)).toEqual(["large", "0123"]);
});

test("an engine with nothing on it", () => {
  const nothing: Usage = { Images: null, Containers: null, Volumes: null, BuildCache: null };
  expect(usageRows(nothing, 0).map((row) => row.count)).toEqual(["0", "0", "0", "0", "0"]);
  expect([freeCache(nothing), largestVolumes(nothing, 5)]).toEqual([0, []]);
});

describe("the commands", () => {
  let docker: FakeDocker;
  beforeEach(() => (docker = new FakeDocker()));
  afterEach(() => docker.remove());

  const df = (of: Usage) => docker.answer("system df -v --format {{json .}}", JSON.stringify(of));
  /** On the engine: what local declares, three newer versions, the newest in use, and one without a name. */
  const engine = () => {
    const declared = committed("local").systems[0]!.services.find((service) => service.name === "redis")!.image;
    const other = (day: number) => image(day, `robotoff-protea/redis:${day}`);
    const images = [image(1, declared), other(2), other(3), other(4), image(5)];
    docker
      .answer("ps --all --quiet --no-trunc", "c1\n")
      .answer("container inspect c1", JSON.stringify([{ Image: "sha256:4" }]))
      .answer("image ls --quiet --no-trunc", images.map((one) => `${one.Id}\n`).join(""))
      .answer(`image inspect ${images.map((one) => one.Id).join(" ")}`, JSON.stringify(images));
  };

  test("reclaim lists, and removes nothing where nobody can be asked", async () => {
    engine();
    df(usage);
    const { status, stdout, stderr } = await docker.operation("reclaim");
    expect(status).toBe(1);
    expect(stdout).toMatch(/\(no name\) +sha256:5 +2026-11-05/);
    expect(stdout.match(/sha256:\d/g)).toEqual(["sha256:2", "sha256:5"]);
    expect(stdout).toContain(
      "2 images (at least 4.9 KiB) and 1 KiB of build cache will be removed; containers and volumes stay",
    );
    expect(stderr).toContain("nothing was changed");
    expect(docker.calls.filter((call) => /^(image rm|builder)/.test(call))).toEqual([]);
  });

  test("reclaim keeps what a deployment had, of any stack, to which one may go back", async () => {
    engine();
    df(usage);
    const deployments = join(docker.folder, ".local/share/robotoff-protea/deployments");
    const keep = (stack: string, stamp: string, imageId: string) => {
      mkdirSync(join(deployments, stack), { recursive: true });
      writeFileSync(
        join(deployments, stack, `${stamp}.json`),
        `${JSON.stringify({ containers: { a: { imageId } } })}\n`,
      );
    };
    mkdirSync(deployments, { recursive: true });
    const going = async () => (await docker.operation("reclaim")).stdout.match(/sha256:\d/g);
    expect(await going()).toEqual(["sha256:2", "sha256:5"]);
    keep("another", "1", "sha256:2");
    expect(await going()).toEqual(["sha256:5"]);
    // The newest and the five before it.
    for (const stamp of ["2", "3", "4", "5", "6"]) keep("another", stamp, "sha256:1");
    expect(await going()).toEqual(["sha256:5"]);
    keep("another", "7", "sha256:1");
    expect(await going()).toEqual(["sha256:2", "sha256:5"]);
    // What cannot be read is not nothing.
    writeFileSync(join(deployments, "another/8.json"), "{");
    expect((await docker.operation("reclaim", "--yes", "1")).status).toBe(1);
    expect(docker.calls.filter((call) => call.startsWith("image rm"))).toEqual([]);
  });

  test("reclaim removes by id, without force, and fails when docker keeps one", async () => {
    engine();
    df(usage).answer("image rm sha256:2 sha256:5").answer("builder prune --force");
    expect((await docker.operation("reclaim", "--yes", "1")).status).toBe(0);
    expect(docker.calls.slice(-2)).toEqual(["image rm sha256:2 sha256:5", "builder prune --force"]);
    docker.answer("image rm sha256:2 sha256:5", "conflict: image is being used", 1);
    expect((await docker.operation("reclaim", "--yes", "1")).status).toBe(1);
  });

  test("reclaim has nothing to ask where there is nothing to remove", async () => {
    docker.answer("ps --all --quiet --no-trunc").answer("image ls --quiet --no-trunc");
    df({ Images: null, Containers: null, Volumes: null, BuildCache: null });
    expect(await docker.operation("reclaim")).toMatchObject({ status: 0, stdout: "there is nothing to reclaim\n" });
  });

  test("reclaim ends when the containers cannot be listed: unknown is not unused", async () => {
    docker.answer("ps --all --quiet --no-trunc", "daemon is away", 1);
    expect(await docker.operation("reclaim", "--yes", "1")).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("daemon is away") as string,
    });
    expect(docker.calls).toHaveLength(1);
  });

  test("reclaim: containers that docker cannot look at, and says nothing of", async () => {
    docker.answer("ps --all --quiet --no-trunc", "c1\n").answer("image ls --quiet --no-trunc");
    docker.answer("container inspect c1", "", 1);
    const { status, stderr } = await docker.operation("reclaim", "--yes", "1");
    expect([status, stderr.trimEnd().split("\n").at(-1)]).toEqual([1, "docker container inspect: exit code 1"]);
  });

  test.each([
    ["that has gone since uses nothing", "Error response from daemon: No such container: c1\n", 0],
    ["that cannot be looked at ends it", "Error response from daemon: No such container: c1\nit is away\n", 1],
  ])("reclaim: a container %s", async (_what, complaint, expected) => {
    df({ Images: null, Containers: null, Volumes: null, BuildCache: null })
      .answer("ps --all --quiet --no-trunc", "c1\n")
      .answer("container inspect c1", complaint, 1)
      .answer("image ls --quiet --no-trunc");
    const { status, stderr } = await docker.operation("reclaim", "--yes", "1");
    expect(status).toBe(expected);
    expect(stderr.includes("it is away")).toBe(expected === 1);
    expect(stderr).not.toContain("No such container");
  });

  test.each([
    ["where the folder can be read", true, "containers' logs: 0 B"],
    ["where it cannot", false, "containers' logs: root's alone to see"],
  ])("disk, %s", async (_what, readable, expected) => {
    const root = readable ? join(docker.folder) : "/proc/1/root/nowhere";
    if (readable) docker.answer("info --format {{.DockerRootDir}}", `${root}\n`);
    else docker.answer("info --format {{.DockerRootDir}}", "/\n");
    df(usage).answer("system df --format {{.Type}}\t{{.Size}}", "Images\t2.048kB\nContainers\t3kB\n");
    if (readable) writeFileSync(join(root, "containers"), "");
    const { status, stdout, stderr } = await docker.operation("disk");
    expect(status).toBe(0);
    expect(stdout).toMatch(/images +2 +2 KiB +1, at least 1 KiB/);
    expect(stdout).toContain(expected);
    expect(stdout).toMatch(/Filesystem .*\n/);
    expect(stderr).toContain("hosts/scripts/disk.sh");
  });

  test("disk ends with what df says of a folder that is not there", async () => {
    df(usage)
      .answer("system df --format {{.Type}}\t{{.Size}}", "")
      .answer("info --format {{.DockerRootDir}}", "/no/root\n");
    expect(await docker.operation("disk")).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("/no/root: No such file or directory") as string,
    });
  });

  test("gpu shows what nvidia-smi says, and ends as it ends", async () => {
    const tool = join(docker.folder, "nvidia-smi");
    writeFileSync(tool, "#!/bin/sh\necho 'GPU 0: 3 MiB'\n");
    chmodSync(tool, 0o755);
    expect(await docker.operation("gpu")).toMatchObject({ status: 0, stdout: "GPU 0: 3 MiB\n" });
    writeFileSync(tool, "#!/bin/sh\necho 'driver mismatch' >&2\nexit 18\n");
    expect(await docker.operation("gpu")).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("driver mismatch") as string,
    });
  });

  test("gpu says so where there is none", async () => {
    const { status, stderr } = await docker.operation("gpu");
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /^\/bin\/sh -c 'sh -s --' < hosts\/scripts\/gpu.sh\nthere is no nvidia-smi on \S+: the host has no/,
    );
  });
});
