// Which backup a restore begins with, where it goes, and what is said of what can be restored.
import { baseFor, momentOf, ofAnotherSystem, parseList, parseTarget, type Backup } from "../../../backups/list.ts";
import { parseWindow, recoverable, type Window } from "../../../backups/window.ts";
import { backupRows } from "../../../operations/backups/rows.ts";

const NOW = new Date("2026-11-25T12:00:00Z");
const HOUR = 3_600_000;
const TEXT = `20261124T030000Z 1000 59 deep 2026-11-24T03:05:00Z 20261101T000000Z 71 1a2b3c4d 2026-11-25T03:01:00Z postgres,bucket
20261125T030000Z 2500000 9 quick 2026-11-25T03:00:10Z 20261125T010000Z 72 - - postgres,bucket
20261125T040000Z 5 1 - - - - - - postgres,bucket
`;
const BACKUPS = parseList(TEXT);
const [first, second, third] = BACKUPS as [Backup, Backup, Backup];

test("the list as vault.sh prints it", () => {
  expect(BACKUPS).toEqual([
    {
      stamp: "20261124T030000Z",
      began: new Date("2026-11-24T03:00:00Z"),
      ended: new Date("2026-11-24T03:01:00Z"),
      bytes: 1000,
      parts: ["postgres", "bucket"],
      took: 59,
      verified: { how: "deep", at: new Date("2026-11-24T03:05:00Z") },
      line: "20261101T000000Z",
      system: "71",
      copied: { snapshot: "1a2b3c4d", at: new Date("2026-11-25T03:01:00Z") },
    },
    {
      stamp: "20261125T030000Z",
      began: new Date("2026-11-25T03:00:00Z"),
      ended: new Date("2026-11-25T03:00:10Z"),
      bytes: 2_500_000,
      parts: ["postgres", "bucket"],
      took: 9,
      verified: { how: "quick", at: new Date("2026-11-25T03:00:10Z") },
      line: "20261125T010000Z",
      system: "72",
    },
    {
      stamp: "20261125T040000Z",
      began: new Date("2026-11-25T04:00:00Z"),
      ended: new Date("2026-11-25T04:00:02Z"),
      bytes: 5,
      parts: ["postgres", "bucket"],
      took: 1,
      line: "-",
      system: "-",
    },
  ]);
  expect(parseList("")).toEqual([]);
  expect(momentOf("20260102T030405Z").toISOString()).toBe("2026-01-02T03:04:05.000Z");
});

describe("AT=", () => {
  const checkpoints = new Map([["before-cleaning", new Date("2026-11-25T11:00:00Z")]]);
  const at = (text: string) => parseTarget(text, checkpoints, NOW);
  const time = (text: string) => ({ kind: "time", time: new Date(text) });

  test.each<[string, object]>([
    ["latest", { kind: "latest" }],
    ["before-cleaning", { kind: "name", name: "before-cleaning", time: new Date("2026-11-25T11:00:00Z") }],
    ["2026-11-25T03:12:00Z", time("2026-11-25T03:12:00Z")],
    ["2026-11-25T03:12:00.123456Z", time("2026-11-25T03:12:00.123Z")],
    ["2026-11-25 03:12:00", time("2026-11-25T03:12:00Z")],
    ["2026-11-25T03:12", time("2026-11-25T03:12:00Z")],
    ["2026-11-25T05:12:00+02:00", time("2026-11-25T03:12:00Z")],
    ["2026-11-25T12:00:00Z", time("2026-11-25T12:00:00Z")],
  ])("%s", (text, expected) => expect(at(text)).toEqual(expected));

  test.each([
    ["yesterday", "found AT=yesterday, expected latest, a time such as 2026-11-25T03:12:00Z (UTC without a zone), or a checkpoint: before-cleaning"],
    ["2026-13-25T03:12:00Z", "found AT=2026-13-25T03:12:00Z, expected latest, a time such as 2026-11-25T03:12:00Z (UTC without a zone), or a checkpoint: before-cleaning"],
    ["2026-11-25T12:00:01Z", "found AT=2026-11-25T12:00:01Z, which has not come yet"],
  ])("%s is refused", (text, message) => expect(() => at(text)).toThrow(new Error(message))); // prettier-ignore

  test("without checkpoints it says so", () => {
    expect(() => parseTarget("then", new Map(), NOW)).toThrow("or a checkpoint: none was set yet");
  });
});

describe("a restore begins with", () => {
  const to = (text: string) => baseFor(BACKUPS, { kind: "time", time: new Date(text) }).stamp;
  test.each([
    ["2026-11-24T03:01:00Z", first.stamp],
    ["2026-11-25T03:00:09Z", first.stamp],
    ["2026-11-25T03:00:10Z", second.stamp],
    ["2026-11-25T11:00:00Z", second.stamp],
  ])("%s: the newest verified one that ended before", (at, stamp) => expect(to(at)).toBe(stamp));

  test("the newest verified one, for latest", () => expect(baseFor(BACKUPS, { kind: "latest" })).toBe(second));

  test("none: said, with what there is", () => {
    expect(() => to("2026-11-24T03:00:59Z")).toThrow(
      "the oldest verified backup ended at 2026-11-24T03:01:00.000Z: nothing before that can be restored",
    );
    expect(() => baseFor([third], { kind: "latest" })).toThrow(
      "there is no verified backup to restore from: make backup",
    );
  });
});

