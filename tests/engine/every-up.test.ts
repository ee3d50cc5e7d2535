/** What came in the way since the first `up`: the next one is refused before anything is touched. */
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { standInTag } from "../../images/builder/tag.ts";
import { failed, succeeded, TestHost } from "./host.ts";
import { TestStack } from "./stack.harness.ts";

let stack: TestStack;
let volume: string;

const folder = mkdtempSync(join(tmpdir(), "robotoff-protea-engine-"));
/** The engine's socket by another name, which can go away. */
const socket = join(folder, "docker.sock");
const engine = (process.env.DOCKER_HOST ?? "unix:///var/run/docker.sock").replace("unix://", "");
symlinkSync(engine, socket);

beforeAll(async () => {
  stack = await TestStack.create(["protea"], new TestHost({ docker: `unix://${socket}` }));
  volume = `${stack.name}-given`;
  stack.docker("volume", "create", ...stack.marked, volume);
  stack.config["protea:volumes"] = { minio_data: { external: true, name: volume } };
  succeeded(stack.up());
});

afterAll(() => {
  stack.remove();
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
