// The question before something that cannot be undone: asked at a terminal only, and only y goes on.
import { PassThrough } from "node:stream";
import { confirm } from "../../../operations/confirm.ts";

/** A terminal (or a pipe) where this is typed, and what it shows. */
function terminal(typed: string | undefined, isTTY: boolean) {
  const input = Object.assign(new PassThrough(), { isTTY });
  const output = new PassThrough();
  input.end(typed);
  return { input, output, shown: () => String(output.read() ?? "") };
}

const WHAT = "3 messages of protea.dead-letter will be deleted.";

test.each(["y\n", "Y\n", "yes\n", " y \n"])("%j goes on", async (typed) => {
  const { shown, ...at } = terminal(typed, true);
  await confirm(WHAT, undefined, at);
  expect(shown()).toContain(`${WHAT}\nGo on? [y/N] `);
});

test.each(["n\n", "\n", "nay\n", "yy\n", undefined])("%j does not", async (typed) => {
  await expect(confirm(WHAT, undefined, terminal(typed, true))).rejects.toThrow(/^nothing was changed$/);
});

test("YES=1 goes on without a question, and says all the same what will happen", async () => {
  const { shown, ...at } = terminal(undefined, false);
  await confirm(WHAT, "1", at);
  expect(shown()).toBe(`${WHAT}\n`);
});

test.each([undefined, "0", ""])("no terminal and YES=%s: refused, even when something could be read", async (yes) => {
  const { shown, ...at } = terminal("y\n", false);
  await expect(confirm(WHAT, yes, at)).rejects.toThrow("there is no terminal to ask at; add YES=1 to go on");
  expect(shown()).toBe(`${WHAT}\n`);
});
