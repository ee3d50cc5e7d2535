/** What the checks look at beside the engine: room, memory, folders, the kernel, what runs jobs. As root, and as somebody else. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { hostname, tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { CheckedHost, FINE, found, GIB } from "../support/checked-host.ts";

/** nobody, who is in no group of interest. */
const OTHER = 65_534;
const ROOT = process.getuid?.() === 0;
/** As somebody who is not root: nobody, or whoever runs the tests. */
const asUser = ROOT ? { user: OTHER } : {};
const me = ROOT ? "nobody" : userInfo().username;
const administrator = (command: string) =>
  `what needs root, an administrator of ${hostname()} types there, once: sudo sh -c '${command}'`;

let docker: CheckedHost;
let folder: string;
beforeEach(() => {
  docker = new CheckedHost();
  folder = mkdtempSync(join(tmpdir(), "machine-"));
  chmodSync(folder, 0o755);
});
afterEach(() => {
  docker.remove();
  rmSync(folder, { recursive: true });
});
const warned = (text: string) => ({ ...FINE, stdout: `warning ${text}\n` });

describe("room", () => {
  const told = (free: string, size: string) => `the disk of Docker's data, /data, has ${free} of ${size} GiB free`;
  const MORE = ": make disk shows what takes it, make reclaim frees images that nothing needs";
  test.each<[number, number, ReturnType<typeof found>]>([
    [100, 10, FINE],
    [100, 9, warned(told("9.0 GiB", "100.0") + MORE)],
    [100, 5, warned(told("5.0 GiB", "100.0") + MORE)],
    [100, 4, found(`${told("4.0 GiB", "100.0")}; expected 5.0 GiB at least${MORE}`)],
    [10_000, 20, FINE],
    [10_000, 10, warned(told("10.0 GiB", "10000.0") + MORE)],
    [10_000, 9, found(`${told("9.0 GiB", "10000.0")}; expected 10.0 GiB at least${MORE}`)],
    [100, 0, found(`${told("0 MiB", "100.0")}; expected 5.0 GiB at least${MORE}`)],
  ])("of %d GiB, %d are free", (size, free, expected) => {
    docker.info({ root: "/data" }).disk("/data", { size, free });
    expect(docker.checks([])).toEqual(expected);
  });

  const of = (unused: string) => `the disk of Docker's data, /data, has ${unused} inodes free (df -i)`;
  test.each<[number, number, ReturnType<typeof found>]>([
    [0, 0, FINE],
    [65_536, 6_552, FINE],
    [65_536, 6_551, warned(of("6551 of 65536") + MORE)],
    [65_536, 3_276, warned(of("3276 of 65536") + MORE)],
    [65_536, 3_275, found(`${of("3275 of 65536")}; expected 3276 at least${MORE}`)],
    [26_214_400, 200_000, FINE],
    [26_214_400, 199_999, warned(of("199999 of 26214400") + MORE)],
    [26_214_400, 99_999, found(`${of("99999 of 26214400")}; expected 100000 at least${MORE}`)],
  ])("of %d inodes, %d are free", (inodes, unused, expected) => {
    docker.info({ root: "/data" }).disk("/data", { inodes, unused });
    expect(docker.checks([])).toEqual(expected);
  });

  test("neither bytes nor inodes: both are said", () => {
    docker.info({ root: "/data" }).disk("/data", { size: 100, free: 1, inodes: 65_536, unused: 1 });
    expect(docker.checks([]).stderr.split("\n").slice(1, -1)).toEqual([
      expect.stringContaining("has 1.0 GiB of 100.0 GiB free"),
      expect.stringContaining("has 1 of 65536 inodes free"),
    ]);
  });

  test("of the backups, on a disk of their own; on the same one it is said once", () => {
    docker.info({ root: "/data" }).disk("/data").disk(folder, { size: 100, free: 1, id: "other" });
    const full = (path: string) =>
      `the disk of the backups, ${path}, has 1.0 GiB of 100.0 GiB free; expected 5.0 GiB at least: keep fewer (host:backups.keep), or give it a larger disk`;
    expect(docker.checks([`backups ${folder}`])).toEqual(found(full(folder)));
    docker.disk("/data", { size: 100, free: 1, id: "other" });
    expect(docker.checks([`backups ${folder}`])).toEqual(found(full(folder)));
  });

  test("a root that is not on this machine, as where an engine's socket is another's, is said", () => {
    docker.info({ root: "/nowhere/docker" });
    expect(docker.checks([])).toEqual(warned("the disk of Docker's data, /nowhere/docker, cannot be seen from here"));
  });

  test("a root in a folder that the user may not enter is on that folder's disk", () => {
    const root = join(folder, "docker", "1000.1000");
    mkdirSync(root, { recursive: true });
    chmodSync(join(folder, "docker"), 0o700);
    docker.info({ root }).disk(join(folder, "docker"), { size: 100, free: 1 });
    if (!ROOT) chmodSync(join(folder, "docker"), 0o000);
    const { stderr } = docker.checks([], asUser);
    chmodSync(join(folder, "docker"), 0o700);
    expect(stderr).toContain("has 1.0 GiB of 100.0 GiB free");
  });
});

