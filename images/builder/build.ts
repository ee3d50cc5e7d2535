// Makes sure that the images of the stack `local` exist: `node images/builder/build.ts [NAME…]`, all of them by default.
// What exists is left alone; running it again after a failure continues with what is missing. See docs/images.md.
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { catalogue } from "../catalogue.ts";
import { make, removeOld } from "./make.ts";
import { cacheFolder, docker, StepError } from "./run.ts";
import { standInTag } from "./tag.ts";

const root = join(import.meta.dirname, "../..");
const locked = "ROBOTOFF_PROTEA_IMAGES_LOCKED";

/** Runs this program once more under a lock, so that two checkouts do not build the same thing at once. */
function underLock(): number {
  mkdirSync(cacheFolder, { recursive: true });
  const again = [join(cacheFolder, "lock"), process.execPath, ...process.argv.slice(1)];
  const options = { stdio: "inherit", env: { ...process.env, [locked]: "1" } } as const;
  const first = spawnSync("flock", ["--nonblock", "--conflict-exit-code", "75", ...again], options);
  if (first.error) throw new StepError('"flock" is needed (Debian: the package util-linux)');
  if (first.status !== 75) return first.status ?? 1;
  console.log("waiting for another image build on this machine to end");
  return spawnSync("flock", again, options).status ?? 1;
}

function one(name: string, tag: string): boolean {
  const log = join(cacheFolder, "logs", `${name}.log`);
  const line = (text: string) => console.log(`${name.padEnd(16)} ${text}`);
  const start = Date.now();
  const elapsed = () => `${((Date.now() - start) / 1000).toFixed(1)} s`;
  rmSync(log, { force: true });
  line(`making ${tag}, log: ${log}`);
  try {
    line(`${make(root, name, catalogue[name]!, tag, log)} in ${elapsed()}`);
    removeOld(name, tag);
    return true;
  } catch (error) {
    if (!(error instanceof StepError)) throw error;
    line(
      `FAILED after ${elapsed()}: ${error.message}\n    To continue with what is missing: node images/builder/build.ts ${name}`,
    );
    return false;
  }
}

function main(names: string[]): number {
  const unknown = names.filter((name) => !(name in catalogue));
  if (unknown.length)
    throw new StepError(`unknown image ${unknown.join(", ")}; there are: ${Object.keys(catalogue).join(", ")}`);
  const wanted = names.length ? names : Object.keys(catalogue);
  const present = new Set(
    docker("image", "ls", "--format", "{{.Repository}}:{{.Tag}}", "robotoff-protea/*").split("\n"),
  );
  const tags = wanted.map((name) => [name, standInTag(`images/${name}`, root)] as const);
  const missing = tags.filter(([, tag]) => !present.has(tag));
  if (missing.length && !process.env[locked]) return underLock();
  for (const [name, tag] of tags) if (present.has(tag)) console.log(`${name.padEnd(16)} present, ${tag}`);
  mkdirSync(join(cacheFolder, "logs"), { recursive: true });
  return missing.map(([name, tag]) => one(name, tag)).includes(false) ? 1 : 0;
}

try {
  process.exitCode = main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof StepError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
