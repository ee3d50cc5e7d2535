/**
 * Staging and production, each on a host over SSH: every daily command, its backups by cron as the user who may only use Docker, what was
 * deployed and the way back, a moment that is gone back to, and the whole of its engine's data lost while both systems are written to: one
 * `make up` there, and everything is back. `-t staging`: that one alone.
 */
import { setTimeout as pause } from "node:timers/promises";
import { failed, succeeded } from "../engine/host.ts";
import type { Lab } from "../hosts/lab.ts";
import { Rehearsal, STACKS, type StackName } from "../hosts/rehearsal.ts";
import { until } from "../http.ts";
import { Contents, SYSTEMS } from "./contents.ts";

let lab: Lab;
let rehearsal: Rehearsal;

const CONTAINERS = { robotoff: ["robotoff_", "_1"], protea: ["protea-", "-1"] } as const;

/** What one types (docs/runbooks.md), and something of what it prints, on success. */
const COMMANDS: [string, string[], RegExp][] = [
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
  ["urls", [], /make open STACK=/],
  ["checkpoint", ["NAME=before-walk"], /checkpoint before-walk/],
  ["backups", [], /recoverable from/],
  ["verify", ["SYSTEM=robotoff"], /is what was backed up/],
  ["deployments", [], /the first/],
  ["topology", [], /graph|flowchart/],
];
/** Whether there is a Triton. */
const TRITON: Record<StackName, boolean> = { staging: true, production: false };

beforeAll(async () => {
  ({ lab, rehearsal } = await Rehearsal.forTest("staging", "production"));
}, 600_000);

afterAll(() => lab.down());

describe.each(Object.entries(STACKS) as [StackName, (typeof STACKS)[StackName]][])("%s, on %s", (stack, host) => {
  let contents: Contents;
  const make = (target: string, ...variables: string[]) => rehearsal.make(target, stack, ...variables);
  const on = (...words: string[]) => lab.on(host, ...words);
  /** The newest of each system: older ones go when there are more than are kept. */
  const newest = () => SYSTEMS.map((system) => on("readlink", `/srv/backups/${system}/latest`));

  beforeAll(() => {
    contents = new Contents(
      (system, service) => [...lab.rootOn(host), "docker", "exec", CONTAINERS[system].join(service)],
      ([, , , , , ...words]) => on(...words),
    );
    succeeded(make("up"));
    contents.fill();
  }, 900_000);

  test.each(COMMANDS)(
    "make %s %j on the host",
    (target, variables, printed) => {
      expect(succeeded(make(target, ...variables))).toMatch(printed);
    },
    300_000,
  );

  test("make status SERVICE=triton: where there is one", () => {
    const outcome = make("status", "SERVICE=triton");
    if (TRITON[stack]) expect(succeeded(outcome)).toContain("as declared");
    else expect(failed(outcome)).toContain('no service "triton"');
  });

  test("make status HEALTH=1 says what Robotoff's backends answer it, and fails for the one that is nobody's here", () => {
    const said = failed(make("status", "HEALTH=1"));
    expect(said).toMatch(/postgres +passed/);
    expect(said).toMatch(/mongodb +passed/);
    expect(said).toMatch(/influxdb +failed/);
  });

  test("make gpu says that there is none, and where", () => {
    expect(failed(make("gpu"))).toContain(`there is no nvidia-smi on ${host}`);
  });

  test("digests into the stack file, and deployed; back without a registry, and past a migration only when told", () => {
    const before = rehearsal.text(stack);
    succeeded(make("digests"));
    expect(rehearsal.text(stack)).toMatch(/protea: ghcr\.io\/frapercan\/protea:0\.3\.0@sha256:[0-9a-f]{64}/);
    succeeded(make("up"));
    expect(succeeded(make("digests"))).toContain("each at its tag's digest");
    expect(succeeded(make("deployments"))).toMatch(/\d+ settings, \d+ containers +here/);
    lab.registry();
    try {
      expect(failed(make("rollback"))).toMatch(/nothing was changed: since \S+ a migration ran of robotoff and protea/);
      succeeded(make("rollback", "MIGRATED=1"));
    } finally {
      lab.registry({});
    }
    expect(rehearsal.text(stack)).toBe(before);
    expect(succeeded(make("status"))).toContain("as declared");
  }, 900_000);

  test("the schedule is the user's own, by cron, without root: at its time there is a backup of each system", async () => {
    const lines = on("crontab", "-l", "-u", "off");
    expect(lines).toContain("15 03 * * *");
    // The same lines, due at once: nobody waits for a quarter past three.
    const before = newest();
    const due = lines.replaceAll("15 03 * * *", "* * * * *");
    on("sh", "-c", 'printf "%s\\n" "$0" | crontab -u off -', due);
    try {
      await until("cron has made them", 240, () => newest().every((one, n) => one !== before[n]));
    } finally {
      on("sh", "-c", 'printf "%s\\n" "$0" | crontab -u off -', lines);
    }
    await pause(20_000);
    expect(succeeded(make("backups"))).toContain("quick");
    succeeded(make("verify", "DEEP=1"));
  }, 900_000);

  test("to a moment before a bad DELETE, and nothing after it", () => {
    const kept = "select count(*), md5(string_agg(word, ',' order by id)) from kept";
    const before = contents.query("protea", kept);
    const at = contents.query(
      "protea",
      "select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')",
    );
    contents.query("protea", "alter table kept disable trigger all; delete from kept where id % 2 = 0");
    succeeded(make("restore", "SYSTEM=protea", `AT=${at}`));
    expect(contents.query("protea", kept)).toBe(before);
  }, 600_000);

  test("its engine's data is lost while both systems are written to: one make up, and everything is back", async () => {
    succeeded(make("backup"));
    const before = contents.seen();
    const writers = SYSTEMS.map((system) => contents.writer(system));
    await pause(10_000);
    await lab.off(host);
    lab.loseData(host);
    lab.start(host);
    await lab.answers(host);
    // What is not this program's: the networks of others, and their server in one. No volume is made by hand.
    expect(failed(make("up"))).toContain("the network po_webnet does not exist");
    rehearsal.furnishNetworks(stack);
    const begun = Date.now();
    succeeded(make("up"));
    const took = (Date.now() - begun) / 1_000;
    expect(succeeded(make("status"))).toContain("as declared");
    expect(contents.seen()).toEqual(before);
    for (const { committed } of writers) expect(committed.length).toBeGreaterThan(50);
    const lines = writers.map((written) => contents.told(written));
    console.log([`one make up on the empty host, its images pulled: ${took.toFixed(1)} s`, ...lines].join("\n"));
  }, 1_800_000);
});
