/** PROTEA, as its own compose file runs it, comes under this program on a host; tests/faults/adopt.test.ts is both systems, and kills. */
import { setTimeout as pause } from "node:timers/promises";
import { failed, succeeded } from "../engine/host.ts";
import { compose, composed, Kept } from "./composed.ts";
import type { Lab } from "./lab.ts";
import { Rehearsal } from "./rehearsal.ts";

let lab: Lab;
let rehearsal: Rehearsal;
let kept: Kept;
const HOST = "ovh200";
const adopt = (...variables: string[]) => rehearsal.make("adopt", "staging", "SYSTEM=protea", ...variables);

beforeAll(async () => {
  ({ lab, rehearsal } = await Rehearsal.forTest("staging"));
  compose(lab, HOST, "protea");
  kept = new Kept(lab, HOST, ["protea"]);
  kept.fill();
});

afterAll(() => lab.down());

/** The servers' containers in the order in which they came into compose's network, or left it. */
function inComposes(action: "connect" | "disconnect"): string[] {
  const events = lab
    .on(HOST, "cat", JOINED)
    .trim()
    .split("\n")
    .map((line) => line.split(" "));
  const ids = events.filter(([what]) => what === action).map(([, id]) => id!);
  const name = (id: string) => lab.on(HOST, "docker", "inspect", "--format", "{{.Name}}", id).trim().slice(1);
  const there = new Set(lab.on(HOST, "docker", "ps", "--all", "--quiet", "--no-trunc").trim().split("\n"));
  return [...new Set(ids.filter((id) => there.has(id)).map(name))];
}
const JOINED = "/tmp/joined";

const containers = () => lab.on(HOST, "docker", "ps", "--all", "--format", "{{.ID}} {{.Names}}");

test("what is in the way is told at once, and nothing is changed", () => {
  lab.on(HOST, "docker", "stop", "protea-minio-1");
  composed(lab, HOST, "protea", "run", "--detach", "--name", "somebodys", "api", "sleep", "600");
  lab.on(HOST, "docker", "run", "--detach", "--name", "tool", "--label", "com.docker.compose.project=protea", "--label", "com.docker.compose.service=tool", "--entrypoint", "sleep", "10.1.0.1:5000/docker.io/library/redis:7.0.5-alpine", "600"); // prettier-ignore
  const [before, text] = [containers(), rehearsal.text("staging")];
  const told = failed(adopt());
  expect(told).toContain("checks, before any change, found:");
  expect(told).toContain("tool runs in the compose project, and no declared service stands for it");
  expect(told).toContain("protea-minio-1 is exited: it has data");
  expect([containers(), rehearsal.text("staging")]).toEqual([before, text]);
  lab.on(HOST, "docker", "rm", "--force", "tool", "somebodys");
  lab.on(HOST, "docker", "start", "protea-minio-1");
});

test("it is killed while it hands over, goes on, and everything is there, on the same volumes; then there is a way back", async () => {
  const [before, made] = [kept.seen(), kept.made()];
  const events =
    "docker events --filter type=network --filter network=protea_default --format '{{.Action}} {{.Actor.Attributes.container}}'";
  lab.on(HOST, "sh", "-c", `nohup ${events} > ${JOINED} 2>&1 &`);
  const begun = rehearsal.begin("adopt", "staging", "SYSTEM=protea");
  // The worst moment: renamed, and not stopped yet, with its ports.
  while (!containers().includes("protea-rabbitmq-1-set-aside-") && begun.process.exitCode === null) await pause(200);
  process.kill(-begun.process.pid!, "SIGKILL");
  await begun.ended;

  const said = succeeded(adopt());
  expect(said).toMatch(/^protea-frontend-1 +(\d+\.\d s|not seen: before this run)$/m);
  expect(said).toContain("no drift: the host has what is declared");
  succeeded(rehearsal.make("preview", "staging", "SYSTEM=protea", "ARGS=--expect-no-changes"));
  // Who was not handed over yet found them, and nobody finds them there now.
  const servers = ["postgres", "rabbitmq", "minio", "api"].map((name) => `protea-${name}-1`);
  expect(inComposes("connect")).toEqual(expect.arrayContaining(servers));
  expect(inComposes("disconnect")).toEqual(expect.arrayContaining(servers));
  const inside = lab.on(HOST, "docker", "network", "inspect", "--format", "{{range .Containers}}{{.Name}} {{end}}", "protea_default"); // prettier-ignore
  expect(inside).toContain("protea-worker-jobs-1");
  for (const server of servers) expect(inside).not.toContain(server);
  kept.adoptedBy(rehearsal);
  expect(kept.seen()).toEqual(before);
  expect(kept.made()).toEqual(expect.arrayContaining(made));
  expect(succeeded(rehearsal.make("backups", "staging", "SYSTEM=protea"))).toContain("quick");

  succeeded(adopt("BACK=1"));
  kept.wentBack();
  expect(kept.seen()).toEqual(before);
  expect(lab.on(HOST, "docker", "inspect", "--format", "{{.HostConfig.RestartPolicy.Name}}", "protea-api-1").trim()).toBe("no"); // prettier-ignore
  expect(containers()).not.toContain("set-aside");
}, 400_000);
