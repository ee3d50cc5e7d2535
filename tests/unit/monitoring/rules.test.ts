/** The alerts by promtool, and Alertmanager's file by amtool: what `local` runs (toolchain/steps/prometheus-tools). */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { now, OVER } from "../../../operations/dashboard/questions.ts";
import { QUESTIONS } from "../../../operations/report/text.ts";
import { paced, ruleFiles } from "../../../systems/monitoring/rules.ts";
import { BEGIN, CASES, DAY, QUIET, type Case } from "./cases.ts";
import { fileOf, monitored, monitoringOf } from "./support.ts";

const folder = mkdtempSync(join(tmpdir(), "alerts-"));
afterAll(() => rmSync(folder, { recursive: true }));

function tool(name: string, ...args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(name, args, { encoding: "utf8", cwd: folder });
  if (status !== 0) throw new Error(error?.message ?? stdout + stderr);
  return stdout + stderr;
}

interface Rule {
  alert: string;
  annotations: { summary: string; command: string; runbook: string };
  labels: { severity: string };
}
const rules = ruleFiles().flatMap(({ text }) =>
  (parse(text) as { groups: { rules: Rule[] }[] }).groups.flatMap((group) => group.rules),
);

/** As promtool has it: what is quiet, and for some minutes what is wrong. */
function seriesOf(
  { wrong, minutes, over = 15 }: Pick<Case, "wrong" | "minutes" | "over">,
  length = BEGIN + minutes + over + 1,
) {
  const values = (value: number | string, length: number) =>
    value === "_" ? `stale _x${length - 1}` : typeof value === "number" ? `${value}x${length - 1}` : value;
  const changed = Object.entries(wrong).map(([series, value]) => {
    const quiet = QUIET[series] ?? "_";
    const [before, after] =
      typeof quiet === "string" && quiet !== "_"
        ? around(series, minutes)
        : [values(quiet, BEGIN), values(quiet, over + 1)];
    return { series, values: `${before} ${values(value, minutes)} ${after}` };
  });
  const others = Object.entries(QUIET).filter(([series]) => !(series in wrong));
  return [...changed, ...others.map(([series, value]) => ({ series, values: values(value, length) }))];
}

/** A quiet series that moves, before and after something wrong. */
function around(series: string, minutes: number): [string, string] {
  const after = BEGIN + minutes;
  if (series.startsWith("node_filesystem_avail")) return [`60-0.01x${BEGIN - 1}`, `58-0.01x${DAY}`];
  if (series.startsWith("container_cpu")) return [`0+1x${BEGIN - 1}`, `0+1x${DAY}`];
  if (series.startsWith("gunicorn")) return [`0+1x${BEGIN - 1}`, `2000+1x${DAY}`];
  if (series.includes("recoverable_until")) return [`0+60x${BEGIN - 1}`, `${after * 60}+60x${DAY}`];
  return [`0x${BEGIN - 1}`, `0x${DAY}`];
}

const FIRING = 'count by (alertname) (ALERTS{alertstate="firing", alertname!="Watchdog"})';
const firing = (minute: number, ...names: string[]) => ({
  expr: FIRING,
  eval_time: `${minute}m`,
  exp_samples: names.map((name) => ({ labels: `{alertname="${name}"}`, value: 1 })),
});
const title = ({ alert, what }: Case) => (what ? `${alert}, ${what}` : alert);

/** Runs promtool on these tests; throws what it found. */
function promtool(name: string, tests: object[], interval = "1m"): void {
  const files = ruleFiles().map((file) => file.name);
  for (const { name: file, text } of ruleFiles()) writeFileSync(join(folder, file), text);
  const file = { rule_files: files, evaluation_interval: interval, tests };
  writeFileSync(join(folder, `${name}.test.yml`), stringify(file, { aliasDuplicateObjects: false }));
  tool("promtool", "test", "rules", `${name}.test.yml`);
}

test("every alert has a case", () => {
  const proven = new Set([...CASES.map(({ alert }) => alert), "Watchdog", "RecoverableWindowShort"]);
  expect(rules.map(({ alert }) => alert).filter((alert) => !proven.has(alert))).toEqual([]);
  expect(rules.length).toBeGreaterThan(40);
});

test("a quiet day: nothing but the watchdog burns, at any minute", () => {
  const never = { ...firing(DAY), expr: 'count_over_time(ALERTS{alertstate="firing", alertname!="Watchdog"}[1d])' };
  const watchdog = { ...firing(DAY), expr: 'count(ALERTS{alertname="Watchdog"})', exp_samples: [{ labels: "{}", value: 1 }] };
  promtool("quiet", [
    { interval: "1m", input_series: seriesOf({ wrong: {}, minutes: 1 }, DAY + 1), promql_expr_test: [never, watchdog] },
  ]);
}); // prettier-ignore

