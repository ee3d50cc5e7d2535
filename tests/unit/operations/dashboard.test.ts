// make dashboard: from what Prometheus answers to a page. The page itself is looked at by tests/engine/dashboard.test.ts.
import { createServer, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { writeFileSync } from "node:fs";
import { parse, stringify } from "yaml";
import { ask, moments, type Answers } from "../../../operations/dashboard/ask.ts";
import { backupRows } from "../../../operations/dashboard/backups.ts";
import {
  aligned,
  diskFigure,
  jobFigure,
  pageFigure,
  queueFigures,
  shown,
} from "../../../operations/dashboard/figures.ts";
import { html, json } from "../../../operations/dashboard/html.ts";
import { page } from "../../../operations/dashboard/page.ts";
import { now, OVER } from "../../../operations/dashboard/questions.ts";
import { runs, serviceRows } from "../../../operations/dashboard/services.ts";
import type { Labels, Line, Sample } from "../../../operations/prometheus/answers.ts";
import { Checkout } from "../support/checkout.ts";

const AT = Date.parse("2026-11-26T10:00:00Z") / 1_000;
const HOUR = 3_600;
const TIMES = [AT - 180, AT - 120, AT - 60, AT];
const none = <K extends string>(names: Record<K, string>) => Object.fromEntries(Object.keys(names).map((name) => [name, []])) as unknown as Record<K, never[]>; // prettier-ignore

/** Nothing was answered but this. */
function answered(current: Partial<Answers["now"]>, over: Partial<Answers["over"]> = {}, alerts: Answers["alerts"] = []): Answers {
  return { at: AT, back: "6h", times: TIMES, alerts, now: { ...none(now("6h")), ...current }, over: { ...none(OVER), ...over } };
} // prettier-ignore

const sample = (value: number, labels: Labels = {}): Sample => ({ labels, value });
/** A line's values at the moments; null: none. */
const line = (values: (number | null)[], labels: Labels): Line => ({
  labels,
  points: values.flatMap((value, index) => (value === null ? [] : [[TIMES[index]!, value] as [number, number]])),
});

test("whatever is put into a page is text, unless it is HTML already", () => {
  const hostile = `"><script>alert('&')</script>`;
  expect(html`<b title="${hostile}">${[html`<i>${1}</i>`, undefined, hostile]}</b>`.text).toBe(
    '<b title="&quot;&gt;&lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt;"><i>1</i>&quot;&gt;&lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt;</b>',
  );
  const { text } = json({ a: "</script><!--" });
  expect(text).toBe('<script type="application/json">{"a":"\\u003c/script>\\u003c!--"}</script>');
});

test("the moments of a time stay where they are, and are no finer than what is measured", () => {
  expect(moments(AT + 7, "1h")).toEqual(moments(AT, "1h"));
  expect(moments(AT, "1h")).toHaveLength(240);
  expect(moments(AT, "1h").slice(-2)).toEqual([AT - 15, AT]);
  const month = moments(AT, "30d");
  expect([month.length, month[1]! - month[0]!]).toEqual([240, 3 * HOUR]);
});

describe("services", () => {
  const api = { system: "robotoff", service: "api" };
  const two = ["a", "b"].map((name) => sample(100, { ...api, name }));
  const up = { running: two, health: two.map(({ labels }) => sample(1, labels)) };
  const over = {
    declared: [line([null, 2, 2, 2], api)],
    running: [line([null, 2, 1, 2], api)],
    unhealthy: [line([null, null, null, 1], api)],
  };
  const watched = [sample(1)];
  const row = (current: Partial<Answers["now"]>) =>
    serviceRows(answered({ declared: two, watched, ...current }, over))[0]!;

  test("all of its containers run, some are not healthy, some are down", () => {
    const rest = { system: "robotoff", service: "api", declared: 2 };
    expect(row(up)).toMatchObject({ ...rest, state: "up", running: 2, unhealthy: 0 });
    expect(row({ ...up, health: [sample(0, two[0]!.labels)] })).toMatchObject({ ...rest, state: "unhealthy", unhealthy: 1 });
    // -1: it has no health check.
    expect(row({ ...up, health: [sample(-1, two[0]!.labels)] })).toMatchObject({ ...rest, state: "up" });
    expect(row({ running: two.slice(1) })).toMatchObject({ ...rest, state: "down", running: 1 });
    // That who tells of it is away is nothing that is known of it.
    for (const watched of [[sample(0)], []]) expect(row({ watched })).toMatchObject({ ...rest, state: "unknown" });
  }); // prettier-ignore

  test("memory and restarts are of all of them; what was is by its worst, of what is known", () => {
    const memory = [sample(30, two[0]!.labels), sample(40, two[1]!.labels)];
    expect(row({ ...up, memory, restarts: [sample(3, api), sample(9, { ...api, service: "b" })] })).toMatchObject({
      ...{ memory: 70, limit: 200, restarts: 3 },
      ...{ strip: ["unknown", "up", "down", "unhealthy"], share: 1 / 3 },
    });
    expect(serviceRows(answered({ declared: two, ...up }))[0]).toMatchObject({ share: undefined, restarts: 0, memory: 0 });
  }); // prettier-ignore

  test("a long time is folded into sixty parts, of which each has its worst moment", () => {
    const times = Array.from({ length: 240 }, (_, index) => index);
    const points = (of: (at: number) => number) => [{ labels: api, points: times.map((at) => [at, of(at)] as [number, number]) }]; // prettier-ignore
    const answers = { ...answered({ declared: two }), times, over: { ...none(OVER), declared: points(() => 2), running: points((at) => (at === 7 ? 1 : 2)) } }; // prettier-ignore
    const { strip } = serviceRows(answers)[0]!;
    expect(strip).toHaveLength(60);
    expect(strip.flatMap((state, index) => (state === "up" ? [] : [`${index} ${state}`]))).toEqual(["1 down"]);
  });

  test("what is the same one after the other is one piece", () => {
    expect(runs(["up", "up", "down", "up"])).toEqual([
      { state: "up", from: 0, length: 2 },
      { state: "down", from: 2, length: 1 },
      { state: "up", from: 3, length: 1 },
    ]);
    expect(runs([])).toEqual([]);
  });
});

test("a line has a gap where nothing was measured", () => {
  expect(aligned(line([1, null, 3, null], {}), TIMES)).toEqual([1, null, 3, null]);
});

test("queues: a figure for each system, each queue with what waits and its workers; of PROTEA's how many are declared", () => {
  const protea = (queue: string) => ({ system: "protea", queue });
  const low = { system: "robotoff", queue: "robotoff-low" };
  const figures = queueFigures(
    answered(
      { waiting: [sample(5, protea("b")), sample(0, low)], workers: [sample(1, protea("b"))], wanted: [sample(2, protea("b"))] },
      { waiting: [line([1, 2, null, 5], protea("b")), line([7, 7, 7, 7], protea("a"))] },
    ),
  ); // prettier-ignore
  expect(figures.map(({ id, names }) => [id, names])).toEqual([
    ["queues-protea", ["a", "b"]],
    ["queues-robotoff", ["robotoff-low"]],
  ]);
  const [{ charts, beside }] = figures as [(typeof figures)[number]];
  expect(charts.map(({ now }) => now)).toEqual([
    [null, 5],
    [null, 1],
  ]);
  expect(charts[0]!.values).toEqual([
    [7, 7, 7, 7],
    [1, 2, null, 5],
  ]);
  expect(beside).toEqual([{ title: "declared", cells: ["-", "2"] }]);
});

test("jobs have a longest time, disks an end, pages a share that is not rounded up", () => {
  const jobs = [sample(2, { status: "running" }), sample(0, { status: "queued" })];
  expect(jobFigure(answered({ jobs, jobTimeout: [sample(6 * HOUR)] })).beside![0]!.cells).toEqual(["-", "6 h"]);
  expect(jobFigure(answered({ jobs })).beside).toBeUndefined();
  const root = { mountpoint: "/" };
  const disk = { disks: [sample(100, root)], free: [sample(25, root), sample(1, { mountpoint: "/run" })], size: [sample(100, root)] };
  const { charts, names, beside } = diskFigure(answered({ ...disk, trend: [sample(-25 / (5 * HOUR), root)] }));
  expect([names, charts[0]!.now, beside!.map(({ cells }) => cells)]).toEqual([["/"], [0.75], [["25 B of 100 B"], ["in 5 h"]]]);
  const api = { system: "protea", service: "api" };
  const pages = pageFigure(answered({ pages: [sample(0.99999, api)] }, { pages: [line([0.1, 0.2, 0.3, 0.4], api), line([1, 1, 1, null], { system: "a", service: "b" })] }));
  expect(pages.names).toEqual(["a b", "protea api"]);
  // Of what no longer answers nothing is told as if it were now.
  expect(pages.charts[0]!.now).toEqual([null, 0.4]);
  expect(pages.beside![0]!.cells).toEqual(["-", "99.99 %"]);
}); // prettier-ignore

test.each([
  ["count", 3, "3"],
  ["count", null, "-"],
  ["share", 0.256, "25.6 %"],
  ["seconds", 0.0551, "55 ms"],
  ["seconds", 12.34, "12.3 s"],
  ["seconds", 7_200, "2 h"],
] as const)("%s %p is %p", (unit, value, text) => {
  expect(shown(unit, value)).toBe(text);
});

test("backups: from when to when, whether late, and whether off the host", () => {
  const of = (value: number, system = "protea") => [sample(value, { system })];
  const backups = of(AT - 30 * HOUR);
  expect(backupRows(answered({ backups }))).toEqual([
    ...[{ system: "protea", newest: AT - 30 * HOUR, oldest: AT - 30 * HOUR, until: AT - 30 * HOUR }],
  ].map((row) => ({ ...row, late: false, copied: undefined, drill: undefined })));
  const all = { backups, oldest: of(AT - 90 * HOUR), until: of(AT - 5), maxAge: of(26 * HOUR), copies: of(1), drills: of(7) };
  expect(backupRows(answered({ ...all, copied: of(AT - 30 * HOUR) }))).toEqual([
    { system: "protea", newest: AT - 30 * HOUR, oldest: AT - 90 * HOUR, until: AT - 5, late: true, copied: true, drill: 7 },
  ]);
  expect(backupRows(answered({ ...all, copied: of(AT - 31 * HOUR) }))[0]!.copied).toBe(false);
  // A copy that never was.
  expect(backupRows(answered(all))[0]!.copied).toBe(false);
}); // prettier-ignore

describe("the page", () => {
  const about = { stack: "staging", host: "10.1.0.200", deployments: [] };
  const burning = (alertname: string, minutes: number, labels: Labels = {}) => ({
    ...{ labels: { alertname, ...labels }, state: "firing" as const },
    annotations: { summary: `${alertname} it is`, command: "make why", runbook: "docs/runbooks.md" },
    activeAt: new Date((AT - minutes * 60) * 1_000).toISOString(),
  });

  test("causes come before what follows from them; what always burns is not told, and what only waits to burn is not", () => {
    const alerts = [burning("PageDown", 90, { symptom: "yes" }), burning("DiskFull", 5), burning("ContainerDown", 60), burning("Watchdog", 999), { ...burning("ApiSlow", 3), state: "pending" as const }];
    const { text } = page(about, answered({}, {}, alerts));
    expect([...text.matchAll(/<strong>(\w+)/g)].map(([, name]) => name)).toEqual(["ContainerDown", "DiskFull", "PageDown"]);
    expect(text).toContain("<strong>ContainerDown</strong> since 2026-11-26 09:00 UTC, 1 h<p>ContainerDown it is</p><code>make why</code>");
    expect(text).toContain("<dt>alerts</dt><dd>3</dd>");
  }); // prettier-ignore

  test("a stack of which nothing is known yet has a page, too", () => {
    const { text } = page({ ...about, deployments: "ssh: timed out" }, answered({}));
    for (const part of ["Nothing is wrong.", "no backup is known", "No backup is known.", "Not known: ssh: timed out"])
      expect(text).toContain(part);
    expect(text).not.toMatch(/NaN|undefined|Infinity/);
    // Where backups are declared, that there is none is wrong.
    expect(text).not.toContain('class="tile bad"');
    expect(page(about, answered({ maxAge: [sample(HOUR, { system: "protea" })] })).text).toContain('class="tile bad"');
  });

  test("deployments of that time, and no other", () => {
    const deployments = [{ at: AT - 100, by: "anna", commit: "5d1175f3a1b2c3d4" }, { at: AT - HOUR, by: "before" }];
    const { text } = page({ ...about, deployments }, answered({}));
    expect(text).toContain("<li><time>2026-11-26 09:58</time> anna <code>5d1175f3a1b2</code></li>");
    expect(text.split("<main>")[1]!.split("</main>")[0]).not.toContain("before");
  }); // prettier-ignore
});

describe("asking", () => {
  let server: Server;
  const asked: string[] = [];
  let answer = (_path: string): [number, unknown] => [200, { status: "success", data: { result: [], alerts: [] } }];
  beforeAll(async () => {
    server = createServer((request, response) => {
      asked.push(request.url!);
      const [code, body] = answer(request.url!);
      response.writeHead(code).end(JSON.stringify(body));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
  });
  afterAll(() => server.close());
  const address = () => `127.0.0.1:${(server.address() as AddressInfo).port}`;

  test("every question is of the same moment, and reads only", async () => {
    asked.splice(0);
    await ask(address(), "1h", AT);
    expect(asked).toHaveLength(Object.keys(now("1h")).length + Object.keys(OVER).length + 1);
    const instant = asked.filter((one) => one.startsWith("/api/v1/query?"));
    for (const one of instant) expect(one).toContain(`time=${AT}`);
    for (const one of asked) expect(one).toMatch(/^\/api\/v1\/(query\?|query_range\?|alerts$)/);
    expect(asked.find((one) => one.startsWith("/api/v1/query_range"))).toContain(`start=${AT - HOUR + 15}&end=${AT}&step=15`);
  }); // prettier-ignore

  test("what Prometheus complains of is told", async () => {
    answer = () => [400, { status: "error", error: "parse error" }];
    await expect(ask(address(), "1h", AT)).rejects.toThrow("Prometheus: parse error");
  });
});

describe("the command", () => {
  /** Of a stack with these settings beside its own. */
  const dashboard = async (stack: "local" | "staging", settings: Record<string, unknown>, prepare = (_: Checkout) => {}) => {
    const checkout = new Checkout();
    try {
      const { config } = parse(checkout.text(stack)) as { config: Record<string, unknown> };
      writeFileSync(checkout.stackFile(stack), stringify({ config: { ...config, ...settings } }));
      prepare(checkout);
      return await checkout.operation("dashboard", "--stack", stack);
    } finally {
      checkout.remove();
    }
  };
  const watched = { "monitoring:enabled": true };
  // Nothing listens there: port 1 is root's, and nobody's.
  const away = { ...watched, "monitoring:services": { prometheus: { ports: ["127.0.0.1:1:9090"] } } };

  test("a stack that is not watched says how it would be", async () => {
    const { status, stderr } = await dashboard("local", {});
    expect([status, stderr]).toEqual([1, "Pulumi.local.yaml has nothing watched: say monitoring:enabled: true, then make up\n"]);
  });

  test("a Prometheus that publishes nothing", async () => {
    const { status, stderr } = await dashboard("local", { ...watched, "monitoring:services": { prometheus: { ports: [] } } });
    expect([status, stderr]).toEqual([1, "Pulumi.local.yaml publishes no port of Prometheus: monitoring:services.prometheus.ports needs one, such as 127.0.0.1:9090:9090\n"]);
  });

  test("a Prometheus that does not answer", async () => {
    const { status, stdout, stderr } = await dashboard("local", away);
    expect([status, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/^monitoring-prometheus-1 does not answer: fetch failed: .*\. make why STACK=local SYSTEM=monitoring\n$/);
  });

  test("… of another host, through the tunnel, which then ends", async () => {
    // An ssh that holds the port it is asked for, and closes what calls.
    const ssh = (checkout: Checkout) =>
      checkout.program(
        "ssh",
        `for word; do last=$before before=$word; [ "$last" != -L ] || port=\${word%%:*}; done
exec "${process.execPath}" -e 'require("net").createServer((socket) => socket.destroy()).listen(process.argv[1], "127.0.0.1"); setTimeout(() => process.exit(9), 60000)' "$port"`,
      );
    const { status, stdout, stderr } = await dashboard("staging", away, ssh);
    expect([status, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/^ssh -F \.local\/ssh\/10\.1\.0\.200\/config -S none -o ExitOnForwardFailure=yes -N -L \d+:127\.0\.0\.1:1 10\.1\.0\.200\nmonitoring-prometheus-1 does not answer: fetch failed: /);
  });
}); // prettier-ignore
