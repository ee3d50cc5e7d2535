import { readFileSync, writeFileSync } from "node:fs";

/** Expects a text to be as the checked-in file has it; `npm run unit:golden` writes the files anew, for review. */
export function expectGolden(text: string, file: string): void {
  if (process.env.WRITE_GOLDEN === "1") writeFileSync(file, text);
  expect(text).toBe(readFileSync(file, "utf8"));
}