// In one process: each start of it costs more than a case. It names those that fail.
test("whatever is wrong, its alert alone burns, and ends when that is over", () => {
  promtool(
    "cases",
    CASES.map((one) => {
      const { alert, minutes, over = 15, also = [] } = one;
      const end = BEGIN + minutes;
      return {
        ...{ name: title(one), interval: "1m", input_series: seriesOf(one) },
        promql_expr_test: [firing(BEGIN - 1), firing(end - 1, alert, ...also), firing(end + over)],
      };
    }),
  );
});

test("RecoverableWindowShort, of a host that has backups for two days", () => {
  const series = (age: string) => [
    { series: 'declared_recoverable_window_seconds{system="protea"}', values: "86400x100" },
    { series: 'robotoff_protea_backup_timestamp_seconds{system="protea"}', values: age },
    { series: 'robotoff_protea_backup_oldest_timestamp_seconds{system="protea"}', values: "0+3600x100" },
  ];
  const at = (hour: number, ...names: string[]) => ({ ...firing(hour * 60, ...names), expr: FIRING.replace('!="Watchdog"', '="RecoverableWindowShort"') }); // prettier-ignore
  const young = { interval: "1h", input_series: series("10000+3600x100"), promql_expr_test: [at(40)] };
  promtool("window", [young, { ...young, promql_expr_test: [at(60, "RecoverableWindowShort")] }], "1h");
});

test("QueueGrows is not told before two hours are known", () => {
  const queue = 'rabbitmq_detailed_queue_messages_ready{system="protea", queue="protea.jobs"}';
  const keys = 'redis_key_size{system="robotoff", key="rq:queue:robotoff-low"}';
  const asked = { series: 'redis_up{system="robotoff"}', values: "1x300" };
  const grows = (minute: number, count: number) => ({
    ...{ expr: 'count(ALERTS{alertname="QueueGrows", alertstate="firing"})', eval_time: `${minute}m` },
    exp_samples: count === 0 ? [] : [{ labels: "{}", value: count }],
  });
  const series = [queue, keys].map((series) => ({ series, values: "5x300" }));
  const promql_expr_test = [grows(60, 0), grows(119, 0), grows(135, 2)];
  promtool("grows", [{ interval: "1m", input_series: [...series, asked], promql_expr_test }]);
});

test("a deployment of another image, and a service with a container less: nothing is told, and every rule is evaluated", () => {
  const of = (n: number) => `system="protea", service="worker", name="protea-worker-${n}"`;
  const declared = (n: number, image: string, values: string) => ({ series: `declared_container_memory_bytes{${of(n)}, image="${image}", kind="service"}`, values });
  const seen = (n: number, image: string, values: string) => ["container_last_seen", "container_spec_memory_limit_bytes", "container_memory_max_usage_bytes"].map((name) => ({ series: `${name}{${of(n)}, image="${image}"}`, values }));
  // What was declared ends without a mark, as it does when Prometheus is made anew; containers' measurements end with one.
  const input_series = [
    ...[declared(1, "a", "100x19"), declared(1, "b", "_x19 100x30"), declared(2, "a", "100x19")],
    ...[...seen(1, "a", "100x19 stale"), ...seen(1, "b", "_x19 100x30"), ...seen(2, "a", "100x19 stale")],
    { series: 'redis_memory_used_bytes{system="robotoff", service="redis"}', values: "90x50" },
    { series: 'declared_container_memory_bytes{system="robotoff", service="redis", name="redis", image="a", kind="service"}', values: "1000x50" },
    { series: 'container_last_seen{system="robotoff", service="redis", name="redis", image="a"}', values: "1x50" },
    ...[{ series: 'up{job="cadvisor"}', values: "1x50" }, { series: "node_vmstat_oom_kill", values: "3x50" }],
  ];
  const minutes = [18, 20, 21, 22, 23, 24, 25, 26, 40];
  promtool("deployment", [{ interval: "1m", input_series, promql_expr_test: minutes.map((minute) => firing(minute)) }]);
}); // prettier-ignore

