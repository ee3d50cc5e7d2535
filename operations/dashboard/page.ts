/** The page, from what Prometheus answered. Pure. What is live is exchanged as a whole by page.js, part by part. */
import { formatSize } from "../../config/units.ts";
import { full, long, moment, valueOf, type Burning } from "../prometheus/answers.ts";
import type { Answers } from "./ask.ts";
import { backupSection } from "./backups.ts";
import { diskFigure, hostFigure, jobFigure, pageFigure, queueFigures, shown, title, type Figure } from "./figures.ts";
import { html, json, type Html } from "./html.ts";
import { BACK, type Back } from "./questions.ts";
import { runs, serviceRows, type ServiceRow, type State } from "./services.ts";

/** What was deployed, and when: seconds since 1970. */
export interface Mark {
  at: number;
  by: string;
  /** The program's commit; none: it was in no repository. */
  commit?: string;
}

export interface About {
  /** The stack's name. */
  stack: string;
  /** How its host is called. */
  host: string;
  /** The deployments that are known; a text: why none are. */
  deployments: Mark[] | string;
}

const MARKS: Record<State, string> = { up: "●", unhealthy: "▲", down: "■", unknown: "○" };
const WORDS: Record<State, string> = { up: "runs", unhealthy: "not healthy", down: "down", unknown: "not watched" };

/** A state by shape, colour and word. */
const state = (kind: State, word = WORDS[kind]) =>
  html`<span class="state ${kind}"><span aria-hidden="true">${MARKS[kind]}</span> ${word}</span>`;

/** A part of the page that page.js exchanges. */
const live = (id: string, heading: string, content: Html) =>
  html`<section id="${id}" data-live>
    <h2>${heading}</h2>
    ${content}
  </section>`;

/** A strip of parts, as long as the time, in the colours of their states. */
function strip({ strip: parts, share, service }: ServiceRow): Html {
  const rects = runs(parts).map((run) => html`<rect class="${run.state}" x="${run.from}" width="${run.length}" height="1" />`);
  const label = share === undefined ? `${service}: not watched` : `${service}: ${percent(share)} of the time as declared`;
  return html`<svg class="strip" viewBox="0 0 ${parts.length} 1" preserveAspectRatio="none" role="img" aria-label="${label}"><title>${label}</title>${rects}</svg>`;
} // prettier-ignore

/** Rounded down: what was away once was not always there. */
const percent = (share: number) => `${(Math.floor(share * 1_000) / 10).toFixed(1)} %`;

function serviceLine(row: ServiceRow): Html {
  const some = row.declared > 1 ? ` ${row.running} of ${row.declared}` : "";
  const word = row.state === "unhealthy" && row.declared > 1 ? `${row.unhealthy} not healthy` : `${WORDS[row.state]}${some}`;
  return html`<tr class="${row.state}"><th scope="row">${row.service}</th><td>${state(row.state, word)}</td><td class="wide">${strip(row)}</td><td class="number">${row.share === undefined ? "-" : percent(row.share)}</td><td class="number">${row.memory === 0 ? "-" : `${formatSize(row.memory)} of ${formatSize(row.limit)}`}</td><td class="number${row.restarts > 0 ? " some" : ""}">${row.restarts}</td></tr>`;
} // prettier-ignore

function services(rows: ServiceRow[], back: Back): Html {
  const systems = [...new Set(rows.map(({ system }) => system))];
  return html`${systems.map(
    (system) => html`<div class="scroll"><table class="services"><caption>${title(system)}</caption><thead><tr><th scope="col">service</th><th scope="col">now</th><th scope="col">the last ${back}</th><th scope="col" class="number">as declared</th><th scope="col" class="number">memory</th><th scope="col" class="number">restarts</th></tr></thead><tbody>${rows.filter((row) => row.system === system).map(serviceLine)}</tbody></table></div>`,
  )}`;
} // prettier-ignore

/** Causes before what follows from them, the longest first. */
const inOrder = (burning: Burning[]) =>
  [...burning].sort(
    (one, other) =>
      Number(one.labels.symptom === "yes") - Number(other.labels.symptom === "yes") ||
      one.activeAt.localeCompare(other.activeAt),
  );

const burns = ({ alerts }: Answers) =>
  inOrder(alerts.filter(({ state, labels }) => state === "firing" && labels.alertname !== "Watchdog"));

function wrong(answers: Answers): Html {
  const burning = burns(answers);
  if (burning.length === 0) return html`<p class="calm">${state("up", "Nothing is wrong.")}</p>`;
  return html`<ul class="alerts">${burning.map(
    ({ labels, annotations, activeAt }) => html`<li class="${labels.symptom === "yes" ? "symptom" : "cause"}"><strong>${labels.alertname}</strong> since ${moment(Date.parse(activeAt) / 1_000)} UTC, ${long(answers.at - Date.parse(activeAt) / 1_000)}<p>${annotations.summary}</p><code>${annotations.command}</code> <span class="quiet">${annotations.runbook}</span></li>`,
  )}</ul>`;
} // prettier-ignore

