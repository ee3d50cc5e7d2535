// Official downloads: the pinned checksums, and what set-up does with a file that has another one, or none.
import { execFile, execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(__dirname, "../../..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");
const pinned = new Map(
  read("toolchain/checksums")
    .split("\n")
    .filter((line) => line && !line.startsWith("#"))
    .map((line) => line.split("  ").reverse() as [string, string]),
);

describe("the pinned checksums", () => {
  const version = (name: string): string | undefined =>
    new RegExp(`^${name}=(\\S+)`, "m").exec(read("toolchain/versions"))?.[1];
  const { dependencies } = JSON.parse(read("package.json")) as { dependencies: Record<string, string> };
  const platforms = ["linux", "darwin"].flatMap((os) => [
    [os, "x64", "amd64"] as const,
    [os, "arm64", "arm64"] as const,
  ]);
  const command = dependencies["@pulumi/command"];

  test("are those of the pinned versions, for every platform, and no others", () => {
    // The plug-in docker is built until its sums are known (docs/toolchain.md).
    const optional = `pulumi-resource-docker-v${dependencies["@pulumi/docker"]}-`;
    expect([...pinned.keys()].filter((name) => !name.startsWith(optional)).sort()).toEqual(
      [
        ...platforms.flatMap(([os, arch, goArch]) => [
          `node-v${version("node_version")}-${os}-${arch}.tar.gz`,
          `go${version("go_version")}.${os}-${goArch}.tar.gz`,
          `pulumi-v${dependencies["@pulumi/pulumi"]}-${os}-${arch}.tar.gz`,
          `pulumi-resource-command-v${command}-${os}-${goArch}.tar.gz`,
        ]),
        // Where nodejs.org is out of reach, Linux machines get the binary from npm.
        ...["x64", "arm64"].map((arch) => `node-v${version("node_version")}-linux-${arch}/bin/node`),
      ].sort(),
    );
  });

  test("are sha256, each of another file", () => {
    for (const sum of pinned.values()) expect(sum).toMatch(/^[0-9a-f]{64}$/);
    expect(new Set(pinned.values()).size).toBe(pinned.size);
  });
});

describe("a download", () => {
  const scratch = mkdtempSync(join(tmpdir(), "checksums-"));
  const folder = join(scratch, "folder");
  let published: Buffer;
  /** What the site answers with, by path. */
  const site = new Map<string, Buffer>();
  const server = createServer(({ url = "" }, answer) => {
    const file = site.get(url);
    answer.writeHead(file ? 200 : 404).end(file);
  });
  afterAll(() => {
    server.close();
    rmSync(scratch, { recursive: true });
  });

  beforeAll(async () => {
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    for (const name of ["toolchain", "tool-v1/bin", "run"]) mkdirSync(join(scratch, name), { recursive: true });
    for (const name of ["lib.sh", "versions"])
      copyFileSync(join(root, "toolchain", name), join(scratch, "toolchain", name));
    writeFileSync(join(scratch, "tool-v1/bin/tool"), "as published");
    published = execFileSync("tar", ["-cz", "-C", scratch, "tool-v1"]);
    const sum = createHash("sha256").update(published).digest("hex");
    writeFileSync(
      join(scratch, "toolchain/checksums"),
      `# a comment\n\n${"0".repeat(64)}  tool-v2.tar.gz\n${sum}  tool-v1.tar.gz\n`,
    );
  });
  beforeEach(() => {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder);
  });

  /** Runs a step that uses lib.sh: its exit code, and what a person sees. */
  function step(script: string): Promise<{ code: number; said: string }> {
    const { port } = server.address() as AddressInfo;
    const lines = `exec 3>&1 >&2; . "$0/toolchain/lib.sh"; site=http://127.0.0.1:${port}; ${script}`;
    const env = {
      ...process.env,
      step: "tool",
      STEP_RUN: join(scratch, "run"),
      XDG_CACHE_HOME: join(scratch, "cache"),
    };
    return new Promise((done) => {
      execFile("bash", ["-c", lines, scratch], { env }, (error, stdout) =>
        done({ code: Number(error?.code ?? 0), said: stdout }),
      );
    });
  }
  const get = (name: string): Promise<{ code: number; said: string }> =>
    step(`download "$site/dl/${name}" '${folder}' --strip-components 1`);

  test("is unpacked when it is what was published", async () => {
    site.set("/dl/tool-v1.tar.gz", published);
    expect(await get("tool-v1.tar.gz")).toEqual({ code: 0, said: "" });
    expect(readdirSync(folder)).toEqual(["bin"]);
    expect(readFileSync(join(folder, "bin/tool"), "utf8")).toBe("as published");
  });

  test("that somebody changed is refused, and nothing of it is unpacked", async () => {
    writeFileSync(join(scratch, "tool-v1/bin/tool"), "as somebody likes");
    site.set("/dl/tool-v1.tar.gz", execFileSync("tar", ["-cz", "-C", scratch, "tool-v1"]));
    const { code, said } = await get("tool-v1.tar.gz");
    expect(code).toBe(1);
    expect(said).toMatch(
      /FAILED: tool-v1.tar.gz has the sha256 [0-9a-f]{64}, toolchain\/checksums expects [0-9a-f]{64}/,
    );
    expect(said).toContain("what to do: run set-up again; if it stays so, find out who changed the file");
    expect(readdirSync(folder)).toEqual([]);
  });

  test("that was cut short is refused", async () => {
    site.set("/dl/tool-v1.tar.gz", published.subarray(0, -1));
    expect((await get("tool-v1.tar.gz")).code).toBe(1);
    expect(readdirSync(folder)).toEqual([]);
  });

  test("without a pinned checksum is refused", async () => {
    site.set("/dl/tool-v3.tar.gz", published);
    const { code, said } = await get("tool-v3.tar.gz");
    expect(code).toBe(1);
    expect(said).toContain("toolchain/checksums has no sha256 of tool-v3.tar.gz");
    expect(readdirSync(folder)).not.toContain("bin");
  });

  test("that the site does not have ends with its URL", async () => {
    const { code, said } = await get("tool-v2.tar.gz");
    expect(code).toBe(1);
    expect(said).toMatch(/the download of http:\S+tool-v2.tar.gz ended with an error/);
  });

  test.each([
    ["reachable and pinned", "tool-v1.tar.gz", "yes", "offered", ""],
    ["not reachable", "tool-v1.tar.gz", "no", "not offered", ""],
    [
      "not pinned",
      "tool-v3.tar.gz",
      "yes",
      "not offered",
      "not downloading tool-v3.tar.gz, of which toolchain/checksums has no sha256",
    ],
    ["neither", "tool-v3.tar.gz", "no", "not offered", ""],
  ])("%s: what set-up does", async (_, file, reachable, answer, note) => {
    writeFileSync(join(scratch, "run/reachable-example.org"), `${reachable}\n`);
    const { code, said } = await step(
      `if offered example.org ${file}; then echo offered >&3; else echo not offered >&3; fi`,
    );
    expect({ code, last: said.trim().split("\n").at(-1) }).toEqual({ code: 0, last: answer });
    expect(said).toContain(note);
    if (!note) expect(said).toBe(`${answer}\n`);
  });
});
