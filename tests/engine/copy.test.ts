/** The copy off the host: made after each backup, out of reach of whoever has the host, and enough to begin anew. */
import { readFileSync, readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { Elsewhere, PASSWORD, SERVER_PASSWORD } from "./copy.harness.ts";
import { ADDING, Attacker, REMOVING } from "./destruction.ts";
import { failed, here, succeeded } from "./host.ts";
import { TestStack } from "./stack.harness.ts";

let stack: TestStack;
let elsewhere: Elsewhere;
let folder: string;

beforeAll(async () => {
  stack = await TestStack.create(["protea"], here, true);
  folder = join(stack.folder, ".local/backups/protea");
  elsewhere = await Elsewhere.start(`${stack.name}-elsewhere`, stack.marked);
  stack.config["host:backups"] = { directory: ".local/backups", copy: elsewhere.settings };
  stack.secret("host:copyPassword", PASSWORD);
  stack.secret("host:copyServerPassword", SERVER_PASSWORD);
  succeeded(stack.makeUp());
});

afterAll(() => {
  stack.remove();
});

const latest = () => readlinkSync(join(folder, "latest"));
const stamps = () => readdirSync(folder).filter((name) => /^2.*Z$/.test(name));
const snapshots = () =>
  (JSON.parse(succeeded(elsewhere.restic("snapshots", "--json"))) as { short_id: string }[]).map(
    ({ short_id }) => short_id,
  );

test("the first up copies the first backup, and no password is in clear but in the container's environment", () => {
  const [snapshot, ...others] = snapshots();
  expect(others).toEqual([]);
  expect(succeeded(stack.operation("backups"))).toMatch(
    new RegExp(`protea {2}${latest()} .* quick, \\S+Z {2,}${snapshot}, \\S+Z\\n`),
  );
  succeeded(stack.operation("status"));
  const copier = stack.container("protea", "backup-copy");
  const told = [readFileSync(stack.stateFile, "utf8"), here.docker("logs", copier), here.docker("top", copier)];
  for (const text of told) for (const secret of [PASSWORD, SERVER_PASSWORD]) expect(text).not.toContain(secret);
  succeeded(stack.preview("--expect-no-changes"));
});

test("a copy that fails leaves a good backup and a red status; the next one that succeeds makes up for it", () => {
  here.docker("stop", elsewhere.name);
  const text = failed(stack.operation("backup"));
  expect(text).toContain(`protea/${latest()} is verified`);
  expect(text).toContain(
    "protea: nothing was copied off the host: the server of host:backups.copy.repository does not answer",
  );
  expect(stamps()).toHaveLength(2);
  expect(failed(stack.operation("status"))).toMatch(/; the copy off the host failed at \S+Z: make copy/);
  expect(succeeded({ code: 0, text: failed(stack.operation("backups")) })).toMatch(
    new RegExp(`${latest()} .* none\\n`),
  );
  here.docker("start", elsewhere.name);
  expect(succeeded(stack.operation("copy"))).toMatch(
    /protea: the backups are copied off the host, snapshot \w{8}, \d+ MB new/,
  );
  succeeded(stack.operation("status"));
  expect(snapshots()).toHaveLength(2);
});

test("whoever has the host cannot destroy it", async () => {
  const good = snapshots().at(-1)!;
  const hashes = elsewhere.restored(good);
  const before = elsewhere.files();
  const since = elsewhere.shell("sleep 1.1; date -u '+%Y-%m-%d %H:%M:%S'");
  const attacker = new Attacker(stack.container("protea", "backup-copy"), elsewhere);
  const harmed: string[] = [];
  for (const [what, act] of [...REMOVING, ...ADDING]) {
    await act(attacker);
    const files = new Set(elsewhere.files());
    if (before.some((file) => !files.has(file))) harmed.push(what);
  }
  const acts = REMOVING.length + ADDING.length;
  console.log(`${acts - harmed.length} of ${acts} survived`);
  expect([acts, harmed]).toEqual([30, []]);
  // As docs/backups.md says to do after an attack: what is newer than it is put aside.
  elsewhere.shell(
    `mkdir /srv/aside && find /srv/copies/protea -type f -newermt '${since}' -exec mv -t /srv/aside {} +`,
  );
  expect(elsewhere.files()).toEqual(before);
  expect(elsewhere.restic("check", "--read-data")).toMatchObject({ code: 0 });
  expect(elsewhere.restored(good)).toBe(hashes);
  succeeded(stack.operation("copy"));
});

test("retention by time, from elsewhere, is not misled by snapshots that were added", () => {
  const good = snapshots();
  const attacker = new Attacker(stack.container("protea", "backup-copy"), elsewhere);
  succeeded(attacker.forge());
  succeeded(elsewhere.restic("forget", "--keep-within", "6m", "--prune"));
  expect(snapshots()).toEqual(expect.arrayContaining(good));
  expect(snapshots()).toHaveLength(good.length + 5);
  succeeded(elsewhere.restic("check"));
});
