/** A team's backend, a bucket: who works with the stack is told, an `up` that was killed in one checkout is completed in another. */
import { cpSync, globSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { hostname, userInfo } from "node:os";
import { join } from "node:path";
import { PASSPHRASE } from "../../operations/readable/backend.ts";
import { standInTag } from "../../images/builder/tag.ts";
import { until } from "../http.ts";
import { here } from "./host.ts";
import { folderOf, nameOf } from "./leftovers.ts";
import { failed, run, succeeded, TestStack, type Outcome } from "./stack.harness.ts";

const PASSWORD = "hunter2-hunter2";
const APPLICATIONS = ["api", "frontend", "worker-embeddings-batch", "worker-embeddings-write",
  "worker-jobs", "worker-ping", "worker-predictions-batch", "worker-predictions-write", "worker-reaper"]; // prettier-ignore

let stack: TestStack;
/** Of a second person: the same backend and passphrase, and nothing else in common. */
let folder: string;
/** Of the MinIO. */
let port: number;

function second(command: string, args: string[], environment = {}): Outcome {
  return run(command, args, { ...stack.environment, ...environment }, folder);
}

/** Arguments of docker that run MinIO's client, which knows the server as s, in a shell. */
const mc = (line: string) => {
  const alias = ["--env", `MC_HOST_s=http://team:${PASSWORD}@127.0.0.1:9000`, "--entrypoint", "sh"];
  return [
    "run",
    "--rm",
    "--network",
    `container:${stack.name}-state`,
    ...stack.marked,
    ...alias,
    standInTag("images/mc"),
    "-c",
    line,
  ];
};
const backend = (bucket: string) =>
  `s3://${bucket}?endpoint=http://127.0.0.1:${port}&s3ForcePathStyle=true&region=us-east-1`;

const makeUp = (environment = {}) =>
  second("node", ["operations/up.ts", "--stack", stack.name, "--", "--non-interactive"], environment);

beforeAll(async () => {
  stack = await TestStack.create(["protea"]);
  // Stacks count from 1.
  folder = folderOf(`${nameOf(process.pid)}n0`);
  // But for the one that there must be.
  for (const service of APPLICATIONS) stack.change("protea", service, { replicas: 0 });
  [port] = (await here.freePorts(1)) as [number];
  const server = ["--env", "MINIO_ROOT_USER=team", "--env", `MINIO_ROOT_PASSWORD=${PASSWORD}`];
  const published = ["--name", `${stack.name}-state`, "--publish", `127.0.0.1:${port}:9000`];
  here.docker("run", "--detach", ...published, ...stack.marked, ...server, standInTag("images/minio"), "server", "/d");
  await until(
    "the bucket is made",
    60,
    () => here.tryDocker(...mc("mc mb --ignore-existing s/state s/readable")).code === 0,
  );
  Object.assign(stack.environment, {
    PULUMI_BACKEND_URL: backend("state"),
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
});

test("a preview by who may only read a copy of the state, without secrets, says what the team's says", () => {
  const reading = JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Action: ["s3:ListBucket", "s3:GetObject"],
        Resource: ["arn:aws:s3:::readable", "arn:aws:s3:::readable/*"],
      },
    ],
  });
  here.docker(
    ...mc(
      `echo '${reading}' > /tmp/policy && mc admin policy create s reader /tmp/policy && ` +
        `mc admin user add s reader ${PASSWORD} && mc admin policy attach s reader --user reader`,
    ),
  );
  const to = ["--to", backend("readable")];
  expect(succeeded(stack.operation("readable", ...to))).toContain("its state without secrets is in s3://readable\n");
  // Again, in the place of the first.
  succeeded(stack.operation("readable", ...to));

  stack.change("protea", "minio", { memory: "600m" });
  stack.change("protea", "postgres", { environment: { TZ: "Europe/Paris" } });
  const file = (name: string) => join(stack.folder, `${name}.md`);
  succeeded(stack.operation("preview", "--markdown", file("team")));
  const reader = {
    ...{ PULUMI_BACKEND_URL: backend("readable"), AWS_ACCESS_KEY_ID: "reader", AWS_SECRET_ACCESS_KEY: PASSWORD },
    ...{ WITHOUT_SECRETS: "1", PULUMI_SKIP_UPDATE_CHECK: "1" },
  };
  const args = ["operations/preview.ts", "--stack", stack.name, "--markdown", file("reader")];
  succeeded(run("node", args, reader, stack.folder));
  const text = readFileSync(file("team"), "utf8");
  expect(text).toContain("TZ");
  expect(readFileSync(file("reader"), "utf8")).toBe(text);

  const asReader = { ...reader, PULUMI_CONFIG_PASSPHRASE: PASSPHRASE };
  const exporting = ["stack", "export", "--show-secrets", "--stack", stack.name];
  const values = (exported: string) => exported.match(/(?<=\\")[0-9a-f]{32}(?=\\")/g) ?? [];
  const secrets = new Set(values(succeeded(stack.pulumi(...exporting))));
  expect(secrets.size).toBeGreaterThan(2);
  const read = succeeded(run("pulumi", exporting, asReader, folder));
  for (const secret of secrets) expect(read).not.toContain(secret);
  const write = ["stack", "import", "--stack", stack.name, "--file", file("state")];
  writeFileSync(file("state"), read);
  expect(failed(run("pulumi", write, asReader, folder))).toContain("AccessDenied");
});

test("it ends with nothing left", () => {
  succeeded(second("pulumi", ["destroy", "--yes", "--skip-preview", "--non-interactive", "--stack", stack.name]));
  expect(stack.leftovers()).toEqual([]);
});
