// A password of another server: of the environment, or typed and not shown.
import { PassThrough } from "node:stream";
import { secretOf } from "../../../operations/secret.ts";

/** A terminal (or a pipe) where this is typed, and what it shows. */
function terminal(typed: string | undefined, isTTY: boolean) {
  const input = Object.assign(new PassThrough(), { isTTY });
  const output = new PassThrough();
  input.end(typed);
  return { input, output, shown: () => String(output.read() ?? "") };
}

const VARIABLE = "SECRET_OF_A_TEST";
afterEach(() => {
  delete process.env[VARIABLE];
});

test.each(["from the environment", ""])("%j is given, and nothing asked", async (given) => {
  process.env[VARIABLE] = given;
  const { shown, ...at } = terminal("typed\n", true);
  expect(await secretOf(VARIABLE, "of a", at)).toBe(given);
  expect(shown()).toBe("");
});

test.each(["p w", "", "ü'\"\\"])("%j is typed, and not shown", async (typed) => {
  const { shown, ...at } = terminal(`${typed}\r`, true);
  expect(await secretOf(VARIABLE, "of the server a", at)).toBe(typed);
  expect(shown()).toBe(`Password of the server a (${VARIABLE} is not in the environment): \n`);
});

test.each([undefined, "half", "half\u0003"])("%j is no answer", async (typed) => {
  const { shown, ...at } = terminal(typed, true);
  await expect(secretOf(VARIABLE, "of a", at)).rejects.toThrow(/^nothing was changed$/);
  expect(shown()).not.toContain("half");
});

test("no terminal: refused by the variable's name, even when something could be read", async () => {
  const at = terminal("typed\n", false);
  await expect(secretOf(VARIABLE, "of a", at)).rejects.toThrow(
    `nothing was changed: ${VARIABLE} is not in the environment, and there is no terminal to ask at`,
  );
});