test.each<[string, number, ReturnType<typeof found>]>([
  ["limit 2147483648 robotoff:services.api.memory", 2 * GIB, FINE],
  [
    "limit 2147483649 robotoff:services.api.memory",
    2 * GIB,
    found("robotoff:services.api.memory is 2.0 GiB, more than the host has: 2.0 GiB; lower it"),
  ],
  ["limits 2147483648", 2 * GIB, FINE],
  [
    "limits 86973087744",
    64 * GIB,
    warned(
      "the containers' memory limits add up to 81.0 GiB, and the host has 64.0 GiB: should many take theirs at once, " +
        "the kernel ends processes. docker stats shows what they take",
    ),
  ],
])("memory: %s of %d", (check, memory, expected) => {
  docker.info({ memory });
  expect(docker.checks([check])).toEqual(expected);
});

describe("the folder of backups that is not there", () => {
  const missing = (how: string) =>
    `the folder of backups ${folder}/backups does not exist on the host (host:backups.directory). A new host: make it (${how}). ` +
    "One that takes a lost one's place: make it, and bring its backups back (make fetch)";
  const make = (owner: string) => `mkdir -p ${folder}/backups && chown ${owner} ${folder}/backups`;

  test("is never made, and the command that makes it is said", () => {
    chmodSync(folder, 0o777);
    expect(docker.checks([`backups ${folder}/backups`], asUser)).toEqual(found(missing(make(me))));
    expect(() => statSync(`${folder}/backups`)).toThrow("ENOENT");
  });

  test("is an administrator's to make where the user may not", () => {
    chmodSync(folder, 0o555);
    // A folder that is not writable is so for whoever is not root.
    expect(docker.checks([`backups ${folder}/backups`], asUser)).toEqual(
      found(missing("see below"), administrator(make(me))),
    );
    chmodSync(folder, 0o755);
  });
});

