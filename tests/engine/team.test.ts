/** A team's backend, a bucket: who works with the stack is told, an `up` that was killed in one checkout is completed in another. */
import { cpSync, globSync, mkdtempSync, readlinkSync, rmSync } from "node:fs";
import { hostname, tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { standInTag } from "../../images/builder/tag.ts";
import { until } from "../http.ts";
import { here } from "./host.ts";
import { failed, run, succeeded, TestStack, type Outcome } from "./stack.harness.ts";

const PASSWORD = "hunter2-hunter2";
const APPLICATIONS = ["api", "frontend", "worker-embeddings-batch", "worker-embeddings-write",
  "worker-jobs", "worker-ping", "worker-predictions-batch", "worker-predictions-write", "worker-reaper"]; // prettier-ignore

let stack: TestStack;
/** Of a second person: the same backend and passphrase, and nothing else in common. */
let folder: string;

function second(command: string, args: string[], environment = {}): Outcome {
  return run(command, args, { ...stack.environment, ...environment }, folder);
}

const makeUp = (environment = {}) =>
  second(
    "node",
    ["operations/up.ts", "--stack", stack.name, "--", "--yes", "--skip-preview", "--non-interactive"],
    environment,
  );

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "robotoff-protea-test-"));
  stack = await TestStack.create(["protea"]);
  // But for the one that there must be.
  for (const service of APPLICATIONS) stack.change("protea", service, { replicas: 0 });
  const [port] = await here.freePorts(1);
  const server = ["--env", "MINIO_ROOT_USER=team", "--env", `MINIO_ROOT_PASSWORD=${PASSWORD}`];
  const published = ["--name", `${stack.name}-state`, "--publish", `127.0.0.1:${port}:9000`];
  here.docker("run", "--detach", ...published, ...stack.marked, ...server, standInTag("images/minio"), "server", "/d");
  const mc = ["--env", `MC_HOST_s=http://team:${PASSWORD}@127.0.0.1:9000`, "--entrypoint", "mc"];
  const beside = ["--network", `container:${stack.name}-state`, ...stack.marked];
  const make = ["run", "--rm", ...beside, ...mc, standInTag("images/mc"), "mb", "--ignore-existing", "s/state"];
  await until("the bucket is made", 60, () => here.tryDocker(...make).code === 0);
  Object.assign(stack.environment, {
    PULUMI_BACKEND_URL: `s3://state?endpoint=http://127.0.0.1:${port}&s3ForcePathStyle=true&region=us-east-1`,
    AWS_ACCESS_KEY_ID: "team",
    AWS_SECRET_ACCESS_KEY: PASSWORD,
  });
  succeeded(stack.pulumi("stack", "init", stack.name));
});

afterAll(() => {
  // The plug-ins of the killed one, which another checkout does not know of.
  for (const link of globSync("/proc/[0-9]*/cwd"))
    try {
      if (readlinkSync(link) === stack.folder) process.kill(Number(link.split("/")[2]), "SIGKILL");
    } catch {
      // Ended meanwhile.
    }
  stack.remove();
  rmSync(folder, { recursive: true, force: true });
});

test("an up that is killed in one checkout is completed in another, once somebody has ended its lock", async () => {
  const up = stack.startUp();
  const ended = new Promise((done) => up.on("exit", done));
  cpSync(stack.folder, folder, { recursive: true, verbatimSymlinks: true });
  await until("containers are being made", 120, () => stack.containers().size >= 2);
  process.kill(-up.pid!, "SIGSTOP");
  const holder = `stack ${stack.name} is in use: ${userInfo().username}@${hostname()}, process ${up.pid}, since 20`;
  const before = stack.containers();
  const running = failed(makeUp());
  expect(running).toContain(holder);
  expect(running).not.toContain("no such process");

  process.kill(-up.pid!, "SIGKILL");
  await ended;
  const killed = failed(makeUp());
  expect(killed).toContain(holder);
  expect(killed).toContain(`(this machine is called ${hostname()}, and has no such process)`);
  const wrong = failed(makeUp({ AWS_SECRET_ACCESS_KEY: "wrong" }));
  expect(wrong).toContain("nothing was changed: Pulumi cannot tell the state of");
  expect(wrong).toContain("SignatureDoesNotMatch");
  for (const [name, id] of before) expect(stack.containers().get(name)).toBe(id);

  const [, command] = /: (bin\/pulumi cancel .*)$/m.exec(killed)!;
  expect(command).toBe(`bin/pulumi cancel --yes --stack ${stack.name}`);
  succeeded(second("sh", ["-c", command!]));
  expect(succeeded(makeUp())).toContain(`interrupted in ${stack.name}:`);
  succeeded(second("node", ["operations/status.ts", "--stack", stack.name]));
  succeeded(stack.preview("--refresh", "--expect-no-changes"));
  // A preview that asks the host, as it does outside `local`, writes nothing into the bucket.
  const objects = () =>
    here.docker("exec", `${stack.name}-state`, "sh", "-c", "find /d/state -type f -exec sha256sum {} +");
  const stored = objects();
  expect(stored).toContain(`${stack.name}.json`);
  expect(succeeded(second("node", ["operations/preview.ts", "--stack", stack.name]))).toContain(
    "Nothing to change. The host was asked.",
  );
  expect(objects().split("\n").sort()).toEqual(stored.split("\n").sort());

  // Nothing is there twice, and nothing that the state does not know.
  const completed = stack.containers();
  succeeded(stack.makeUp());
  expect(stack.containers()).toEqual(completed);
  succeeded(second("pulumi", ["destroy", "--yes", "--skip-preview", "--non-interactive", "--stack", stack.name]));
  expect(stack.leftovers()).toEqual([]);
});
