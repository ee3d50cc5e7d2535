/** What came in the way since the first `up`: the next one is refused before anything is touched. */
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { standInTag } from "../../images/builder/tag.ts";
import { failed, here, succeeded, TestHost } from "./host.ts";
import { Registry } from "./registry.harness.ts";
import { changed, TestStack } from "./stack.harness.ts";

let stack: TestStack;
let volume: string;
/** Has PROTEA's frontend. */
let registry: Registry;

const folder = mkdtempSync(join(tmpdir(), "robotoff-protea-engine-"));
/** The engine's socket by another name, which can go away. */
const socket = join(folder, "docker.sock");
const engine = (process.env.DOCKER_HOST ?? "unix:///var/run/docker.sock").replace("unix://", "");
symlinkSync(engine, socket);

beforeAll(async () => {
  stack = await TestStack.create(["protea"], new TestHost({ docker: `unix://${socket}` }));
  volume = `${stack.name}-given`;
  stack.docker("volume", "create", ...stack.marked, volume);
  registry = await Registry.of(standInTag("images/protea-frontend"));
  stack.config["host:registry"] = registry.address;
  stack.config["protea:volumes"] = { minio_data: { external: true, name: volume } };
  succeeded(stack.up());
});

afterAll(() => {
  stack.remove();
  for (const name of ["known:3", `known@${registry.digest}`])
    here.tryDocker("rmi", `${registry.address}/docker.io/library/${name}`);
  registry.stop();
  rmSync(folder, { recursive: true });
});

/** What the engine has and what the state says of it; neither may change. */
function everything() {
  const { text } = stack.pulumi("stack", "export", "--stack", stack.name);
  // Encrypted anew by every command.
  const shown = (key: string, value: unknown) => (key === "ciphertext" ? undefined : value);
  const { deployment } = JSON.parse(text, shown) as { deployment: { resources: { type: string }[] } };
  const label = `label=robotoff-protea.stack=${stack.name}`;
  const containers = stack.docker("ps", "--all", "--no-trunc", "--filter", label, "--format", "{{.ID}} {{.State}}");
  // Of the stack itself the state notes that an up was tried.
  return { containers, resources: deployment.resources.filter(({ type }) => type !== "pulumi:pulumi:Stack") };
}

test("an engine that does not answer: a preview does without, and nothing shows as changed; an up is refused", () => {
  const before = everything();
  rmSync(socket);
  try {
    succeeded(stack.preview("--expect-no-changes"));
    expect(failed(stack.up())).toMatch(/checks, before any change: docker version failed: .*docker\.sock/);
    expect(failed(stack.makeUp())).toContain(socket);
  } finally {
    symlinkSync(engine, socket);
  }
  expect(everything()).toEqual(before);
});

test("what was deployed is listed; back to it, images and settings; and a pruned job runs no more", () => {
  const deployments = () => succeeded(stack.operation("deployments")).trim().split("\n").slice(1);
  const ping = stack.container("protea", "worker-ping");
  const frontend = stack.container("protea", "frontend");
  const images = stack.config["protea:images"] as Record<string, unknown>;
  const before = { ...stack.config };
  const pulled = `${registry.address}/docker.io/library/known:3`;
  const written = () => {
    const text = readFileSync(join(stack.folder, `Pulumi.${stack.name}.yaml`), "utf8");
    return (parse(text) as { config: Record<string, unknown> }).config;
  };
  succeeded(stack.makeUp());
  expect(deployments()).toEqual([expect.stringMatching(/^\d{8}T\d{6}Z {2}\S+@\S+ +- +the first +here$/)]);

  stack.change("protea", "worker-ping", { environment: { ANY: "thing" } });
  stack.config["protea:images"] = { ...images, frontend: "known:3" };
  const first = stack.containers();
  expect(succeeded(stack.makeUp())).toContain(`docker -H unix://${socket} pull ${pulled}\n`);
  const second = stack.containers();
  expect(changed(first, second)).toEqual([frontend, ping].sort());
  const [newest] = deployments();
  expect(newest).toMatch(/3 settings, 2 containers +here$/);

  const said = succeeded(stack.operation("rollback"));
  expect(said).toContain('protea:services.worker-ping.environment.ANY: "thing" -> default\n');
  expect(said).toMatch(new RegExp(`made anew.*:\n(  .*\n)*  ${ping}\n`));
  const third = stack.containers();
  expect(changed(second, third)).toEqual([frontend, ping].sort());
  expect(written()).toEqual(before);
  expect(deployments()).toHaveLength(3);

  // As somebody's prune does. It is pulled by its digest, whatever the tag is by now.
  stack.config = before;
  stack.docker("rmi", pulled);
  expect(deployments()[1]).toMatch(/1 to be pulled$/);
  const again = succeeded(stack.operation("rollback", "--to", newest!.split(" ")[0]!));
  const byDigest = `${registry.address}/docker.io/library/known:3@${registry.digest}`;
  expect(again).toContain(`to be pulled first:\n  ${byDigest}\n`);
  expect(again).toContain(`Digest: ${registry.digest}\n`);
  const fourth = stack.containers();
  expect(changed(third, fourth)).toEqual([frontend, ping].sort());
  expect(stack.docker("inspect", "--format", "{{.Config.Image}}", frontend)).toBe(byDigest);
  stack.config = written();
  expect(stack.config["protea:images"]).toEqual({ ...images, frontend: `known:3@${registry.digest}` });
  succeeded(stack.preview("--refresh", "--expect-no-changes"));

  const jobs = ["extension", "queues", "bucket", "migrate"].map((name) => stack.container("protea", name));
  stack.docker("rm", ...jobs);
  expect(succeeded(stack.operation("status"))).toMatch(new RegExp(`${jobs[3]} +removed`));
  // Another version of one is made, and runs; the others are not missed.
  stack.change("protea", "bucket", { environment: { ANY: "thing" } });
  succeeded(stack.makeUp());
  expect(changed(fourth, stack.containers())).toEqual([...jobs].sort());
  expect([...stack.containers().keys()].filter((name) => jobs.includes(name))).toEqual([jobs[2]]);
  stack.config = before;
});

test("ports that a process and a container took, and an external volume that went away", async () => {
  const [frontend, api, minio] = (["frontend", "api", "minio"] as const).map((name) => stack.container("protea", name));
  stack.docker("stop", frontend!, api!);
  stack.docker("rm", "--force", minio!);
  stack.docker("volume", "rm", volume);
  const server = createServer();
  const taken = { process: stack.port("frontend of protea", 3000), container: stack.port("api of protea", 8000) };
  await new Promise<void>((done) => server.listen(taken.process, "127.0.0.1", done));
  const other = `${stack.name}-other`;
  const options = ["--detach", "--name", other, ...stack.marked, "--publish", `127.0.0.1:${taken.container}:6379`];
  stack.docker("run", ...options, standInTag("images/redis"), "sleep", "infinity");
  // Something to do, which must not be done.
  stack.change("protea", "worker-ping", { environment: { ANY: "thing" } });
  const before = everything();
  const refusals = [failed(stack.up()), failed(stack.makeUp())];
  await new Promise((done) => server.close(done));
  for (const text of refusals) {
    expect(text).toContain("checks, before any change, found:");
    expect(text).toContain(`host port 127.0.0.1:${taken.process} is taken by a process of the host`);
    expect(text).toContain(`host port 127.0.0.1:${taken.container} is taken by the container ${other}`);
    expect(text).toContain(`the volume ${volume} does not exist; it is declared external`);
  }
  expect(everything()).toEqual(before);
});