/** The few numbers that say whether to read on. */
function tiles(answers: Answers, rows: ServiceRow[]): Html {
  const { now, at } = answers;
  const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
  const burning = burns(answers).length;
  const off = rows.filter((row) => row.state !== "up").length;
  const waiting = now.waiting.filter(({ labels }) => labels.queue !== "protea.dead-letter");
  const dead = valueOf(now.waiting, { queue: "protea.dead-letter" }) ?? 0;
  const backups = now.backups.map(({ value, labels }) => ({
    age: at - value,
    late: at - value > (valueOf(now.maxAge, { system: labels.system! }) ?? Infinity),
  }));
  const age = Math.max(...backups.map((one) => one.age));
  const disks = now.disks.map(({ labels: { mountpoint }, value }) => {
    const free = valueOf(now.free, { mountpoint: mountpoint! }) ?? value;
    return { mountpoint, used: 1 - free / value, full: full(free, valueOf(now.trend, { mountpoint: mountpoint! })) };
  });
  const fullest = disks.toSorted((one, other) => other.used - one.used)[0];
  const jobs = (status: string) => valueOf(now.jobs, { status });
  const tile = (name: string, value: string | number, note: string, bad = false) =>
    html`<div class="tile${bad ? " bad" : ""}"><dt>${name}</dt><dd>${value}</dd><dd class="note">${bad ? html`<span aria-hidden="true">▲</span> ` : ""}${note}</dd></div>`;
  return html`<dl class="tiles">${[
    tile("alerts", burning, burning === 0 ? "nothing is wrong" : "wrong, see below", burning > 0),
    tile("services", `${rows.length - off} of ${rows.length}`, off === 0 ? "as declared" : `${off} not as declared`, off > 0),
    tile("messages waiting", sum(waiting.map(({ value }) => value)), dead > 0 ? `${dead} failed for good` : "no dead letter", dead > 0),
    ...(jobs("running") === undefined ? [] : [tile("jobs running", jobs("running")!, `${jobs("queued") ?? 0} queued`)]),
    backups.length === 0
      ? tile("newest backups", "none", "no backup is known", now.maxAge.length > 0)
      : tile("newest backups", long(age), backups.some(({ late }) => late) ? "too old" : "old, verified", backups.some(({ late }) => late)),
    ...(fullest ? [tile("fullest disk", shown("share", fullest.used), `${fullest.mountpoint}; full: ${fullest.full}`, fullest.used > 0.9)] : []),
  ]}</dl>`;
} // prettier-ignore

/** Lines over time, and their table, in which each line has its colour. */
function drawn({ id, title, of, names, charts, beside = [] }: Figure): Html {
  const columns = [...charts.map((chart) => chart.title), ...beside.map((column) => column.title)];
  return html`<figure id="${id}" tabindex="0" aria-label="${title}. The left and right arrow keys go along the time."><figcaption>${title} <output class="quiet"></output></figcaption><div class="plots">${charts.map((chart) => html`<div class="plot"><h3>${chart.title}</h3></div>`)}</div><table class="lines"><thead><tr><th scope="col">${of}</th>${columns.map((column) => html`<th scope="col" class="number">${column}</th>`)}</tr></thead><tbody>${names.map(
    (name, line) => html`<tr><th scope="row"><span class="key k${line % 8}" aria-hidden="true"></span>${name}</th>${charts.map((chart, index) => html`<td class="number" data-chart="${index}" data-line="${line}">${shown(chart.unit, chart.now[line]!)}</td>`)}${beside.map(({ cells }) => html`<td class="number">${cells[line]}</td>`)}</tr>`,
  )}</tbody></table>${json({ names, charts })}</figure>`;
} // prettier-ignore

function deployments({ deployments: known }: About, { times }: Answers): Html {
  if (typeof known === "string") return html`<p>Not known: ${known}</p>`;
  const within = known.filter(({ at }) => at >= times[0]!);
  if (within.length === 0) return html`<p class="quiet">None in this time.</p>`;
  return html`<ul class="marks">${within.map(({ at, by, commit }) => html`<li><time>${moment(at)}</time> ${by}${commit ? html` <code>${commit.slice(0, 12)}</code>` : ""}</li>`)}</ul>`;
} // prettier-ignore

/** The whole page. */
export function page(about: About, answers: Answers): Html {
  const rows = serviceRows(answers);
  const marks = typeof about.deployments === "string" ? [] : about.deployments.map(({ at, by }) => ({ at, by }));
  const jobs = answers.now.jobs.length > 0 ? [drawn(jobFigure(answers))] : [];
  return html`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><title>${about.stack}</title>
<link rel="icon" href="data:,"><link rel="stylesheet" href="/uplot.css"><link rel="stylesheet" href="/page.css"><script src="/uplot.js" defer></script><script src="/page.js" defer></script></head>
<body>
<a class="skip" href="#wrong">To what is wrong</a>
<header><h1>${about.stack}</h1><p class="quiet">${about.host} · <span id="asked" data-live data-at="${answers.at}">as of ${new Date(answers.at * 1_000).toISOString().slice(11, 19)} UTC</span></p>
<nav aria-label="How far back">${(Object.keys(BACK) as Back[]).map((back) => html`<a href="?back=${back}"${back === answers.back ? html` aria-current="true"` : ""}>${back}</a>`)}</nav></header>
<p id="gone" role="alert" hidden>make dashboard has ended, or does not answer: what is below is old.</p>
<main>
<section id="glance" data-live><h2 class="hidden">At a glance</h2>${tiles(answers, rows)}</section>
${live("wrong", "What is wrong", wrong(answers))}
${live("services", "Services", services(rows, answers.back))}
<section id="over"><h2>Over time</h2><div class="figures">${queueFigures(answers).map(drawn)}${jobs}${drawn(pageFigure(answers))}${drawn(diskFigure(answers))}${drawn(hostFigure(answers))}</div></section>
${live("backups", "Backups", backupSection(answers))}
${live("deployments", "Deployments", deployments(about, answers))}
</main>
<div id="time">${json({ times: answers.times, marks })}</div>
</body>
</html>
`;
} // prettier-ignore

/** In the place of the page: what is in the way, and what to do. */
export const excuse = (stack: string, message: string): Html =>
  html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${stack}</title>
        <link rel="stylesheet" href="/page.css" />
      </head>
      <body>
        <main>
          <h1>${stack}</h1>
          <p role="alert">${message}</p>
        </main>
      </body>
    </html> `;
