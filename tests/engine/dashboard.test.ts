// make dashboard, in a browser: of a Prometheus whose measurements are known.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type Browser, type Page } from "playwright-core";
import { parse, stringify } from "yaml";
import { samples } from "../../operations/prometheus/answers.ts";
import { here, must } from "./host.ts";
import { HOSTILE, KnownPrometheus } from "./known-prometheus.ts";

const folder = mkdtempSync(join(tmpdir(), "robotoff-protea-dashboard-"));
const root = process.cwd();
let port: number;
let prometheus: KnownPrometheus;
let dashboard: ChildProcess;
let browser: Browser;
let url: string;

/** A checkout of a stack whose Prometheus is that one, and a home with two deployments. */
function checkout(): void {
  for (const entry of ["package.json", "config", "systems", "engines", "hosts", "operations", "backups", "images", "node_modules"])
    symlinkSync(join(root, entry), join(folder, entry));
  const { config } = parse(readFileSync("Pulumi.local.yaml", "utf8")) as { config: Record<string, unknown> };
  const prometheus = { ports: [`127.0.0.1:${port}:9090`] };
  writeFileSync(join(folder, "Pulumi.known.yaml"), stringify({ config: { ...config, "monitoring:enabled": true, "monitoring:services": { prometheus } } }));
  const kept = join(folder, ".local/share/robotoff-protea/deployments/known");
  mkdirSync(kept, { recursive: true });
  for (const [hours, by] of [[3, "anna@laptop"], [1, HOSTILE], [48, "before@then"]] as const) {
    const stamp = new Date(Date.now() - hours * 3_600_000).toISOString().replace(/[-:]|\.\d+/g, "");
    writeFileSync(join(kept, `${stamp}.json`), `${JSON.stringify({ stamp, by, commit: "5d1175f3a1b2c3d4", changed: false, file: "", containers: {} })}\n`);
  }
} // prettier-ignore

beforeAll(async () => {
  [port] = (await here.freePorts(1)) as [number];
  prometheus = await KnownPrometheus.start(port);
  checkout();
  dashboard = spawn("node", ["operations/dashboard.ts", "--stack", "known"], {
    ...{ cwd: folder, env: { ...process.env, HOME: folder }, stdio: ["ignore", "pipe", "inherit"] },
  });
  const [said] = (await once(dashboard.stdout!, "data")) as [Buffer];
  url = /^(http:\S+)\nuntil Ctrl-C\n$/.exec(said.toString())![1]!;
  const executablePath = must("sh", "-c", `command -v chromium-headless-shell || command -v chromium || { echo "no Chromium: toolchain/setup --tests brings Debian's"; exit 1; }`);
  browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
}); // prettier-ignore

afterAll(async () => {
  await browser?.close();
  dashboard?.kill();
  prometheus?.remove();
  rmSync(folder, { recursive: true });
});

const opened: string[] = [];
async function open(options: { width?: number; colorScheme?: "light" | "dark" } = {}): Promise<Page> {
  const viewport = { width: options.width ?? 1_280, height: 900 };
  const page = await browser.newPage({ viewport, colorScheme: options.colorScheme ?? "light" });
  page.on("console", (message) => opened.push(message.text()));
  page.on("pageerror", (error) => opened.push(error.message));
  await page.goto(url);
  return page;
}
afterEach(() => expect(opened.splice(0)).toEqual([]));

/** What Prometheus itself answers. @param at seconds since 1970 */
async function asked(query: string, at: number): Promise<number> {
  const parameters = new URLSearchParams({ query, time: String(at) }).toString();
  const all = samples(await (await fetch(`http://127.0.0.1:${port}/api/v1/query?${parameters}`)).text());
  expect(all).toHaveLength(1);
  return all[0]!.value;
}

const text = async (page: Page, selector: string) => (await page.textContent(selector))!.trim();
/** The cells of a table's row, which begins with that name. */
const row = (page: Page, within: string, name: string) =>
  page.$$eval(`${within} tbody tr`, (rows, wanted) => rows.filter((one) => one.querySelector("th")!.textContent === wanted).map((one) => [...one.querySelectorAll("td")].map((cell) => cell.textContent)), name); // prettier-ignore

