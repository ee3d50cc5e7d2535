/** What a host runs by itself: set by systemd or cron, whichever there is, and taken away without a trace. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";

const NAME = "robotoff-protea-pro-backup";
const OTHER = "0 1 * * * of somebody else, 50 \\% # robotoff-protea schedule: robotoff-protea-pro-backup-not\n";
let home: string;
const path = (name: string) => join(home, name);
const table = () => (existsSync(path("table")) ? readFileSync(path("table"), "utf8") : undefined);
const job = () => path(`.local/share/robotoff-protea/schedule/${NAME}.sh`);

function program(name: string, text: string) {
  writeFileSync(path(`bin/${name}`), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
}

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "it's a home % "));
  mkdirSync(path("bin"));
  program(
    "crontab",
    `table='${path("table").replace("'", "'\\''")}'
case $1 in
  -l) cat "$table" 2>/dev/null || { echo "no crontab for $(id -un)" >&2; exit 1; } ;;
  -r) rm "$table" ;;
  -) cat > "$table.new" && mv "$table.new" "$table" ;;
esac`,
  );
});
afterEach(() => rmSync(home, { recursive: true }));

function schedule(...args: string[]) {
  const env = {
    HOME: home,
    PATH: `${home}/bin:/usr/bin:/bin`,
    SYSTEMD_RUNS: path("systemd"),
    SYSTEMD_UNITS: path("units"),
  };
  const { status, stdout, stderr } = spawnSync("sh", ["hosts/scripts/schedule.sh", ...args], { env, encoding: "utf8" });
  return { status, text: stdout + stderr };
}
const set = (when: string, ...words: string[]) => schedule("set", NAME, when, ...words);

test("cron gets one line, which runs the file with the words as they were; the lines of others stay", () => {
  writeFileSync(path("table"), OTHER);
  program("work", 'printf "<%s>" "$@" "$DOCKER_HOST"; exit 7');
  expect(set("Sun 05:00", "-", "nothing")).toMatchObject({ status: 0 });
  const words = ["it's", "$HOME `x` \\", "100%", ""];
  expect(set("03:15", "unix:///a b", path("bin/work"), ...words).status).toBe(0);
  expect(table()).toMatch(/^0 1 \* .*-not\n15 03 \* \* \* nice -n 10 sh .* # robotoff-protea schedule: \S+-backup\n$/);

  // As cron does: a % that is not escaped is a line's end, and nothing is known of this process.
  const line = table()!
    .split("\n")[1]!
    .replace(/^(\S+ ){5}/, "");
  expect(line.replaceAll("\\%", "")).not.toContain("%");
  const env = { HOME: home, PATH: "/usr/bin:/bin" };
  for (const logs of [1, 2]) {
    expect(spawnSync("/bin/sh", ["-c", line.replaceAll("\\%", "%")], { env, encoding: "utf8" })).toMatchObject({
      status: 7,
      stdout: "",
      stderr: "",
    });
    const folder = path(".local/share/robotoff-protea/schedule");
    expect(readdirSync(folder).filter((name) => name.includes(".log"))).toHaveLength(logs);
    expect(readFileSync(`${folder}/${NAME}.log`, "utf8")).toMatch(
      /^\d{4}-\d\d-\d\dT\S+Z\n<it's><\$HOME `x` \\><100%><><unix:\/\/\/a b>exit code 7\n$/,
    );
  }

  expect(schedule("remove", NAME)).toEqual({ status: 0, text: "" });
  expect([table(), existsSync(job())]).toEqual([OTHER, false]);
});

test("a weekday; a crontab that has nothing else goes with it; what is not there is removed without complaint", () => {
  expect(set("Sun 05:00", "-", "true").text).toContain("runs at Sun 05:00 (by_cron)");
  expect(table()).toMatch(/^00 05 \* \* Sun nice/);
  expect(schedule("remove", NAME).status).toBe(0);
  expect(table()).toBeUndefined();
  expect(schedule("remove", NAME)).toEqual({ status: 0, text: "" });
});

test("systemd gets a timer, cron nothing; one goes when the other comes", () => {
  expect(set("03:15", "-", "true").status).toBe(0);
  mkdirSync(path("systemd"));
  program("systemctl", `echo "$*" >> '${path("calls").replace("'", "'\\''")}'`);
  program("loginctl", "echo Linger=yes");
  expect(set("Sun 05:00", "-", "true").text).toContain("(by_systemd)");
  expect(table()).toBeUndefined();
  expect(readFileSync(path(`units/${NAME}.timer`), "utf8")).toContain(
    "\nOnCalendar=Sun *-*-* 05:00:00\nPersistent=true\n",
  );
  expect(readFileSync(path(`units/${NAME}.service`), "utf8")).toContain(
    `\nExecStart=/bin/sh "${job().replaceAll("%", "%%")}"\n`,
  );
  expect(readFileSync(path("calls"), "utf8")).toMatch(
    /--quiet daemon-reload\n.*--quiet enable --now \S+-backup.timer\n$/,
  );
  expect(schedule("remove", NAME).status).toBe(0);
  expect(readFileSync(path("calls"), "utf8")).toContain(`--quiet disable --now ${NAME}.timer\n`);
  expect(readdirSync(path("units"))).toEqual([]);
});

test("a host with neither, and a crontab that cannot be read: said, and nothing is changed", () => {
  rmSync(path("bin/crontab"));
  expect(set("03:15", "-", "true")).toEqual({
    status: 1,
    text: expect.stringMatching(
      /was not set: this host has neither systemd .* nor cron; install cron, or take host:backups.schedule/,
    ) as string,
  });
  expect(existsSync(job())).toBe(false);
  program("crontab", 'echo "You are not allowed to use this program (crontab)" >&2; exit 1');
  expect(set("03:15", "-", "true")).toEqual({
    status: 1,
    text: `schedule: crontab -l: You are not allowed to use this program (crontab)\nschedule: ${NAME} was not set: this user's crontab cannot be read; see above\n`,
  });
  expect(existsSync(job())).toBe(false);
});

describe("look says what is not as set, and changes nothing", () => {
  const look = (when: string, ...words: string[]) => schedule("look", NAME, when, ...words);
  const fine = { status: 0, text: "" };
  const words = ["unix:///a b", "/bin/true", "it's", "100%"];

  test("by cron", () => {
    const missing = `${job()} is missing\nits line in the crontab is missing\n`;
    expect(look("03:15", ...words)).toEqual({ status: 0, text: missing });
    expect(existsSync(path(".local"))).toBe(false);
    writeFileSync(path("table"), OTHER);
    set("03:15", ...words);
    expect(look("03:15", ...words)).toEqual(fine);
    expect(look("03:16", ...words).text).toBe("its line in the crontab is another\n");
    expect(look("03:15", "-", "/bin/true").text).toBe(`${job()} has another content\n`);
    writeFileSync(path("table"), table()!.replace(/^15/m, "#15"));
    expect(look("03:15", ...words).text).toBe("its line in the crontab is another\n");
    writeFileSync(path("table"), OTHER);
    writeFileSync(job(), "#!/bin/sh\n");
    expect(look("03:15", ...words).text).toBe(`${job()} has another content\nits line in the crontab is missing\n`);
    expect([table(), readFileSync(job(), "utf8")]).toEqual([OTHER, "#!/bin/sh\n"]);
  });

  test("by systemd", () => {
    mkdirSync(path("systemd"));
    program("systemctl", `case $* in *"$(cat '${path("fails").replace("'", "'\\''")}')"*) exit 3 ;; esac`);
    writeFileSync(path("fails"), "nothing");
    program("loginctl", "echo Linger=yes");
    set("03:15", ...words);
    expect(look("03:15", ...words)).toEqual(fine);
    writeFileSync(path("fails"), "is-active");
    expect(look("03:15", ...words)).toEqual({ status: 0, text: `the timer ${NAME}.timer does not run\n` });
    writeFileSync(path("fails"), "is-enabled");
    expect(look("03:15", ...words)).toEqual({ status: 0, text: `the timer ${NAME}.timer is not enabled\n` });
    writeFileSync(path("fails"), "nothing");
    rmSync(path(`units/${NAME}.service`));
    expect(look("Sun 03:15", ...words).text).toBe(
      `${path(`units/${NAME}.service`)} is missing\n${path(`units/${NAME}.timer`)} has another content\n`,
    );
  });

  test("by neither, and where the crontab cannot be read", () => {
    set("03:15", ...words);
    program("crontab", 'echo "You are not allowed to use this program (crontab)" >&2; exit 1');
    expect(look("03:15", ...words)).toEqual({
      status: 1,
      text: "schedule: crontab -l: You are not allowed to use this program (crontab)\n",
    });
    rmSync(path("bin/crontab"));
    expect(look("03:15", ...words)).toEqual({ status: 0, text: "neither systemd nor cron runs it\n" });
  });
});
