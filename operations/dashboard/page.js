// Draws the figures, and exchanges what is live for what it is now. The numbers are in the page itself; nothing else is asked for.
/* global uPlot */
"use strict";

const EVERY = 15_000;
const HEIGHT = 170;

const own = (element) => JSON.parse(element.querySelector('script[type="application/json"]').textContent);
const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const clock = (seconds) => new Date(seconds * 1_000).toISOString().slice(0, 16).replace("T", " ");

/** As figures.ts shows values. */
function shown(unit, value) {
  if (value === null || value === undefined) return "-";
  if (unit === "count") return String(Math.round(value * 100) / 100);
  if (unit === "share") return `${(value * 100).toFixed(1)} %`;
  if (value < 1) return `${Math.round(value * 1_000)} ms`;
  if (value < 120) return `${value.toFixed(1)} s`;
  if (value < 3_600) return `${Math.max(1, Math.round(value / 60))} min`;
  return value < 172_800 ? `${Math.round(value / 3_600)} h` : `${Math.round(value / 86_400)} days`;
}

/** Between two lines of an axis, where not what uPlot finds. */
const STEPS = {
  count: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6],
  seconds: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300, 600, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400, 172_800, 604_800],
  share: [0.1, 0.25, 0.5, 1],
}; // prettier-ignore

/** Short enough for an axis. */
const tick = (unit, value) => {
  if (unit === "count") return Math.abs(value) >= 1_000 ? `${value / 1_000}k` : String(value);
  if (unit === "share") return `${Math.round(value * 100)} %`;
  if (value === 0) return "0";
  return shown(unit, value).replace(/\.0 s$/, " s");
};

let time = own(document.getElementById("time"));
const drawn = new Map();

/** Deployments, as lines across a chart. */
function marks(chart) {
  const { ctx, bbox } = chart;
  ctx.save();
  ctx.strokeStyle = color("mark");
  ctx.lineWidth = devicePixelRatio * 1.5;
  ctx.setLineDash([4 * devicePixelRatio, 3 * devicePixelRatio]);
  for (const { at } of time.marks) {
    const x = Math.round(chart.valToPos(at, "x", true));
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
  }
  ctx.restore();
}

/** The figure's table: at the moment that is pointed at, or now. */
function tell(figure, index) {
  const { charts } = own(figure);
  figure.querySelector("output").textContent = index === null ? "" : `${clock(time.times[index])} UTC`;
  for (const cell of figure.querySelectorAll("[data-line]")) {
    const { unit, now, values } = charts[cell.dataset.chart];
    cell.textContent = shown(unit, index === null ? now[cell.dataset.line] : values[cell.dataset.line][index]);
  }
}

function options(figure, chart, width) {
  const axis = { stroke: color("quiet"), grid: { stroke: color("grid"), width: 1 }, ticks: { show: false }, font: "11px system-ui, sans-serif" };
  const most = Math.max(0, ...chart.values.flat());
  return {
    width,
    height: HEIGHT,
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1_000), "Etc/UTC"),
    cursor: { sync: { key: "time" }, y: false, points: { size: 6 }, drag: { x: false, y: false } },
    legend: { show: false },
    scales: { x: { range: () => [time.times[0], time.times.at(-1)] }, y: { range: (_, __, max) => [0, chart.unit === "share" ? 1 : ((max ?? most) || 1) * 1.08] } },
    axes: [
      { ...axis, grid: { show: false }, space: 60, values: [[3_600 * 24, "{D} {MMM}", null, null, null, null, null, null, 1], [60, "{HH}:{mm}", "\n{D} {MMM}", null, null, null, null, null, 1]] },
      { ...axis, size: 48, incrs: STEPS[chart.unit], values: (_, values) => values.map((value) => tick(chart.unit, value)) },
    ],
    series: [
      {},
      ...chart.values.map((_, line) => ({ stroke: color(`k${line % 8}`), width: 2, dash: line < 8 ? undefined : [6, 4], points: { show: false } })),
    ],
    hooks: { draw: [marks], setCursor: [(one) => tell(figure, one.cursor.idx ?? null)] },
  };
} // prettier-ignore

function draw(figure) {
  for (const one of drawn.get(figure.id)?.charts ?? []) one.destroy();
  const { names, charts } = own(figure);
  const places = [...figure.querySelectorAll(".plot")];
  const made = charts.map(
    (chart, index) =>
      new uPlot(options(figure, chart, places[index].clientWidth), [time.times, ...chart.values], places[index]),
  );
  drawn.set(figure.id, { names: names.join("\n"), charts: made });
}

const figures = () => [...document.querySelectorAll("figure")];
const drawAll = () => figures().forEach(draw);

/** Every chart at a moment; none: at now. */
function point(index) {
  for (const { charts } of drawn.values())
    for (const chart of charts)
      chart.setCursor(index === undefined ? { left: -10, top: -10 } : { left: chart.valToPos(time.times[index], "x"), top: 10 });
} // prettier-ignore

/** Along the time by the arrow keys; Escape goes back to now. */
function along(event) {
  if (event.key === "Escape") return point();
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (step === undefined) return;
  event.preventDefault();
  const { idx } = drawn.get(event.currentTarget.id).charts[0].cursor;
  const last = time.times.length - 1;
  point(Math.min(last, Math.max(0, (idx ?? last + (step < 0 ? 1 : 0)) + step)));
}

/** A figure with what is new: its numbers and its table. */
function renew(figure, fresh) {
  for (const part of ["script", "tbody"]) figure.querySelector(part).replaceWith(fresh.querySelector(part));
  const { names, charts } = own(figure);
  const before = drawn.get(figure.id);
  if (before.names !== names.join("\n")) return draw(figure);
  charts.forEach((chart, index) => before.charts[index].setData([time.times, ...chart.values]));
  const { idx } = before.charts[0].cursor;
  if (idx !== null && idx !== undefined) tell(figure, idx);
}

async function refresh() {
  const gone = document.getElementById("gone");
  try {
    const response = await fetch(location.href);
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
    if (!response.ok) throw new Error(fresh.querySelector("[role=alert]")?.textContent ?? response.statusText);
    const news = [...fresh.querySelectorAll("figure")];
    // A figure that came or went: the page is another one.
    if (
      news.map(({ id }) => id).join() !==
      figures()
        .map(({ id }) => id)
        .join()
    )
      return location.reload();
    time = own(fresh.getElementById("time"));
    for (const part of fresh.querySelectorAll("[data-live]")) document.getElementById(part.id).replaceWith(part);
    figures().forEach((figure, index) => renew(figure, news[index]));
    gone.hidden = true;
  } catch (error) {
    gone.textContent = `Since ${document.getElementById("asked").textContent.replace("as of ", "")} nothing is new: ${error.message}`;
    gone.hidden = false;
  }
}

drawAll();
for (const figure of figures()) figure.addEventListener("keydown", along);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
let width = innerWidth;
addEventListener("resize", () => {
  if (width !== innerWidth) drawAll();
  width = innerWidth;
});
setInterval(refresh, EVERY);