test("what stands on the page is what Prometheus answers", async () => {
  const page = await open();
  const at = Number(await page.getAttribute("#asked", "data-at"));
  const [jobs] = await row(page, "#queues-protea", "protea.jobs");
  expect(jobs!.map(Number)).toEqual([
    await asked('rabbitmq_detailed_queue_messages_ready{queue="protea.jobs"}', at),
    await asked('rabbitmq_detailed_queue_consumers{queue="protea.jobs"}', at),
    await asked('declared_consumers{queue="protea.jobs"}', at),
  ]);
  // Whose key in Redis is not there: nothing waits.
  expect(await row(page, "#queues-robotoff", "robotoff-low")).toEqual([["0", "1"]]);
  expect(await row(page, "#queues-robotoff", "robotoff-high-1")).toEqual([
    [String((await asked('redis_key_size{key="rq:queue:robotoff-high-1"} or on () vector(0)', at))), "0"],
  ]); // prettier-ignore
  const [running] = await row(page, "#jobs", "running");
  expect(Number(running![0])).toBe(await asked('protea_jobs_count{status="running"}', at));
  const [used] = await row(page, "#disks", "/");
  const share = await asked('1 - node_filesystem_avail_bytes{mountpoint="/"} / node_filesystem_size_bytes', at);
  expect(used![0]).toBe(`${(share * 100).toFixed(1)} %`);
  // 0.4 GiB an hour.
  expect(used![2]).toBe("in 6 days");
  const [scheduler] = await row(page, "#services", "scheduler");
  expect(Number(scheduler![4])).toBe(
    await asked('resets(container_cpu_usage_seconds_total{service="scheduler"}[6h])', at),
  );
  expect((await row(page, "#services", "worker-1"))[0]![0]).toContain("down");
  expect((await row(page, "#services", "frontend"))[0]![0]).toContain("not healthy");
  const waiting = await asked('sum(rabbitmq_detailed_queue_messages_ready{queue!="protea.dead-letter"}) + sum(redis_key_size{key=~"rq:queue:.+"} or on () vector(0))', at); // prettier-ignore
  expect(await text(page, ".tile:nth-child(3) dd")).toBe(String(waiting));
  expect(await text(page, ".tile:nth-child(3) .note")).toContain("3 failed for good");
  expect(await text(page, ".tile:nth-child(2) dd")).toBe("8 of 10");
  const [robotoff] = await row(page, "#backups", "Robotoff");
  expect(robotoff![0]).toBe("9 h old");
  expect(robotoff![3]).toBe("the newest is not");
  expect((await row(page, "#backups", "PROTEA"))[0]![0]).toBe("31 h old, too old");
  await page.close();
});

test("… and so is each moment that the arrow keys go to; deployments are marked there", async () => {
  const page = await open();
  await page.focus("#queues-protea");
  for (let n = 0; n < 30; n += 1) await page.keyboard.press("ArrowLeft");
  const moment = Date.parse(`${(await text(page, "#queues-protea output")).replace(" UTC", "Z").replace(" ", "T")}`);
  const times = await page.$eval("#time", (one) => (JSON.parse(one.textContent) as { times: number[] }).times);
  const at = times.find((time) => Math.floor(time / 60) === moment / 60_000)!;
  expect(times.length - times.indexOf(at)).toBe(30);
  for (const queue of ["protea.jobs", "protea.embeddings.batch"]) {
    const [cells] = await row(page, "#queues-protea", queue);
    expect(Number(cells![0])).toBe(await asked(`rabbitmq_detailed_queue_messages_ready{queue="${queue}"}`, at));
  }
  // All figures are at the same moment.
  const [cells] = await row(page, "#jobs", "queued");
  expect(Number(cells![0])).toBe(await asked('protea_jobs_count{status="queued"}', at));
  await page.keyboard.press("Escape");
  expect(await text(page, "#queues-protea output")).toBe("");

  const marked = await page.evaluate(() => {
    const canvas = document.querySelector<HTMLCanvasElement>("#disks canvas")!;
    const { data, width } = canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height);
    const columns = new Map<number, number>();
    for (let at = 0; at < data.length; at += 4)
      if (Math.abs(data[at]! - 0x6b) + Math.abs(data[at + 1]! - 0x4f) + Math.abs(data[at + 2]! - 0xbb) < 12)
        columns.set((at / 4) % width, (columns.get((at / 4) % width) ?? 0) + 1);
    return [...columns].filter(([, count]) => count > 20).map(([column]) => column / width);
  });
  // Of 6 h at the left half and near the end, each a line or two wide; that of two days ago is not there.
  const [left, right] = [marked.filter((column) => column < 0.7), marked.filter((column) => column > 0.7)];
  for (const lines of [left, right]) {
    expect(lines.length).toBeGreaterThanOrEqual(1);
    expect(Math.max(...lines) - Math.min(...lines)).toBeLessThan(0.01);
  }
  expect(await page.$$eval("#deployments li", (all) => all.length)).toBe(2);
  await page.close();
});