describe("what host:prepare has made", () => {
  const path = () => `${folder}/new`;
  const check = (owner = "-") => docker.checks([`prepare folder ${path()} ${owner}`], asUser);

  test("a folder that is not there, and that this user may make", () => {
    chmodSync(folder, 0o777);
    expect(check()).toEqual({ ...FINE, stdout: `missing folder ${path()}\n` });
    expect(check(me)).toEqual({ ...FINE, stdout: `missing folder ${path()}\n` });
    expect(() => statSync(path())).toThrow("ENOENT");
  });

  test("one that root must make, because of where it is or whose: all in one command", () => {
    const problem = (name: string) =>
      `the folder ${folder}/${name} does not exist, and is not this user's to make (host:prepare.folders)`;
    const [one, two] = [`${folder}/a/b`, `${folder}/c`];
    expect(docker.checks([`prepare folder ${one} -`, `prepare folder ${two} 1234:5678`], asUser)).toEqual(
      found(
        problem("a/b"),
        problem("c"),
        administrator(`mkdir -p ${one} && chown ${me} ${one} && mkdir -p ${two} && chown 1234:5678 ${two}`),
      ),
    );
    chmodSync(folder, 0o777);
    expect(check("1234")).toEqual(found(problem("new"), administrator(`mkdir -p ${path()} && chown 1234 ${path()}`)));
    expect(check(`${me}:5678`).status).toBe(1);
  });

  test("one that is there: anybody's where no owner is declared, else its own, by name or number", () => {
    mkdirSync(path());
    const { uid, gid } = statSync(path());
    const own = userInfo().username;
    for (const owner of ["-", String(uid), own, `${uid}:${gid}`, `${own}:${gid}`]) expect(check(owner)).toEqual(FINE);
    for (const owner of ["1234", `${uid}:1234`]) {
      const { status, stderr } = check(owner);
      expect(status).toBe(1);
      expect(stderr).toMatch(`the folder ${path()} belongs to ${own}:`);
      expect(stderr).toContain(administrator(`chown ${owner} ${path()}`));
    }
  });

  test("one that has contents keeps its owner, whoever asks: a person decides", () => {
    mkdirSync(path());
    writeFileSync(join(path(), "data"), "");
    for (const options of [asUser, {}]) {
      const { status, stdout, stderr } = docker.checks([`prepare folder ${path()} 1234`], options);
      expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
      expect(stderr).toContain(
        `, expected 1234 (host:prepare.folders); it has contents, and is left alone. If they may go to 1234: sudo chown 1234 ${path()}\n`,
      );
      expect(stderr).not.toContain("administrator");
    }
  });

  test("a file, or a link that leads nowhere, is no folder", () => {
    writeFileSync(path(), "");
    symlinkSync("/nowhere/at/all", `${folder}/link`);
    expect(check().stderr).toContain(`${path()} is there, and is no folder`);
    expect(docker.checks([`prepare folder ${folder}/link -`], {}).stderr).toContain("link is there, and is no folder");
  });

  test("the kernel's settings: at least", () => {
    const SYSCTLS = join(folder, "sys");
    mkdirSync(join(SYSCTLS, "vm"), { recursive: true });
    const variables = { SYSCTLS, SYSCTL_FILES: folder };
    const set = (value: string) => {
      writeFileSync(join(SYSCTLS, "vm/max_map_count"), `${value}\n`);
      return docker.checks(["prepare sysctl vm.max_map_count 262144"], { ...asUser, variables });
    };
    expect(set("262144")).toEqual(FINE);
    expect(set("1048576")).toEqual(FINE);
    for (const value of ["65530", "0", ""])
      expect(set(value)).toEqual(
        found(
          `vm.max_map_count is ${value}; expected 262144 or more (host:prepare.sysctl)`,
          administrator(
            `sysctl -q -w vm.max_map_count=262144 && echo vm.max_map_count=262144 >> ${folder}/90-robotoff-protea.conf`,
          ),
        ),
      );
    expect(docker.checks(["prepare sysctl vm.nothing 1"], { ...asUser, variables })).toEqual(
      found("the host's kernel has no vm.nothing (host:prepare.sysctl)"),
    );
  });
});

describe("what runs the backups by themselves", () => {
  /** Of this machine's programs those that the checks call: whether it has cron is no matter then. */
  const TOOLS = "sh cat id date stat dirname awk sort head tail grep sed tr uname ls cksum cut timeout".split(" ");
  const run = (SYSTEMD_RUNS: string, linger = "no") => {
    mkdirSync(join(folder, "bin"), { recursive: true });
    for (const tool of TOOLS) symlinkSync(`/usr/bin/${tool}`, join(folder, "bin", tool));
    docker.program("loginctl", `[ "$*" = "show-user ${me} --property Linger" ] && echo Linger=${linger}`);
    const variables = { SYSTEMD_RUNS, PATH: `${docker.folder}:${folder}/bin` };
    return docker.checks(["schedule"], { ...asUser, variables });
  };
  const nothing = (command: string) =>
    found(
      `nothing runs jobs of ${me} on this host while nobody is logged in: neither systemd nor cron (host:backups.schedule)`,
      administrator(command),
    );

  test("systemd, where it runs this user's jobs while nobody is logged in", () => {
    expect(run(folder, "yes")).toEqual(FINE);
  });

  test.each(["/nowhere", tmpdir()])("cron (systemd: %s)", (systemd) => {
    docker.program("crontab", "exit 1");
    expect(run(systemd)).toEqual(FINE);
  });

  test("neither: what an administrator types", () => {
    expect(run("/nowhere")).toEqual(nothing("apt-get install -y cron"));
  });

  test("systemd, and not for this user", () => {
    expect(run(folder)).toEqual(nothing(`loginctl enable-linger ${me}`));
  });
});
