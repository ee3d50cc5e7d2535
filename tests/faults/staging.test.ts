/**
 * Staging on a host over SSH: every daily command, its backups by cron as the user who may only use Docker, a moment that is gone back to,
 * and the whole of its engine's data lost while both systems are written to: one `make up` there, and everything is back.
 */
import { setTimeout as pause } from "node:timers/promises";
import { failed, succeeded } from "../engine/host.ts";
import type { Lab } from "../hosts/lab.ts";
import { Rehearsal } from "../hosts/rehearsal.ts";
import { until } from "../http.ts";
import { Contents, SYSTEMS } from "./contents.ts";

let lab: Lab;
let rehearsal: Rehearsal;
let contents: Contents;

const CONTAINERS = { robotoff: ["robotoff_", "_1"], protea: ["protea-", "-1"] } as const;
const backups = () => Number(lab.on("ovh200", "sh", "-c", "ls -d /srv/backups/*/2*Z | wc -l"));

beforeAll(async () => {
  ({ lab, rehearsal } = await Rehearsal.forTest("staging"));
  contents = new Contents(
    (system, service) => [...lab.rootOn("ovh200"), "docker", "exec", CONTAINERS[system].join(service)],
    ([, , , , , ...words]) => lab.on("ovh200", ...words),
  );
  succeeded(rehearsal.make("up", "staging"));
  contents.fill();
}, 900_000);

afterAll(() => lab.down());

/** What one types (docs/runbooks.md), and something of what it prints. */
test.each<[string, string[], RegExp]>([
  ["status", [], /as declared/],
  ["why", [], /as declared/],
  ["logs", ["SYSTEM=robotoff", "SERVICE=api", "TAIL=5"], /worker/],
  ["logs", ["SYSTEM=robotoff", "SERVICE=api", "TAIL=5", "PLAIN=1"], /\n/],
  ["stop", ["SYSTEM=protea", "APPS=1"], /protea-api-1 +Stopped/],
  ["start", ["SYSTEM=protea", "APPS=1"], /protea-api-1 +(Healthy|Started)/],
  ["restart", ["SYSTEM=robotoff", "SERVICE=scheduler"], /robotoff_scheduler_1 +Started/],
  ["scale", ["SYSTEM=protea", "SERVICE=worker-embeddings-batch", "N=+1"], /protea/],
  ["queues", [], /protea\.embeddings +0 +1 +1/],
  ["letters", [], /protea\.dead-letter: 2000 messages/],
  ["run", ["SYSTEM=robotoff", "SERVICE=worker-1", "CMD=rq info"], /8 workers/],
  ["db", [], /kept/],
  ["jobs", [], /OPERATION/],
  ["password", ["SERVICE=rabbitmq", "SHOW=1"], /^[0-9a-f]{24}$/m],
  ["disk", [], /protea_postgres_data/],
  ["reclaim", [], /nothing to reclaim|removed|freed/],
  ["compose", ["OUT=-"], /services:/],
  ["urls", [], /make open STACK=staging/],
  ["checkpoint", ["NAME=before-walk"], /checkpoint before-walk/],
  ["backups", [], /recoverable from/],
  ["verify", ["SYSTEM=robotoff"], /is what was backed up/],
  ["deployments", [], /the first/],
  ["topology", [], /graph|flowchart/],
])(
  "make %s %j on the host",
  (target, variables, printed) => {
    expect(succeeded(rehearsal.make(target, "staging", ...variables))).toMatch(printed);
  },
  300_000,
);

test("make status HEALTH=1 says what Robotoff's backends answer it, and fails for the one that is nobody's here", () => {
  const said = failed(rehearsal.make("status", "staging", "HEALTH=1"));
  expect(said).toMatch(/postgres +passed/);
  expect(said).toMatch(/mongodb +passed/);
  expect(said).toMatch(/influxdb +failed/);
});

test("make gpu says that there is none, and where", () => {
  expect(failed(rehearsal.make("gpu", "staging"))).toContain("there is no nvidia-smi on ovh200");
});

test("the schedule is the user's own, by cron, without root: at its time there is a backup of each system", async () => {
  const lines = lab.on("ovh200", "crontab", "-l", "-u", "off");
  expect(lines).toContain("15 03 * * *");
  // The same lines, due at once: nobody waits for a quarter past three.
  const before = backups();
  const due = lines.replaceAll("15 03 * * *", "* * * * *");
  lab.on("ovh200", "sh", "-c", 'printf "%s\\n" "$0" | crontab -u off -', due);
  try {
    await until("cron has made them", 240, () => backups() >= before + 2);
  } finally {
    lab.on("ovh200", "sh", "-c", 'printf "%s\\n" "$0" | crontab -u off -', lines);
  }
  await pause(20_000);
  expect(succeeded(rehearsal.make("backups", "staging"))).toContain("quick");
  succeeded(rehearsal.make("verify", "staging", "DEEP=1"));
}, 900_000);

test("to a moment before a bad DELETE, and nothing after it", () => {
  contents.query("protea", "create table if not exists kept (id serial, word text)");
  const before = contents.query("protea", "select count(*), md5(string_agg(word, ',' order by id)) from kept");
  const at = contents.query(
    "protea",
    "select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')",
  );
  contents.query("protea", "alter table kept disable trigger all; delete from kept where id % 2 = 0");
  succeeded(rehearsal.make("restore", "staging", "SYSTEM=protea", `AT=${at}`));
  expect(contents.query("protea", "select count(*), md5(string_agg(word, ',' order by id)) from kept")).toBe(before);
}, 600_000);

test("its engine's data is lost while both systems are written to: one make up, and everything is back", async () => {
  succeeded(rehearsal.make("backup", "staging"));
  const before = contents.seen();
  const writers = SYSTEMS.map((system) => contents.writer(system));
  await pause(10_000);
  await lab.off("ovh200");
  lab.loseData("ovh200");
  lab.start("ovh200");
  await lab.answers("ovh200");
  // What is not this program's: the network of others, and their server in it. No volume is made by hand.
  expect(failed(rehearsal.make("up", "staging"))).toContain("the network po_webnet does not exist");
  rehearsal.furnishNetworks("staging");
  const begun = Date.now();
  succeeded(rehearsal.make("up", "staging"));
  const took = (Date.now() - begun) / 1_000;
  expect(succeeded(rehearsal.make("status", "staging"))).toContain("as declared");
  expect(contents.seen()).toEqual(before);
  for (const { committed } of writers) expect(committed.length).toBeGreaterThan(50);
  const lines = writers.map((written) => contents.told(written));
  console.log([`one make up on the empty host, its images pulled: ${took.toFixed(1)} s`, ...lines].join("\n"));
}, 1_800_000);