test.each([400, 1_280])("%i pixels wide, light and dark: nothing is wider than that, and everything can be read", async (width) => {
  for (const colorScheme of ["light", "dark"] as const) {
    const page = await open({ width, colorScheme });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
    const contrasts = await page.evaluate(() => {
      const light = (color: string) => {
        const [r, g, b] = color.match(/\d+/g)!.map((part) => {
          const value = Number(part) / 255;
          return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
        }) as [number, number, number];
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      const behind = (element: Element): string => {
        const { backgroundColor } = getComputedStyle(element);
        return backgroundColor === "rgba(0, 0, 0, 0)" ? behind(element.parentElement!) : backgroundColor;
      };
      const texts = [...document.querySelectorAll("body *")].filter((one) => [...one.childNodes].some((node) => node.nodeType === 3 && node.textContent!.trim()) && !one.closest("script, .hidden, .skip, [hidden]"));
      return texts.map((one) => {
        const [a, b] = [light(getComputedStyle(one).color), light(behind(one))].sort((x, y) => y - x) as [number, number];
        return { text: one.textContent, contrast: (a + 0.05) / (b + 0.05) };
      });
    });
    expect(contrasts.length).toBeGreaterThan(100);
    // https://www.w3.org/TR/WCAG22/#contrast-minimum
    expect(contrasts.filter(({ contrast }) => contrast < 4.5)).toEqual([]);
    const background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    expect(background).toBe({ light: "rgb(246, 246, 244)", dark: "rgb(20, 20, 19)" }[colorScheme]);
    await page.close();
  }
}); // prettier-ignore

test("by keyboard: everything in its order, and one sees where one is", async () => {
  const page = await open();
  const reached: string[] = [];
  for (let n = 0; n < 13; n += 1) {
    await page.keyboard.press("Tab");
    const { name, outline } = await page.evaluate(() => {
      const element = document.activeElement!;
      return { name: element.id || element.textContent.trim(), outline: getComputedStyle(element).outlineStyle };
    });
    expect({ name, outline }).toEqual({ name, outline: "solid" });
    reached.push(name);
  }
  expect(reached).toEqual([
    ...["To what is wrong", "15m", "1h", "6h", "24h", "7d", "30d"],
    ...["queues-protea", "queues-robotoff", "jobs", "pages", "disks", "host"],
  ]);
  await page.focus('nav a:text("1h")');
  await page.keyboard.press("Enter");
  await page.waitForURL("**/?back=1h");
  expect(await text(page, "nav [aria-current]")).toBe("1h");
  await page.close();
});

/** A request by hand: fetch sets the host itself. */
async function status(method: string, path: string, host = new URL(url).host): Promise<number | undefined> {
  const sent = request(new URL(path, url), { method, headers: { host } });
  sent.end();
  const [{ statusCode }] = (await once(sent, "response")) as [{ statusCode?: number }];
  return statusCode;
}

test("what stands in labels is text, and nobody else's page reads along", async () => {
  const page = await open();
  expect(await page.$$eval("img", (all) => all.length)).toBe(0);
  expect(await page.title()).toBe("known");
  expect(await row(page, "#services", HOSTILE)).toHaveLength(1);
  expect(await text(page, "#wrong li.cause p")).toBe(`robotoff's worker-1 is down ${HOSTILE}`);
  expect(await text(page, "#deployments")).toContain(HOSTILE);
  await page.close();
  expect((await fetch(url)).headers.get("content-security-policy")).toContain("default-src 'none'; script-src 'self'");
  expect(await status("GET", "/", "evil.example.org")).toBe(421);
  expect(await status("POST", "/")).toBe(405);
  expect(await status("GET", "/?back=2y")).toBe(400);
  expect(await status("GET", "/../package.json")).toBe(404);
});

test("it renews itself, and says when it no longer can", async () => {
  const page = await open();
  const before = Number(await page.getAttribute("#asked", "data-at"));
  await page.waitForTimeout(1_100);
  await page.evaluate("refresh()");
  expect(Number(await page.getAttribute("#asked", "data-at"))).toBeGreaterThan(before);
  expect(await page.isVisible("#gone")).toBe(false);
  here.docker("stop", "--time", "1", prometheus.name);
  await page.evaluate("refresh()");
  expect(await text(page, "#gone")).toMatch(/^Since \d\d:\d\d:\d\d UTC nothing is new: monitoring-prometheus-1 does not answer: .*make why STACK=known SYSTEM=monitoring$/);
  expect(await page.$$eval("#services tr", (all) => all.length)).toBeGreaterThan(5);
  // The browser's own line about an answer of 502.
  expect(opened.splice(0)).toEqual([expect.stringContaining("502")]);
  await page.close();
  dashboard.kill("SIGINT");
  expect(await once(dashboard, "exit")).toEqual([0, null]);
}); // prettier-ignore
