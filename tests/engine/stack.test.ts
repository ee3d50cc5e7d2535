/** Both systems on a real engine: one deployment, in the order of its life. Each topic is a file of its own. */
import { readFileSync } from "node:fs";
import { standInTag } from "../../images/builder/tag.ts";
import { applications } from "./topics/applications.ts";
import { compose } from "./topics/compose.ts";
import { robotoff } from "./topics/robotoff.ts";
import { drift } from "./topics/drift.ts";
import { changes } from "./topics/changes.ts";
import { frontendOf, previews } from "./topics/previews.ts";
import { databaseOperations } from "./topics/operations-db.ts";
import { diskOperations } from "./topics/operations-disk.ts";
import { accessOperations } from "./topics/operations-access.ts";
import { queuesOperations } from "./topics/operations-queues.ts";
import { runOperation } from "./topics/operations-run.ts";
import { PLANTED, Processes, secrets } from "./topics/secrets.ts";
import { security } from "./topics/security.ts";
import { servicesOperations } from "./topics/operations-services.ts";
import { rotation } from "./topics/rotation.ts";
import { runbooks } from "./topics/runbooks.ts";
import { succeeded } from "./host.ts";
import { TestStack } from "./stack.harness.ts";

let stack: TestStack;
/** Command lines of what ran while it came up. */
let processes = "";
const bystander = `bystander-${process.pid}`;

beforeAll(async () => {
  stack = await TestStack.create(["robotoff", "protea"]);
  stack.secret(PLANTED.key, PLANTED.value);
  stack.docker("tag", standInTag("images/protea-frontend"), frontendOf(stack));
  const images = stack.config["protea:images"] as Record<string, unknown>;
  stack.config["protea:images"] = { ...images, frontend: frontendOf(stack) };
  // Somebody else's objects, one of them in a Compose project of a similar name.
  stack.docker("volume", "create", ...stack.marked, bystander);
  const label = [...stack.marked, "--label", `com.docker.compose.project=${stack.name}`];
  stack.docker(
    "run",
    "--detach",
    "--name",
    bystander,
    ...label,
    "--volume",
    `${bystander}:/data`,
    standInTag("images/redis"),
    "sleep",
    "infinity",
  );
});

afterAll(() => {
  stack.remove();
});

test("from nothing to all healthy", () => {
  const running = new Processes(stack);
  succeeded(stack.up());
  processes = running.end();
  const states = [...stack.containers().keys()].map((name) => {
    const state = stack.docker(
      "inspect",
      "--format",
      "{{.State.Status}} {{.State.ExitCode}} {{if .State.Health}}{{.State.Health.Status}}{{end}}",
      name,
    );
    return `${name.replace(stack.name, "T")}: ${state}`;
  });
  const jobs = [
    "T-robotoff_migrate_1",
    "T-robotoff_checkout_1",
    "T-robotoff_init-elasticsearch_1",
    "T-protea-extension-1",
    "T-protea-queues-1",
    "T-protea-bucket-1",
    "T-protea-migrate-1",
  ];
  expect(states.filter((line) => !line.endsWith("running 0 healthy")).sort()).toEqual(
    jobs.map((name) => `${name}: exited 0`).sort(),
  );
  expect(states).toHaveLength(29);
});

test("a second up changes nothing, and neither does a refreshed preview", () => {
  succeeded(stack.up("--expect-no-changes"));
  succeeded(stack.preview("--refresh", "--expect-no-changes"));
});

test("make status agrees, and the README's picture is that of the resource graph", () => {
  expect(succeeded(stack.operation("status"))).toContain("29 containers, all as declared");
  const picture = /```mermaid\n([^`]*)\n```/.exec(readFileSync("README.md", "utf8"))?.[1];
  expect(succeeded(stack.operation("topology")).trim()).toBe(picture);
});

test("data ports are on loopback only", () => {
  const addresses = [...stack.containers().keys()].flatMap((name) =>
    stack
      .docker(
        "inspect",
        "--format",
        "{{range $p, $b := .HostConfig.PortBindings}}{{range $b}}{{.HostIp}} {{end}}{{end}}",
        name,
      )
      .split(" ")
      .filter(Boolean),
  );
  expect(addresses.length).toBeGreaterThan(10);
  expect(new Set(addresses)).toEqual(new Set(["127.0.0.1"]));
});

security(() => stack);
secrets(
  () => stack,
  () => processes,
);
compose(() => stack);
applications(() => stack);
robotoff(() => stack);
databaseOperations(() => stack);
diskOperations(() => stack);
changes(() => stack);
servicesOperations(() => stack);
queuesOperations(() => stack);
runOperation(() => stack);
accessOperations(() => stack);
runbooks(() => stack);
drift(() => stack);
previews(() => stack);
rotation(() => stack);

test("destroy leaves nothing of ours and touches nothing of others", () => {
  succeeded(stack.pulumi("destroy", "--yes", "--skip-preview", "--stack", stack.name));
  expect(stack.leftovers()).toEqual([]);
  expect(stack.docker("inspect", "--format", "{{.State.Status}}", bystander)).toBe("running");
  expect(stack.docker("volume", "inspect", "--format", "{{.Name}}", bystander)).toBe(bystander);
});
