// `make report`: what Prometheus answers, as text for people.
import { samples } from "../../../operations/prometheus/answers.ts";
import { QUESTIONS, reportText, type Answers } from "../../../operations/report/text.ts";
import { FakeDocker } from "../support/fake-docker.ts";

const NONE = Object.fromEntries(Object.keys(QUESTIONS).map((key) => [key, []])) as unknown as Answers;
const now = Date.parse("2026-11-26T10:00:00Z") / 1_000;
const GIB = 2 ** 30;
const DAY = 86_400;

test("a week in which much was wrong", () => {
  const disk = { mountpoint: "/" };
  const text = reportText(
    "staging",
    {
      alerts: [
        { labels: { alertname: "DiskFull" }, value: 600 },
        { labels: { alertname: "ContainerDown", system: "robotoff", service: "api" }, value: 5 * 3_600 },
        { labels: { alertname: "DeadLetters", system: "protea", queue: "protea.dead-letter" }, value: 3 * DAY },
      ],
      pages: [{ labels: { system: "robotoff", service: "api" }, value: 0.99999 }],
      restarts: [{ labels: { system: "robotoff", service: "worker-1" }, value: 3 }],
      free: [{ labels: disk, value: 30 * GIB }, { labels: { mountpoint: "/srv" }, value: 5 * GIB }, { labels: { mountpoint: "/new" }, value: GIB }],
      size: [{ labels: disk, value: 100 * GIB }, { labels: { mountpoint: "/srv" }, value: 9 * GIB }, { labels: { mountpoint: "/new" }, value: 2 * GIB }],
      trend: [{ labels: disk, value: (-3 * GIB) / DAY }, { labels: { mountpoint: "/srv" }, value: 12 }],
      backups: [
        { labels: { system: "robotoff" }, value: now - 7 * 3_600 },
        { labels: { system: "protea" }, value: now - 3 * DAY },
      ],
      oldest: [{ labels: { system: "robotoff" }, value: now - 7 * DAY }],
      drills: [{ labels: { system: "robotoff" }, value: now - 4 * DAY }],
    },
    now,
  ); // prettier-ignore
  expect(text).toBe(`staging, the week until 2026-11-26 10:00 UTC

ALERT          ABOUT                      BURNED FOR
DeadLetters    protea protea.dead-letter  3 days
ContainerDown  robotoff api               5 h
DiskFull       the host                   10 min

PAGE          ANSWERED
robotoff api  99.99 %

Began again:
  robotoff worker-1: 3 times

DISK  FREE               FULL
/     30 GiB of 100 GiB  in 10 days
/srv  5 GiB of 9 GiB     not within a year
/new  1 GiB of 2 GiB     not known yet

SYSTEM    NEWEST VERIFIED  CAN BE RESTORED FROM  RESTORED AS A DRILL
robotoff  7 h old          2026-11-19 10:00      2026-11-22 10:00
protea    3 days old       ?                     not this week`);
});

test("a quiet week, of a stack without backups", () => {
  const text = reportText("local", { ...NONE, pages: [{ labels: { system: "protea", service: "frontend" }, value: 1 }] }, now); // prettier-ignore
  expect(text).toContain("Nothing was wrong.");
  expect(text).toContain("protea frontend  100.00 %");
  expect(text).toContain("No backup is known.");
  expect(text).not.toContain("Began again");
});

test("what Prometheus answers, and what it complains of", () => {
  const answer = { status: "success", data: { result: [{ metric: { a: "b" }, value: [1, "2.5"] }] } };
  expect(samples(JSON.stringify(answer))).toEqual([{ labels: { a: "b" }, value: 2.5 }]);
  expect(() => samples('{"status":"error","error":"parse error"}')).toThrow("Prometheus: parse error");
});

test("a stack that is not watched says how it would be", async () => {
  const docker = new FakeDocker();
  try {
    const { status, stderr } = await docker.operation("report");
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: "Pulumi.local.yaml has nothing watched: say monitoring:enabled: true, then make up\n",
    });
    expect(() => docker.calls).toThrow("ENOENT");
  } finally {
    docker.remove();
  }
});
