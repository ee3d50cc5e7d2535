/** The recovery kit: variables that a shell reads as they are, a README whose commands name what is there, and what stops it. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fetchArguments } from "../../../backups/fetch.ts";
import { readme } from "../../../operations/kit/readme.ts";
import { variableLines } from "../../../operations/kit/variables.ts";
import { describeStack } from "../../../systems/stack.ts";
import { FakeDocker } from "../support/fake-docker.ts";
import { MINIMAL, raw } from "../support/stack.ts";

const IMAGE = "restic/restic:0.18.1";
const REST = { repository: "rest:https://backup.example.org:8000/here", user: "here", image: IMAGE };
const values: Record<string, string> = { "host:copyPassword": "a/b+c==~", "host:copyServerPassword": "d.e_f-" };
const value = (key: string) => values[key]!;

test.each([
  [
    "a server of restic",
    REST,
    "1a2b",
    [
      "RESTIC_REPOSITORY=rest:https://backup.example.org:8000/here/protea",
      "RESTIC_PASSWORD=a/b+c==~",
      "RESTIC_REST_USERNAME=here",
      "RESTIC_REST_PASSWORD=d.e_f-",
      "RESTIC_KEY_HINT=1a2b",
    ],
  ],
  [
    "S3, and no key that is known",
    { repository: "s3:https://s3.example.org/bucket/", user: "AKIA", image: IMAGE },
    undefined,
    [
      "RESTIC_REPOSITORY=s3:https://s3.example.org/bucket/protea",
      "RESTIC_PASSWORD=a/b+c==~",
      "AWS_ACCESS_KEY_ID=AKIA",
      "AWS_SECRET_ACCESS_KEY=d.e_f-",
    ],
  ],
])("%s: a line each, and a shell reads them as they are", (_what, copy, key, expected) => {
  const text = variableLines(copy, "protea", value, key);
  expect(text).toBe(`${expected.join("\n")}\n`);
  const { stdout } = spawnSync("sh", ["-c", `set -a\n${text}env`], { encoding: "utf8", env: {} });
  expect(stdout.split("\n")).toEqual(expect.arrayContaining(expected));
});

test("the README names each system, its key and where it goes; and how a state of one's own comes back", () => {
  const keys = ["robotoff", "protea"].map((system) => ({ system, repository: `${REST.repository}/${system}`, id: "1a2b3c4d5e" }));
  const text = (own: boolean) => readme("production", new Date("2026-11-25T03:00:00Z"), keys, "/srv/backups", own);
  for (const system of ["robotoff", "protea"]) {
    expect(text(true)).toContain(`  ${system}: rest:https://backup.example.org:8000/here/${system}, key 1a2b3c4d\n`);
    expect(text(true)).toContain(`(set -a; . ./${system}.env; restic restore latest --target /srv/backups/fetched) && mv /srv/backups/fetched/backups/${system} /srv/backups/\n`);
  }
  expect(text(true)).toMatch(/^Recovery kit of the stack production, written 2026-11-25T03:00:00.000Z\n\nEVERYTHING .* IS SECRET/);
  expect(text(true)).toContain("cp KIT/stack/passphrase .local/passphrase");
  expect(text(false)).toContain("PULUMI_CONFIG_PASSPHRASE_FILE=KIT/stack/passphrase");
  for (const own of [true, false]) expect(text(own)).toContain("make fetch STACK=production KIT=KIT\n");
}); // prettier-ignore

test.each([
  ["", {}, IMAGE, "postgres:16.3-alpine"],
  [
    ", through a mirror",
    { "host:registry": "10.1.0.1:5000" },
    `10.1.0.1:5000/docker.io/${IMAGE}`,
    "10.1.0.1:5000/docker.io/library/postgres:16.3-alpine",
  ],
])("what fetch.sh is told%s", (_how, more, restic, postgres) => {
  const backups = { directory: "/srv/backups", mounted: true, copy: REST };
  const { host, systems } = describeStack(raw({ ...MINIMAL, "host:backups": backups, ...more }));
  const args = fetchArguments(systems[0]!, host, "latest").map((arg) => arg.replace(/-[0-9a-f]{12}\.sh$/, ".sh"));
  expect(args).toEqual(["robotoff", "/srv/backups", "1", restic, postgres, "vault.sh", "latest"]);
});

describe("nothing is written", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "kit-"));
    writeFileSync(join(folder, "there"), "");
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test.each<[string, string[], string]>([
    ["where nobody said where", [], "say where: make recovery-kit TO=/media/usb/kit"],
    ["where something is", ["--to", "there"], "is there already and stays as it is"],
    ["where nothing is mounted", ["--to", "usb/kit"], "is it mounted?"],
    ["of a stack without a copy", ["--to", "kit"], "Pulumi.local.yaml declares no copy off the host"],
  ])("%s", async (_what, words, message) => {
    const docker = new FakeDocker();
    const [option, to] = words;
    const ran = await docker.operation("recovery-kit", ...(option ? [option, join(folder, to!)] : []));
    docker.remove();
    expect([ran.status, ran.stderr]).toEqual([1, expect.stringContaining(message)]);
    expect(readdirSync(folder)).toEqual(["there"]);
  });
});
