/**
 * Both systems, as their own compose files run them, come under this program on a host: killed at random moments (TIMES=, 20) and continued,
 * a few kills to an adoption, with the way back between two. What is kept is compared by its contents, volumes by when they were made; Docker's
 * name server and the broker are watched all the while. SEED= repeats it. Figures: docs/faults.md.
 */
import { setTimeout as pause } from "node:timers/promises";
import { Chance, table } from "../engine/chance.ts";
import { succeeded } from "../engine/host.ts";
import { watching } from "../engine/watch.ts";
import { compose, Kept } from "../hosts/composed.ts";
import type { Lab } from "../hosts/lab.ts";
import { Rehearsal } from "../hosts/rehearsal.ts";

const HOST = "ovh200";
const KILLS = Number(process.env.TIMES ?? 20);
/** Of one adoption. */
const MOST = 5;
/** Seconds that a run is left to go on, at most; without a kill it takes about a minute. */
const LONGEST = 75;

let lab: Lab;
let rehearsal: Rehearsal;
let kept: Kept;
const chance = new Chance();
const adopt = (...variables: string[]) => rehearsal.make("adopt", "staging", ...variables);

beforeAll(async () => {
  ({ lab, rehearsal } = await Rehearsal.forTest("staging"));
  for (const project of ["robotoff", "protea"] as const) compose(lab, HOST, project);
  kept = new Kept(lab, HOST, ["robotoff", "protea"]);
  kept.fill();
}, 600_000);

afterAll(() => lab.down());

/** A run that is killed with all that it began here; what it began on the host goes on, as it does. Undefined: it ended before. */
async function killed(): Promise<string | undefined> {
  const begun = rehearsal.begin("adopt", "staging");
  const seconds = 3 + chance.next() * LONGEST;
  const done = Date.now() + seconds * 1_000;
  while (Date.now() < done && begun.process.exitCode === null) await pause(100);
  const whole = begun.process.exitCode !== null;
  if (!whole) process.kill(-begun.process.pid!, "SIGKILL");
  const { text } = await begun.ended;
  if (whole) return undefined;
  const phase = ["hands over", "settings and secrets"].find((word) => text.includes(word)) ?? "looks";
  return `${seconds.toFixed(1)} s, ${phase}`;
}

test("killed at random moments and continued: nothing is lost, and nothing is there twice", async () => {
  const policies = () =>
    lab.on(HOST, "sh", "-c", "docker inspect --format '{{.Name}} {{.HostConfig.RestartPolicy.Name}} {{.State.Running}}' $(docker ps --all --quiet) | sort"); // prettier-ignore
  const [before, made, restarts] = [kept.seen(), kept.made(), policies()];
  const rows: string[][] = [];
  console.log(`SEED=${chance.seed}`);
  while (rows.length < KILLS) {
    const watch = await watching({
      docker: (...args) => [...lab.rootOn(HOST), "docker", ...args],
      systems: rehearsal.described("staging").systems,
      marked: [],
    });
    for (let n = 0; n < MOST && rows.length < KILLS; n += 1) {
      const when = await killed();
      // What has ended is not killed any more: the way back comes first.
      if (when === undefined) break;
      rows.push([String(rows.length + 1), when]);
    }
    const said = succeeded(adopt());
    expect(await watch.end()).toEqual([]);
    expect(said).toContain("no drift: the host has what is declared");
    console.log(said.slice(said.indexOf("SERVICE  ")));
    succeeded(rehearsal.make("preview", "staging", "ARGS=--expect-no-changes"));
    kept.adoptedBy(rehearsal);
    expect(kept.seen()).toEqual(before);
    expect(kept.made()).toEqual(expect.arrayContaining(made));
    succeeded(adopt("BACK=1"));
    kept.wentBack();
    expect(kept.seen()).toEqual(before);
    expect(kept.made()).toEqual(expect.arrayContaining(made));
    expect(policies()).toBe(restarts);
  }
  console.log(table(["", "killed after"], rows));
}, 6_000_000);
