// What the scripts of the backups are called with, for the whole of a stack.
import { backupArguments, beforeMigration, partsOf, scriptsBeside, verifyArguments } from "../../../backups/parts.ts";
import {
  applications,
  dataVolume,
  describeRestore,
  fillArguments,
  fillPartsArguments,
  restoreArguments,
} from "../../../backups/restore.ts";
import { parseList, parseSizes } from "../../../backups/list.ts";
import { committed } from "../support/stack.ts";

const { host, systems } = committed("local");
const [robotoff, protea] = systems as [(typeof systems)[0], (typeof systems)[0]];
/** Without the hashes of contents. */
const plain = (args: string[] | undefined) =>
  args?.map((arg) => arg.replaceAll(/-[0-9a-f]{12}\.sh/g, ".sh").replace(process.cwd(), ""));
const [base] = parseList(
  "20261125T030000Z 2500000 9 quick 2026-11-25T03:00:10Z 20261125T010000Z 72 - - postgres,bucket",
);

test("a backup", () => {
  expect(plain(backupArguments(robotoff, host))).toEqual([
    "robotoff", "/.local/backups", "0", "robotoff_postgres-backup_1", "vault.sh", "3,7,4,6", "-", "-",
    "postgres=robotoff_postgres-backup_1=postgres=part-postgres.sh",
    "public=robotoff_postgres-backup_1=postgres=part-public.sh",
    "redis=robotoff_redis-backup_1=root=part-redis.sh",
    "elasticsearch=robotoff_elasticsearch-backup_1=root=part-elasticsearch.sh",
  ]); // prettier-ignore
  const mounted = {
    ...host,
    backups: {
      ...host.backups!,
      mounted: true,
      keep: { last: 1, daily: 2, weekly: 3, monthly: 4 },
      ping: "https://hc.example.org/x/",
    },
  };
  expect(plain(backupArguments(protea, mounted))!.slice(0, 8)).toEqual([
    "protea", "/.local/backups", "1", "protea-postgres-backup-1", "vault.sh", "1,2,3,4", "https://hc.example.org/x/protea", "-",
  ]); // prettier-ignore
  expect(scriptsBeside(robotoff)).toEqual([
    "vault",
    "part-restore",
    "part-postgres",
    "part-public",
    "part-redis",
    "part-elasticsearch",
  ]);
});

test("a verification, and what a migration is told to name the moment before it", () => {
  expect(plain(verifyArguments(robotoff, host, "latest", "deep"))).toEqual([
    "robotoff", "/.local/backups", "robotoff_postgres-backup_1", "vault.sh", "part-restore.sh", "latest", "deep",
    "postgres=robotoff_postgres-backup_1=postgres=part-postgres.sh",
    "public=robotoff_postgres-backup_1=postgres=part-public.sh",
    "redis=robotoff_redis-backup_1=root=part-redis.sh",
    "elasticsearch=robotoff_elasticsearch-backup_1=root=part-elasticsearch.sh",
  ]); // prettier-ignore
  const { args, beside } = beforeMigration(protea);
  expect([plain(args), beside]).toEqual([["protea-postgres-backup-1", "vault.sh"], ["vault"]]);
});

test("without a folder, or without the container that makes it, there is none", () => {
  expect(backupArguments(robotoff, { ...host, backups: undefined })).toBeUndefined();
  const services = robotoff.services.map((service) => ({ ...service, replicas: 0 }));
  expect(partsOf({ ...robotoff, services })).toEqual([]);
  expect(backupArguments({ ...robotoff, services }, host)).toBeUndefined();
});

