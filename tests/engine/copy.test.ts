/** The copy off the host: made after each backup, out of reach of whoever has the host, and enough to begin anew. */
import { copyFileSync, mkdirSync, readFileSync, readdirSync, readlinkSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { Elsewhere, PASSWORD, SERVER_PASSWORD } from "./copy.harness.ts";
import { ADDING, Attacker, REMOVING } from "./destruction.ts";
import { failed, here, succeeded } from "./host.ts";
import { image } from "./images.harness.ts";
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
/** restic's snapshots, oldest first. */
const snapshots = () =>
  (JSON.parse(succeeded(elsewhere.restic("snapshots", "--json"))) as { short_id: string }[]).map(
    ({ short_id }) => short_id,
  );

test("the first up copies the first backup, and no password is in clear", () => {
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
  // Who is refused for want of a password proves nothing.
  succeeded(attacker.restic("--no-lock", "cat", "config"));
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

describe("from the recovery kit alone", () => {
  let kit: string;
  const inKit = (name: string) => readFileSync(join(kit, name), "utf8");

  beforeAll(() => {
    stack.query("protea", "create table kept as select g as id, md5(g::text) as word from generate_series(1, 5000) g");
    succeeded(stack.operation("backup"));
    kit = join(stack.folder, "kit");
    succeeded(stack.operation("recovery-kit", "--to", kit));
  });

  test("it is written once, for one person's eyes", () => {
    expect(failed(stack.operation("recovery-kit", "--to", kit))).toContain("is there already and stays as it is");
    const entries = readdirSync(kit, { recursive: true, encoding: "utf8" }).map((name) => join(kit, name));
    const modes = [kit, ...entries]
      .map((path) => statSync(path))
      .map((at) => [at.isFile(), (at.mode & 0o777).toString(8)]);
    expect(modes.filter(([isFile, mode]) => mode !== (isFile ? "600" : "700"))).toEqual([]);
    expect(readdirSync(join(kit, "stack")).sort()).toEqual(
      [`Pulumi.${stack.name}.yaml`, "passphrase", "state.json"].sort(),
    );
    for (const secret of [PASSWORD, SERVER_PASSWORD]) expect(inKit("stack/state.json")).not.toContain(secret);
  });

  test("the backups are restored by hand, as its README says", () => {
    const restored = join(stack.folder, "by-hand");
    mkdirSync(restored);
    // The latest one is forged: see above.
    const [restore] = /\(set -a.* restic restore .*/.exec(inKit("README.txt"))!;
    const [check] = /cd \S+\/latest && sha256sum [^]*?--quiet/.exec(inKit("README.txt"))!;
    const line = `cd /kit; ${restore.replace("latest", snapshots().at(-2)!)} && ${check.replace("SYSTEM", "protea")}`;
    const mounts = ["--volume", `${kit}:/kit:ro`, "--volume", `${restored}:${join(folder, "..")}`];
    succeeded(
      here.tryDocker("run", "--rm", ...stack.marked, ...mounts, "--entrypoint", "sh", image("restic"), "-c", line),
    );
    expect(readlinkSync(join(restored, "protea/latest"))).toBe(latest());
  });

  test("a host, its backups, the stack's file and its state are lost: all of it comes back", () => {
    const known = latest();
    const ours = ["--filter", `label=robotoff-protea.stack=${stack.name}`];
    here.docker("rm", "--force", ...here.docker("ps", "--all", "--quiet", ...ours).split("\n"));
    here.docker("volume", "rm", ...here.docker("volume", "ls", "--quiet", ...ours).split("\n"));
    here.docker("network", "rm", `${stack.name}-protea_default`, `${stack.name}-protea_servers`);
    const file = `Pulumi.${stack.name}.yaml`;
    for (const lost of [folder, join(stack.folder, "state"), join(stack.folder, file)])
      rmSync(lost, { recursive: true });

    mkdirSync(join(stack.folder, "state"));
    copyFileSync(join(kit, "stack", file), join(stack.folder, file));
    stack.environment.PULUMI_CONFIG_PASSPHRASE = inKit("stack/passphrase").trimEnd();
    succeeded(stack.pulumi("stack", "init", stack.name));
    succeeded(stack.pulumi("stack", "import", "--stack", stack.name, "--file", join(kit, "stack/state.json")));
    const forged = failed(stack.operation("fetch", "--kit", kit));
    expect(forged).toContain("there is no backup in the snapshot latest; say another one of these by SNAPSHOT=");
    const good = snapshots().at(-2)!;
    expect(forged).toContain(good);
    expect(succeeded(stack.operation("fetch", "--kit", kit, "--snapshot", good))).toMatch(
      /protea: \d backups are back in .*\. Then: make up/,
    );
    expect(latest()).toBe(known);
    expect(readdirSync(join(folder, "stack"))).toContain("state.json");
    expect(failed(stack.operation("fetch", "--kit", kit))).toContain("there are backups in ");
    succeeded(stack.makeUp());
    expect(stack.query("protea", "select count(*) || md5(string_agg(word, '' order by id)) from kept")).toBe(
      stack.query(
        "protea",
        "select count(*) || md5(string_agg(md5(g::text), '' order by g)) from generate_series(1, 5000) g",
      ),
    );
    succeeded(stack.operation("status"));
  });

  test("make rotate gives the repository another password, by which copies are made; the first still opens it", () => {
    succeeded(stack.operation("rotate", "--secret", "host:copyPassword", "--yes", "1"));
    delete stack.config["host:copyPasswordNext"];
    stack.secretsSet();
    const words = ["--system", "protea", "--service", "backup-copy", "--key", "host:copyPassword", "--show", "1"];
    const [password] = succeeded(stack.operation("password", ...words)).split("\n") as [string];
    expect(password).toMatch(/^[0-9a-f]{32}$/);
    const known = snapshots();
    succeeded(stack.operation("backup"));
    expect(JSON.parse(succeeded(elsewhere.resticBy(password, "snapshots", "--json")))).toHaveLength(known.length + 1);
    expect(JSON.parse(succeeded(elsewhere.restic("key", "list", "--json")))).toHaveLength(2);
    succeeded(stack.operation("status"));
  });
});