test("a question that fails now and then does not begin the wait anew", () => {
  const api = 'system="robotoff", service="api", name="robotoff_api_1"';
  const declared = { series: `declared_container_memory_bytes{${api}, image="robotoff:1", kind="service"}`, values: "100000000x60" };
  // Every fifth minute nothing is measured.
  const measured = (series: string, value: number) => ({
    ...{ series: `${series}{${api}, image="robotoff:1"}`, values: `${`${value} `.repeat(4)}stale `.repeat(12) },
  });
  const burning = ["ContainerNearMemoryLimit", "ContainerNotAsDeclared", "ContainerUnhealthy"];
  const health = measured("container_health_state", 0);
  const limit = measured("container_spec_memory_limit_bytes", 200_000_000);
  const memory = measured("container_memory_working_set_bytes", 199_000_000);
  const seen = measured("container_last_seen", 1);
  promtool("gaps", [{ interval: "1m", input_series: [declared, health, limit, memory, seen], promql_expr_test: [firing(20, ...burning)] }]);
}); // prettier-ignore

test.each(["local", "staging", "production"] as const)("%s: promtool and amtool take the files", (name) => {
  const stack = monitored(name, {
    "monitoring:deadManSwitch": "https://hc.example.org/1",
    "monitoring:receivers": { webhook: "https://a.example.org/" },
  });
  mkdirSync(join(folder, name, "rules"), { recursive: true });
  const { files } = monitoringOf(stack).services.find((service) => service.name === "prometheus")!;
  for (const { path, content } of files)
    writeFileSync(
      join(folder, name, path.replace("/etc/prometheus/", "")),
      content.replaceAll("/etc/prometheus", join(folder, name)),
    );
  expect(tool("promtool", "check", "config", `${name}/prometheus.yml`)).toContain("8 rule files found");
  writeFileSync(join(folder, "alertmanager.yml"), fileOf(stack, "alertmanager", "alertmanager.yml"));
  expect(tool("amtool", "check-config", "alertmanager.yml")).toContain("SUCCESS");
  const routed = (...labels: string[]) =>
    tool("amtool", "config", "routes", "test", "--config.file=alertmanager.yml", ...labels).split("\n")[0];
  expect(routed("alertname=DiskFull", "severity=critical")).toBe("people");
  expect(routed("alertname=Watchdog")).toBe("dead-man-switch");
});

test.each([
  ["report", QUESTIONS],
  ["dashboard, now,", now("7d")],
  ["dashboard, over time,", OVER],
])("what make %s asks is PromQL", (_, asked) => {
  const questions = Object.entries(asked).map(([name, expr]) => ({ record: `asked_${name}`, expr }));
  writeFileSync(join(folder, "report.yml"), stringify({ groups: [{ name: "report", rules: questions }] }));
  expect(tool("promtool", "check", "rules", "report.yml")).toContain(`SUCCESS: ${questions.length} rules found`);
});

test("in another pace everything waits and looks back accordingly", () => {
  const text =
    "        for: 6m\n        keep_firing_for: 3m\n expr: a[10m] > b[1d:1m] offset 2d and x[2h:] and y offset 2h\n";
  expect(paced(text, 1_000)).toBe(
    "        for: 24s\n        keep_firing_for: 12s\n expr: a[40s] > b[1d:1m] offset 2d and x[480s:] and y offset 480s\n",
  );
  expect(paced(text, 15_000)).toBe(text);
});

describe("docs/runbooks.md", () => {
  const text = readFileSync("docs/runbooks.md", "utf8");
  const anchors = new Set([...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => heading!.toLowerCase().replace(/[^\w -]/g, "").replaceAll(" ", "-"))); // prettier-ignore
  const targets = new Set(
    [...readFileSync("Makefile", "utf8").matchAll(/^([a-z-]+):.* ## /gm)].map(([, name]) => name),
  );

  test.each(rules.map((rule) => [rule.alert, rule] as const))(
    "%s: its link leads to its section, and one types what exists",
    (alert, { annotations }) => {
      const { command, runbook } = annotations;
      expect(runbook).toBe(`docs/runbooks.md#${alert.toLowerCase()}`);
      expect(anchors).toContain(alert.toLowerCase());
      if (command.startsWith("make ")) expect(targets).toContain(command.split(" ")[1]);
      const section = text.split(`### ${alert}\n`)[1]!.split("\n### ")[0]!;
      expect(section).toMatch(/`[^`]+`/);
    },
  );

  test("and no section is of an alert that is gone", () => {
    const [, list] = text.split("\n## When an alert comes\n");
    const sections = [...list!.matchAll(/^### (\w+)$/gm)].map(([, name]) => name);
    expect(sections.sort()).toEqual(rules.map(({ alert }) => alert).sort());
  });
});