test("a server that was made anew is told by backups of another database system", () => {
  expect(ofAnotherSystem(BACKUPS, second)).toBe(first);
  expect(ofAnotherSystem(BACKUPS, first)).toBe(second);
  expect(ofAnotherSystem([first, third], first)).toBeUndefined();
});

describe("what can be restored", () => {
  const window = (change: Partial<Window> = {}): Window => ({
    behind: 0.049,
    line: second.line,
    checkpoints: new Map(),
    ...change,
  });
  const see = (change: Partial<Window> = {}, backups = BACKUPS, maxAge = 26 * HOUR, copied = false) =>
    recoverable(backups, window(change), maxAge, NOW, copied);

  test("the window as vault.sh prints it", () => {
    expect(
      parseWindow(
        "receiving 0.05\nline 20261125T010000Z\ncheckpoint a 2026-11-25T11:00:00.5Z 20261125T010000Z\ncopy-failed 2026-11-25T03:20:00Z\n",
      ),
    ).toEqual({
      copyFailed: new Date("2026-11-25T03:20:00Z"),
      behind: 0.05,
      line: "20261125T010000Z",
      checkpoints: new Map([["a", new Date("2026-11-25T11:00:00.5Z")]]),
    });
    expect(parseWindow("away\nline -\n")).toEqual({ checkpoints: new Map() });
  });

  test("from the oldest backup of the line on, to now", () => {
    expect(see()).toEqual({ line: "recoverable from 2026-11-25T03:00:10.000Z to now (0.05 s behind)" });
    const older = { ...first, line: second.line };
    expect(see({}, [older, second]).line).toBe("recoverable from 2026-11-24T03:01:00.000Z to now (0.05 s behind)");
  });

  test.each<[string, Partial<Window>, Backup[], number, object]>([
    ["no backup", {}, [], 1, { line: "not recoverable", problem: "no verified backup yet: make backup" }],
    ["none verified", {}, [third], 1, { line: "not recoverable", problem: "no verified backup yet: make backup" }],
    [
      "an old one", {}, BACKUPS, 8 * HOUR,
      { line: "recoverable from 2026-11-25T03:00:10.000Z to now (0.05 s behind)", problem: "the newest verified backup is 9h0m0s old" },
    ],
    [
      "no receiver", { behind: undefined }, BACKUPS, 26 * HOUR,
      { line: "recoverable from 2026-11-25T03:00:10.000Z to 2026-11-25T03:00:10.000Z", problem: "no WAL is received: make logs SERVICE=postgres-backup" },
    ],
    [
      "a new line", { line: "20261125T110000Z" }, BACKUPS, 26 * HOUR,
      { line: "recoverable from 2026-11-25T03:00:10.000Z to 2026-11-25T03:00:10.000Z", problem: "WAL since has no base backup to begin with: make backup" },
    ],
  ])("%s", (_what, change, backups, maxAge, expected) => expect(see(change, backups, maxAge)).toEqual(expected)); // prettier-ignore
});

test.each<[string, Partial<Window>, Backup[], number, string | undefined]>([
  ["nothing copied", {}, [second], 9, "nothing is copied off the host yet: make copy"],
  ["an old copy", {}, BACKUPS, 32, "the newest backup that is copied off the host is 33h0m0s old: make copy"],
  ["a copy of yesterday", {}, BACKUPS, 33, undefined],
  ["one that failed", { copyFailed: NOW }, BACKUPS, 33, "the copy off the host failed at 2026-11-25T12:00:00.000Z: make copy"],
])("where a copy off the host is declared: %s", (_what, change, backups, hours, problem) => {
  const window = { behind: 0, line: second.line, checkpoints: new Map<string, Date>(), ...change };
  expect(recoverable(backups, window, hours * HOUR, NOW, true).problem).toBe(problem);
  expect(recoverable(backups, window, hours * HOUR, NOW, false).problem).toBeUndefined();
}); // prettier-ignore

test("the table: newest first", () => {
  expect(backupRows("protea", BACKUPS, NOW)).toEqual([
    { system: "protea", backup: third.stamp, age: "8h0m0s", size: "0.0 MB", took: "1 s", what: "postgres bucket", verified: "never", copies: "none" },
    { system: "protea", backup: second.stamp, age: "9h0m0s", size: "2.5 MB", took: "9 s", what: "postgres bucket", verified: "quick, 2026-11-25T03:00:10.000Z", copies: "none" },
    { system: "protea", backup: first.stamp, age: "33h0m0s", size: "0.0 MB", took: "59 s", what: "postgres bucket", verified: "deep, 2026-11-24T03:05:00.000Z", copies: "1a2b3c4d, 2026-11-25T03:01:00.000Z" },
  ]); // prettier-ignore
  expect(backupRows("protea", [second], new Date("2026-11-25T03:00:30Z"))[0]!.age).toBe("now");
});
