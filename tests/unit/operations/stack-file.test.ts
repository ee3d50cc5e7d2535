/** What writes a stack's file leaves it whole, whenever it is killed: another file takes its place. */
import {
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeStackFile } from "../../../operations/stack.ts";

const before = process.cwd();
const folder = mkdtempSync(join(tmpdir(), "stack-file-"));

beforeAll(() => {
  process.chdir(folder);
});

afterAll(() => {
  process.chdir(before);
  rmSync(folder, { recursive: true });
});

test("the old file is as it was until the new one is there; its mode stays, and a link stays one", () => {
  writeFileSync("real.yaml", "config: {}\n", { mode: 0o640 });
  symlinkSync("real.yaml", "Pulumi.here.yaml");
  const { ino } = statSync("real.yaml");
  writeStackFile("here", "config: { a: b }\n");
  expect(readFileSync("real.yaml", "utf8")).toBe("config: { a: b }\n");
  expect(statSync("real.yaml").ino).not.toBe(ino);
  expect(statSync("real.yaml").mode & 0o777).toBe(0o640);
  expect(lstatSync("Pulumi.here.yaml").isSymbolicLink()).toBe(true);
  expect(readdirSync(".").sort()).toEqual(["Pulumi.here.yaml", "real.yaml"]);
});

test("where there is no such file, none is made", () => {
  expect(() => {
    writeStackFile("nowhere", "config: {}\n");
  }).toThrow("Pulumi.nowhere.yaml");
});