test("a restore stops what uses the data, the last first, and no server", () => {
  expect(applications(robotoff)).toEqual([
    "robotoff_worker-ml-1_1", "robotoff_worker-1_1", "robotoff_update-listener_1", "robotoff_scheduler_1", "robotoff_api_1",
  ]); // prettier-ignore
  expect([dataVolume(robotoff), dataVolume(protea)]).toEqual(["robotoff_postgres-data", "protea_postgres_data"]);
  const common = [
    "robotoff",
    "/.local/backups",
    "robotoff_postgres_1",
    "robotoff_postgres-backup_1",
    "robotoff_postgres-data",
  ];
  const time = new Date("2026-11-25T03:12:00.5Z");
  const to = (target: Parameters<typeof restoreArguments>[2]) => plain(restoreArguments(robotoff, host, target, base!));
  const began = ["20261125T030000Z", "20261125T010000Z"];
  expect(to({ kind: "latest" })).toEqual([...common, ...began, "latest", "-", ...applications(robotoff)]);
  expect(to({ kind: "time", time })).toEqual([
    ...common,
    ...began,
    "time",
    "2026-11-25 03:12:00.500+00",
    ...applications(robotoff),
  ]);
  expect(to({ kind: "name", name: "before", time })).toEqual([
    ...common,
    ...began,
    "name",
    "before",
    ...applications(robotoff),
  ]);
  expect(plain(restoreArguments(robotoff, host, { kind: "latest" }, base!, { look: true }))).toEqual([
    ...common,
    ...began,
    "look-latest",
    "-",
    ...applications(robotoff),
  ]);
  // Of another folder than the stack's own: that one stays, for what is written.
  const of = plain(restoreArguments(robotoff, host, { kind: "latest" }, base!, { from: "/mnt" }));
  expect(of).toEqual([...common, "/mnt/robotoff/20261125T030000Z", began[1], "latest", "-", ...applications(robotoff)]);
  const fill = (...once: ["latest" | Date] | []) => plain(fillArguments(robotoff, host, ...once));
  const rest = ["vault.sh", "restore-postgres.sh", ...common, ...applications(robotoff)];
  expect(fill()).toEqual(["never", ...rest]);
  expect(fill("latest")).toEqual(["latest", ...rest]);
  expect(fill(time)).toEqual(["1795576320", ...rest]);
  expect(plain(fillPartsArguments(protea, host, "latest"))).toEqual([
    ...["latest", "vault.sh", "restore-parts.sh", "part-restore.sh", "protea", common[1], "protea-postgres-backup-1"],
    "bucket=protea-files-backup-1=root=part-bucket.sh",
    "rabbitmq=protea-files-backup-1=root=part-rabbitmq.sh",
    "--",
    ...applications(protea),
  ]);
  // A dump for others is never brought back.
  expect(plain(fillPartsArguments(robotoff, host, "latest"))!.slice(4)).toEqual([
    ...[...common.slice(0, 2), common[3]],
    "elasticsearch=robotoff_elasticsearch-backup_1=root=part-elasticsearch.sh",
    "redis=robotoff_redis-backup_1=root=part-redis.sh",
    "--",
    ...applications(robotoff),
  ]);
});

test("what a person is told before", () => {
  const time = new Date("2026-11-25T03:12:00Z");
  const sizes = parseSizes("public 7\npostgres 1534000000\nwal 33554432\n");
  const told = (target: Parameters<typeof describeRestore>[1]) =>
    describeRestore(robotoff, target, base!, { now: new Date("2026-11-25T03:13:30Z"), sizes }).split("\n");
  expect(told({ kind: "name", name: "before", time })).toEqual([
    "robotoff: PostgreSQL goes back to the checkpoint before, 2026-11-25T03:12:00.000Z",
    "  from the backup 20261125T030000Z (verified 2026-11-25T03:00:10.000Z) and the WAL after it",
    "  takes: some 17 s, where the disk does 100 MB/s: 1534 MB to copy, and at most 34 MB of WAL",
    "  replaced: the data in the volume robotoff_postgres-data; it is kept, in a volume beside it",
    "  lost from the live data: everything committed since, 90 s of it",
    `  stopped meanwhile: ${applications(robotoff).join(", ")}`,
  ]);
  const [lost] = parseList("20261124T030000Z 1 59 deep 2026-11-24T03:05:00Z 20261101T000000Z 71 - - postgres,bucket");
  expect(
    describeRestore(robotoff, { kind: "latest" }, base!, { now: time, sizes, other: lost }).split("\n").at(-1),
  ).toBe(
    "  note: 20261124T030000Z and others are of another database: this one was made anew. Was its disk lost? " +
      "AT=2026-11-24T03:01:00.000Z and later moments before that go back to the other",
  );
  expect(told({ kind: "latest" })[0]).toBe("robotoff: PostgreSQL goes back to the last moment that was received");
  expect(told({ kind: "latest" })[4]).toBe("  lost from the live data: nothing that was received");
  expect(told({ kind: "time", time })[0]).toBe("robotoff: PostgreSQL goes back to 2026-11-25T03:12:00.000Z");
});
