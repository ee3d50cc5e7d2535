// Secrets on the host: written whole, read by containers, kept and removed. Run by sh, in a home of their own.
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  chmodSync,
  existsSync,
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
import { secretLine } from "../../../engines/docker/secrets.ts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "secrets-"));
  for (const name of ["secrets", "secrets-exec"]) copyFileSync(`hosts/scripts/${name}.sh`, join(home, `${name}-1.sh`));
});
afterEach(() => rmSync(home, { recursive: true }));

const sh = (args: string[], input = "", HOME = home) => {
  const { status, stdout, stderr } = spawnSync("sh", [join(home, "secrets-1.sh"), ...args], {
    ...{ encoding: "utf8", input, env: { PATH: process.env.PATH, HOME } },
  });
  return { status, stdout, stderr };
};
const write = (...lines: [string, string, string][]) =>
  sh(["write", "protea", "secrets-exec-1.sh"], lines.map((line) => secretLine(...line)).join(""));
const FINE = { status: 0, stdout: "", stderr: "" };
const at = (...names: string[]) => join(home, ".local/share/robotoff-protea/secrets", ...names);
const mode = (...names: string[]) => (statSync(at(...names)).mode & 0o777).toString(8);
/** Of whatever one line of text may have. */
const AWKWARD = ` "$(x)" 'y' %41 \\n ä `;

test("each file whole; its folder is for anybody in a container, those above for one user of the host", () => {
  expect(write(["api-1", "DB_URL", AWKWARD], ["api-1", "TOKEN", "t"], ["postgres-1", "PASSWORD", "p"])).toEqual(FINE);
  expect(readFileSync(at("protea/api-1/DB_URL"), "utf8")).toBe(AWKWARD);
  expect(readdirSync(at("protea/api-1")).sort()).toEqual(["DB_URL", "TOKEN", "exec"]);
  expect(readdirSync(at("protea/postgres-1")).sort()).toEqual(["PASSWORD", "exec"]);
  expect([mode(), mode("protea"), mode("protea/api-1"), mode("protea/api-1/TOKEN"), mode("protea/api-1/exec")]).toEqual(
    ["700", "700", "755", "444", "555"],
  );
});

test("written again, what was changed is as it was", () => {
  write(["api-1", "TOKEN", "t"]);
  chmodSync(at("protea/api-1/exec"), 0o755);
  writeFileSync(at("protea/api-1/exec"), "#!/bin/sh\nmine");
  rmSync(at("protea/api-1/TOKEN"));
  expect(write(["api-1", "TOKEN", "t"])).toEqual(FINE);
  expect(readFileSync(at("protea/api-1/TOKEN"), "utf8")).toBe("t");
  expect(readFileSync(at("protea/api-1/exec"), "utf8")).toBe(readFileSync("hosts/scripts/secrets-exec.sh", "utf8"));
});

test("where they are has no link in it", () => {
  const link = join(home, "link");
  symlinkSync(home, link);
  const { stdout } = sh(["folder", "protea"], "", link);
  expect(stdout).toBe(at("protea"));
  expect(existsSync(stdout)).toBe(true);
});

test("those of other folders, and of other projects, stay; the rest goes", () => {
  write(["api-1", "A", "1"], ["api-2", "A", "2"], ["api", "A", "3"]);
  sh(["write", "robotoff", "secrets-exec-1.sh"], secretLine("api-1", "A", "1"));
  expect(sh(["keep", "protea", "api-2"])).toEqual(FINE);
  expect(readdirSync(at("protea"))).toEqual(["api-2"]);
  expect(readdirSync(at("robotoff"))).toEqual(["api-1"]);
  expect(sh(["remove", "protea"])).toEqual(FINE);
  expect(readdirSync(at())).toEqual(["robotoff"]);
  // Nothing to remove is no failure.
  expect([sh(["remove", "protea"]), sh(["keep", "protea", "api-2"])]).toEqual([FINE, FINE]);
});

describe("exec", () => {
  const exec = (...words: string[]) =>
    spawnSync(at("protea/api-1/exec"), words, {
      encoding: "utf8",
      env: { PATH: process.env.PATH, OTHER: "o", TOKEN: "before" },
    });

  test("runs a command with the files as variables, and with nothing of its own", () => {
    write(["api-1", "DB_URL", AWKWARD], ["api-1", "TOKEN", "t"]);
    const { stdout } = exec(
      "sh",
      "-c",
      'printf "%s|" "$DB_URL" "$TOKEN" "$OTHER" "$1"; env | sed "s/=.*//" | sort | tr "\\n" " "',
      "sh",
      "a b",
    );
    expect(stdout).toBe(`${AWKWARD}|t|o|a b|DB_URL OTHER PATH PWD TOKEN `);
    expect(exec("sh", "-c", "exit 7").status).toBe(7);
  });

  test("a file that cannot be read ends it, before the command", () => {
    write(["api-1", "TOKEN", "t"]);
    chmodSync(at("protea/api-1"), 0o755);
    symlinkSync("/nonexistent", at("protea/api-1/GONE"));
    const { status, stdout, stderr } = exec("echo", "ran");
    expect([status, stdout]).toEqual([1, ""]);
    expect(stderr).toContain("GONE cannot be read: make heal");
  });
});
