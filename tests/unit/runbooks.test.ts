// docs/runbooks.md promises commands: that its `make` targets exist, and that what is said to work word for word is run.
import { readFileSync } from "node:fs";
import { WORD_FOR_WORD } from "../engine/runbooks.ts";

const MAKEFILE = readFileSync("Makefile", "utf8");
const TARGETS = new Set([...MAKEFILE.matchAll(/^([a-z-]+):.* ## /gm)].map(([, name]) => name!));

interface Row {
  runbook: string;
  mark: string;
  now: string;
}

/** The three columns of every row about a command; `\|` is a pipe within one. */
const rows: Row[] = readFileSync("docs/runbooks.md", "utf8")
  .split("\n")
  .filter((line) => line.startsWith("| "))
  .map((line) =>
    line
      .slice(2)
      .replace(/ ?\|$/, "")
      .split(/ \|(?: |$)/)
      .map((cell) => cell.replaceAll("\\|", "|").trim()),
  )
  .filter((cells) => /^\*\*.*\*\*$/.test(cells[1] ?? ""))
  .map(([runbook, mark, now]) => ({ runbook: runbook!, mark: mark!, now: now ?? "" }));

const code = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map(([, inner]) => inner!);

test("the tables are read", () => {
  expect(rows.length).toBeGreaterThan(60);
  expect(new Set(rows.map(({ mark }) => mark))).toEqual(new Set(["**as it is**", "**now**", "**not needed**"]));
});

test("every make target that one types exists, with the options that are named", () => {
  const typed = rows.flatMap(({ now }) => code(now).filter((command) => command.startsWith("make ")));
  expect(typed.length).toBeGreaterThan(40);
  const wrong = typed.filter((command) => {
    const [, target, ...words] = command.split(" | ")[0]!.split(" ");
    const options = words.map((word) => /^([A-Z]+)=/.exec(word)?.[1]).filter((name) => name !== undefined);
    return !TARGETS.has(target!) || options.some((name) => !MAKEFILE.includes(`$(${name})`));
  });
  expect(wrong).toEqual([]);
});

test("what another command does says which", () => {
  expect(
    rows.filter(({ mark, now }) => mark === "**now**" && code(now).length === 0 && !now.includes("the same")),
  ).toEqual([]);
});

test("what works as it is, is run by the engine test, and nothing else is promised", () => {
  const promised = rows.filter(({ mark }) => mark === "**as it is**").map(({ runbook }) => code(runbook)[0]);
  expect(promised).toEqual(WORD_FOR_WORD.map(({ command }) => command));
});
