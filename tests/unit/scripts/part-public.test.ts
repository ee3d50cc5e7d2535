/** Robotoff's dump for those who download it: at every instant the link points to one that is whole and verified. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

let folder: string;
const TODAY = `robotoff_postgres_${new Date().toISOString().slice(0, 10)}.dump`;
const LATEST = "robotoff_postgres_latest.dump";

const program = (name: string, text: string) =>
  writeFileSync(join(folder, "programs", name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "part-public-"));
  mkdirSync(join(folder, "programs"));
  // A dump is whole where its last line says so.
  program("pg_dump", 'for last; do :; done; { seq 20000; echo "$SAYS"; } > "$last"');
  program("pg_restore", 'for last; do :; done; [ "$(tail -n 1 "$last")" = whole ]');
});
afterEach(() => rmSync(folder, { recursive: true }));

function part(stamp: string, says = "whole") {
  const out = join(folder, `.${stamp}.partial/public`);
  mkdirSync(join(out, ".."), { recursive: true });
  const PATH = `${folder}/programs:${process.env.PATH}`;
  const env = { ...process.env, PATH, BACKUPS: folder, POSTGRES_USER: "u", POSTGRES_DB: "d", SAYS: says };
  const codes = ["backup", "verify"].map(
    (verb) => spawnSync("sh", ["hosts/scripts/part-public.sh", verb, out], { env }).status,
  );
  return codes.join(" ");
}

test("under the runbook's names, and only once it was read through", () => {
  expect(part("20261125T030000Z")).toBe("0 0");
  const at = join(folder, "public");
  expect(readdirSync(at).sort()).toEqual([TODAY, LATEST].sort());
  expect(readlinkSync(join(at, LATEST))).toBe(TODAY);
  const before = readFileSync(join(at, LATEST), "utf8");
  expect(part("20261125T040000Z", "half")).toBe("0 1");
  expect(readFileSync(join(at, LATEST), "utf8")).toBe(before);
});

test("whoever reads it while others are made finds it whole, each time", async () => {
  part("20261125T030000Z");
  const reads =
    'n=0; while [ ! -e "$0/enough" ]; do [ "$(tail -n 1 "$1")" = whole ] || echo broken; n=$((n + 1)); done; echo "$n"';
  const reader = spawn("sh", ["-c", reads, folder, join(folder, "public", LATEST)]);
  let said = "";
  reader.stdout.on("data", (text: Buffer) => (said += text.toString()));
  for (let n = 0; n < 10; n += 1) part(`20261125T0400${10 + n}Z`, n % 3 === 0 ? "half" : "whole");
  writeFileSync(join(folder, "enough"), "");
  await once(reader, "close");
  expect(said).toMatch(/^\d+\n$/);
  expect(Number(said)).toBeGreaterThan(0);
});
