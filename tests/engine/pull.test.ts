/** Official images are pulled where a registry answers; what it lacks, and all where none answers, is built. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { vendorOf } from "./images.harness.ts";
import { here, must, run } from "./host.ts";
import { marked, nameOf } from "./leftovers.ts";

const docker = (...args: string[]) => here.docker(...args);

const folder = mkdtempSync(join(tmpdir(), "robotoff-protea-pull-"));
const mine = `robotoff-protea-pull-${process.pid}`;
let registry: ChildProcess;
let address: string;

/** Makes images as set-up does, in a process of its own; each from its official reference or else images/recipe. */
function make(...officials: string[]): string[] {
  const program = `
    import { make } from ${JSON.stringify(join(process.cwd(), "images/builder/make.ts"))};
    const [root, mine, ...officials] = process.argv.slice(1);
    for (const [n, official] of officials.entries())
      console.log(make(root, "recipe", { official }, mine + ":" + n, root + "/" + n + ".log"));`;
  const env = { XDG_CACHE_HOME: join(folder, "cache") };
  const made = run(process.execPath, ["--input-type=module", "-e", program, folder, mine, ...officials], env);
  if (made.code !== 0) throw new Error(made.text);
  return made.text.trim().split("\n");
}

const said = (n: number) => readFileSync(join(folder, `${n}.log`), "utf8");

/** The one file in an image. */
function content(image: string): string {
  const container = docker("create", ...marked(`${nameOf(process.pid)}n0`), image, "none");
  try {
    return must("sh", "-c", `docker cp ${container}:/origin - | tar -xO`);
  } finally {
    docker("rm", container);
  }
}

beforeAll(async () => {
  mkdirSync(join(folder, "images/recipe"), { recursive: true });
  mkdirSync(join(folder, "images/common"));
  writeFileSync(join(folder, "images/recipe/Dockerfile"), "FROM scratch\nCOPY origin /origin\n");
  writeFileSync(join(folder, "images/recipe/origin"), `built ${mine}`);
  writeFileSync(join(folder, "origin"), `pulled ${mine}`);
  mkdirSync(join(folder, "saved"));
  must("sh", "-c", `tar -cC ${folder} origin | docker import - ${mine}:upstream`);
  must("sh", "-c", `docker save ${mine}:upstream | tar -xC ${folder}/saved`);
  docker("rmi", `${mine}:upstream`);
  registry = spawn(process.execPath, [join(__dirname, "registry.ts"), join(folder, "saved")], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = once(registry, "exit").then(([code]) => Promise.reject(new Error(`the registry ended with ${code}`)));
  const [port] = (await Promise.race([once(registry.stdout!, "data"), ended])) as [Buffer];
  ended.catch(() => {});
  address = `127.0.0.1:${port.toString().trim()}`;
});

afterEach(() => {
  for (const repository of [mine, `${address}/known`]) {
    const tags = docker("image", "ls", "--format", "{{.Repository}}:{{.Tag}}", repository).split("\n").filter(Boolean);
    if (tags.length > 0) docker("rmi", ...tags);
  }
});

afterAll(() => {
  registry.kill();
  rmSync(folder, { recursive: true });
});

test("what a registry has is pulled; what it lacks is built, and the next is asked for again", () => {
  expect(make(`${address}/known:1`, `${address}/nothing:1`, `${address}/known:2`)).toEqual([
    "pulled",
    "built",
    "pulled",
  ]);
  expect(content(`${mine}:0`)).toBe(`pulled ${mine}`);
  expect(content(`${mine}:1`)).toBe(`built ${mine}`);
  expect(vendorOf(`${mine}:0`)).toBe("");
  expect(vendorOf(`${mine}:1`)).toBe("robotoff-protea stand-in");
});

test("where no registry answers all is built, and only the first is tried", () => {
  expect(make("127.0.0.1:9/nobody:1", "127.0.0.1:9/nobody:2")).toEqual(["built", "built"]);
  expect(said(0)).toContain("127.0.0.1:9");
  expect(said(1)).not.toContain("127.0.0.1:9");
});
