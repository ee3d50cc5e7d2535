/** A stack's file is changed, previewed and applied: what the preview predicted is held against what happened. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { changesOf, type Digest } from "../../operations/preview/changes.ts";
import { effectsOf, predict, type Prediction } from "../../operations/preview/effects.ts";
import { previewText } from "../../operations/preview/text.ts";
import { containersOf } from "../../systems/spec.ts";
import type { Stack } from "../../systems/stack.ts";
import { succeeded } from "./host.ts";
import type { TestStack } from "./stack.harness.ts";

type Config = TestStack["config"];

/** What docker tells of a container. */
interface Event {
  name: string;
  id: string;
  /** `die`, `start`, `health_status: healthy`. */
  action: string;
  /** Milliseconds since 1970. */
  at: number;
}

/** Docker's events of a stack's containers until `stop()`; the engine itself keeps the last 256 alone, and health checks are many. */
class Events {
  private readonly child;
  private readonly lines: string[] = [];

  constructor(stack: TestStack) {
    const filters = ["die", "start", "health_status"].flatMap((event) => ["--filter", `event=${event}`]);
    const of = ["--filter", "type=container", "--filter", `label=robotoff-protea.stack=${stack.name}`];
    const format = ["--format", '{{.Actor.ID}} {{index .Actor.Attributes "name"}} {{.TimeNano}} {{.Action}}'];
    const since = ["--since", String(Date.now() / 1_000)];
    this.child = spawn("docker", ["events", ...since, ...of, ...filters, ...format], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.child.stdout.setEncoding("utf8").on("data", (text: string) => this.lines.push(text));
  }

  async stop(): Promise<Event[]> {
    const ended = once(this.child, "close");
    this.child.kill();
    await ended;
    const lines = this.lines.join("").split("\n").filter(Boolean);
    return lines.map((line) => {
      const [id, name, nano, ...action] = line.split(" ");
      return { id: id!, name: name!, at: Number(nano) / 1e6, action: action.join(" ") };
    });
  }
}

/** The moments before migrations that are named in each system's backups. A backup forgets those before the oldest that is kept. */
function checkpoints(stack: TestStack): Map<string, string[]> {
  const names = (system: string) => {
    const file = join(stack.folder, ".local/backups", system, "checkpoints");
    return existsSync(file) ? (readFileSync(file, "utf8").match(/^before-migration-\S+/gm) ?? []) : [];
  };
  return new Map(stack.described.systems.map(({ name }) => [name, names(name)]));
}

/** What an `up` did to a stack's containers, and how long each that was replaced was away, in milliseconds. */
function happened(
  before: Map<string, string>,
  after: Map<string, string>,
  events: Event[],
  stack: Stack,
  named: string[],
) {
  const jobs = new Set(
    stack.systems.flatMap(containersOf).flatMap(({ service, name }) => (service.kind === "job" ? [name] : [])),
  );
  const names = (list: Iterable<string>) => [...new Set(list)].sort();
  const of = (action: string, which: (event: Event) => boolean) =>
    names(events.filter((one) => one.action === action && which(one)).map(({ name }) => name));
  const served = new Set([...before].map(([, id]) => id));
  const did: Prediction = {
    created: names([...after.keys()].filter((name) => !before.has(name))),
    replaced: names(
      [...after].filter(([name, id]) => before.has(name) && before.get(name) !== id).map(([name]) => name),
    ),
    deleted: names([...before.keys()].filter((name) => !after.has(name))),
    away: of("die", ({ id, name }) => served.has(id) && !jobs.has(name)),
    run: of("start", ({ name }) => jobs.has(name)),
    checkpoints: named,
  };
  const gaps = did.replaced.flatMap((name) => {
    const mine = events.filter((one) => one.name === name);
    const stopped = mine.find(({ action }) => action === "die");
    const back = mine.findLast(({ action }) => action === "health_status: healthy");
    return stopped && back ? [back.at - stopped.at] : [];
  });
  return { did, gaps };
}

export interface Round {
  predicted: Prediction;
  did: Prediction;
  /** Milliseconds from the stop of each replaced service until it was healthy. */
  gaps: number[];
  text: string;
}

/** What a refreshed preview predicts, and its text. */
function previewed(stack: TestStack, refreshing: boolean) {
  const digest = JSON.parse(succeeded(stack.preview("--json", "--refresh"))) as Digest;
  const now = stack.described;
  const { changes } = changesOf(digest);
  return { predicted: predict(effectsOf(now, changes), refreshing), text: previewText(digest, now) };
}

/**
 * Previews another config, then applies it.
 * @param refreshing whether what was changed by hand is put right as well: `make up ARGS=--refresh`
 */
export async function applied(stack: TestStack, config: Config, refreshing = false): Promise<Round> {
  stack.config = config;
  const { predicted, text } = previewed(stack, refreshing);
  const before = stack.containers();
  const known = checkpoints(stack);
  const events = new Events(stack);
  const outcome = stack.makeUp(...(refreshing ? ["--refresh"] : []));
  const seen = await events.stop();
  succeeded(outcome);
  const named = [...checkpoints(stack)].flatMap(([system, names]) =>
    names.some((name) => !known.get(system)?.includes(name)) ? [system] : [],
  );
  return { predicted, text, ...happened(before, stack.containers(), seen, stack.described, named.sort()) };
}
