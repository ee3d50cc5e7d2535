/** Staging on another machine, over SSH through a proxy: by one shared connection, by one each, by docker compose, and on the host itself. */
import { LabStack, SYSTEM, type Way } from "../lib/lab-stack.ts";
import { seconds } from "../lib/processes.ts";
import type { Section } from "../lib/report.ts";
import { Samples } from "../lib/statistics.ts";

const UP = "up from nothing to all healthy";
const PREVIEW = "ARGS=--expect-no-changes --non-interactive --color=never";
/** What changes nothing: `make` with these words. */
const LOOKS = {
  preview: ["preview", PREVIEW],
  "preview --refresh": ["preview", `${PREVIEW} --refresh`],
  "make status": ["status"],
};
const REFRESHED: keyof typeof LOOKS = "preview --refresh";
const STATUS: keyof typeof LOOKS = "make status";

export async function hosts(rounds: number): Promise<Section> {
  const samples = new Samples();
  const stack = await LabStack.create();
  const failures = new Map<string, string>();
  const measure = async (way: Way | "compose", what: string, action: () => Promise<unknown>) => {
    try {
      samples.add(`${way}: ${what}`, await seconds(action));
    } catch (error) {
      // Many connections are more than sshd takes at a time (MaxStartups): that is a result.
      if (way !== "apart") throw error;
      failures.set(
        `${way}: ${what}`,
        (error as Error).message
          .trim()
          .split("\n")
          .findLast((line) => /ssh|connect/i.test(line)) ?? "",
      );
      console.error((error as Error).message);
    }
  };
  for (let round = 1; round <= rounds; round += 1) {
    for (const way of ["apart", "shared"] as const) {
      await stack.fromNothing();
      await measure(way, UP, () => stack.up(way));
    }
    await stack.copyHome();
    for (const [look, [target, ...variables]] of Object.entries(LOOKS)) {
      for (const way of ["shared", "apart", "home"] as const) {
        // The first one may open the shared connection, and fills caches.
        if (round === 1) await stack.make(way, target!, ...variables).catch(() => undefined);
        await measure(way, look, () => stack.make(way, target!, ...variables));
      }
    }
    await stack.writeComposeFiles();
    await stack.fromNothing();
    await measure("compose", UP, () => stack.composeUp());
    await stack.composeStatus();
    await measure("compose", STATUS, () => stack.composeStatus());
  }
  const { containers } = stack;
  await stack.remove();
  const show = (way: Way | "compose", what: string) =>
    failures.has(`${way}: ${what}`) ? "fails" : samples.show(`${way}: ${what}`);
  const row = (what: string, ratio: string, target: string) => [
    what,
    ...(["shared", "apart", "compose", "home"] as const).map((way) => show(way, what)),
    ratio,
    target,
  ];
  const overHome = (what: string) => `${samples.ratio(`shared: ${what}`, `home: ${what}`)} × on the host`;
  return {
    title: "Staging on another machine, over SSH through a proxy",
    notes: [
      `${SYSTEM ? `${SYSTEM} alone` : "Both systems"}, ${containers} containers, jobs included, on a host of \`make hosts\`, whose images are there; proxy and host are on this machine, so the way is short, and the host's servers share its cores.`,
      "As deployed: one shared connection (ControlMaster), closed before an `up`, open before what follows. One each: the same without it. Docker compose gets the files of `make compose`, by DOCKER_HOST=ssh://… over the same shared connection; its status is `docker compose ps --all`. On the host itself: the same containers by the engine's socket, without SSH.",
      "This program's `up` also looks at the host first, sets its schedule, makes the first backup and keeps what it deployed; compose does none of that.",
      "The host's sshd gives 100 sessions on a connection here: with its ten compose's `up` ends (`Session open refused by peer`), since it takes one for whatever it waits for. This program's does not.",
      "Each is the whole `make` command; both previews find no changes (`--expect-no-changes`).",
      ...[...failures].map(([what, why]) => `${what} failed: ${why}`),
    ],
    columns: ["", "one shared connection", "one each", "docker compose", "on the host itself", "ratio", "to reach"],
    rows: [
      row(UP, `${samples.ratio(`shared: ${UP}`, `compose: ${UP}`)} × compose`, "≤ 1.2 × compose"),
      ...Object.keys(LOOKS).map((look) =>
        row(look, overHome(look), look === REFRESHED ? "≤ 1.5 × on the host" : look === STATUS ? "< 1 s" : ""),
      ),
    ],
  };
}
