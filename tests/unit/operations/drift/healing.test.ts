// What `make heal` does about differences, in which order, and what it says before.
import { canHeal, describeHealing, healing } from "../../../../operations/drift/healing.ts";
import {
  byDocker,
  byHand,
  byUp,
  counted,
  LEFT,
  replacing,
  type Mend,
  type Row,
} from "../../../../operations/drift/rows.ts";
import { service } from "../../support/drift.ts";

const row = (where: string, mend: Mend, what = "memory"): Row => ({ where, what, declared: "1", found: "2", mend });
const update = (name: string) => byDocker(["update", "--memory", "1m", name]);

test("names come first, a command is given once, and what is made anew needs none", () => {
  const rows = [
    row("one", update("one")),
    row("one", update("one"), "memory swap"),
    row("two", byDocker(["rename", "old", "two"]), "name"),
    row("two", update("two")),
    row("two", replacing("urn::two")),
    row("two", replacing("urn::two"), "user"),
    row("three", byUp()),
    row("three", byUp(), "state"),
    row("stranger", LEFT, "container"),
  ];
  expect(healing(rows)).toEqual({
    aside: [],
    docker: [
      ["rename", "old", "two"],
      ["update", "--memory", "1m", "one"],
    ],
    replace: new Map([["urn::two", "two"]]),
    up: ["three"],
    left: [rows.at(-1)],
  });
});

test("an impostor is set aside; what else is wrong with it goes with it", () => {
  const aside: Mend = { text: "aside", aside: "one", up: true };
  const rows = [row("one", aside, "container"), row("one", { text: "with the container" }), row("one", update("one"))];
  expect(healing(rows)).toEqual({ aside: ["one"], docker: [], replace: new Map(), up: ["one"], left: [] });
});

test("nothing to do, and nothing that can be done", () => {
  expect(canHeal(healing([]))).toBe(false);
  const hand = healing([row("net", byHand("docker network rm net"), "driver")]);
  expect(canHeal(hand)).toBe(false);
  expect(describeHealing(hand, new Map())).toBe("left to you:\n  net, driver: 2");
  for (const mend of [update("a"), byUp(), replacing("urn"), { text: "", aside: "a" }])
    expect(canHeal(healing([row("a", mend)]))).toBe(true);
});

test("it says what is away, from when to when", () => {
  const services = new Map([
    ["mq", service()],
    ["job", { ...service(), kind: "job" as const, healthcheck: undefined }],
  ]);
  const rows = [
    row("impostor", { text: "", aside: "impostor", up: true }, "container"),
    row("mq", replacing("urn::mq")),
    row("job", replacing("urn::job")),
    row("script.sh", replacing("urn::script")),
    row("paused", byDocker(["unpause", "paused"]), "state"),
    row("gone", byUp(), "container"),
  ];
  expect(describeHealing(healing(rows), services)).toBe(
    `somebody's, under a name of ours: stopped, renamed and kept, and ours made again:
  impostor
changed in place:
  docker unpause paused
made anew, volumes stay as they are:
  mq (away from its stop, which takes 60 s at most, until it is healthy, 7 min at most)
  job (a job, run again)
  script.sh
started, made again or applied by make up:
  gone`,
  );
});

test("how many", () => {
  expect(
    [[], [row("a", LEFT)], [row("a", LEFT), row("a", LEFT)], [row("a", LEFT), row("b", LEFT)]].map(counted),
  ).toEqual([
    "no drift: the host has what is declared",
    "1 difference in 1 place",
    "2 differences in 1 place",
    "2 differences in 2 places",
  ]);
});
