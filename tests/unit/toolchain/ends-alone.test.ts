// toolchain/ends-alone.ts in a Node process of its own, which does what Pulumi's SDK does with what nobody caught.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const ALONE = ["--import", join(__dirname, "../../../toolchain/ends-alone.ts")];
const PROGRAM = `
  process.on("uncaughtException", (error) => console.error(error));
  setInterval(() => console.error("said"), 20);
  setTimeout(() => process.exit(7), 2_000);
`;

/** Its exit code after its reader has gone. */
async function code(how: string[], stream: "stdout" | "stderr"): Promise<unknown> {
  const program = stream === "stderr" ? PROGRAM : PROGRAM.replaceAll("console.error", "console.log");
  const child = spawn(process.execPath, [...how, "--eval", program], { stdio: ["ignore", "pipe", "pipe"] });
  await once(child[stream], "data");
  child[stream].destroy();
  return (await once(child, "exit"))[0];
}

test.each(["stdout", "stderr"] as const)("a program ends whose %s nobody reads any more", async (stream) => {
  expect(await code(ALONE, stream)).toBe(1);
});

test("without it, it goes on", async () => {
  expect(await code([], "stderr")).toBe(7);
});

test("Pulumi loads it", () => {
  expect(readFileSync("Pulumi.yaml", "utf8")).toContain("--import ./toolchain/ends-alone.ts");
});
