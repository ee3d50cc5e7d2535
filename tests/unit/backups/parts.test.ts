/** The parts beside the database: which a stack has, which ONLY= names, and what the host's script is told. */
import { partsOf } from "../../../backups/parts.ts";
import { chosenParts, describeParts, filledAfter, partsArguments } from "../../../backups/restore.ts";
import { parseSizes, type Backup } from "../../../backups/list.ts";
import { describeStack } from "../../../systems/stack.ts";
import { MINIMAL, raw, type Values } from "../support/stack.ts";

const BACKUPS: Values = { ...MINIMAL, "host:backups": { directory: "/srv/backups" } };
const ALL: Values = { ...BACKUPS, "protea:lab": "/srv/lab", "protea:repository": "/srv/thesis" };
const system = (name: string, values: Values) => describeStack(raw(values)).systems.find((one) => one.name === name)!;
const parts = (name: string, values: Values) => partsOf(system(name, values)).map((part) => part.name);

test("a stack has the parts of which there is anything to keep, the database first", () => {
  expect(parts("protea", ALL)).toEqual(["postgres", "rabbitmq", "bucket", "lab", "git"]);
  expect(parts("protea", BACKUPS)).toEqual(["postgres", "rabbitmq", "bucket"]);
  expect(parts("protea", { ...ALL, "protea:services": { "files-backup": { replicas: 0 } } })).toEqual([
    "postgres",
    "git",
  ]);
  expect(parts("protea", MINIMAL)).toEqual([]);
  expect(parts("robotoff", BACKUPS)).toEqual(["postgres", "public", "redis", "elasticsearch"]);
  const none = { replicas: 0 };
  const without = (...names: string[]) => ({
    ...BACKUPS,
    "robotoff:services": Object.fromEntries(names.map((name) => [name, none])),
  });
  expect(parts("robotoff", without("redis"))).toEqual(["postgres", "public", "elasticsearch"]);
  expect(parts("robotoff", without("redis", "elasticsearch"))).toEqual(["postgres", "public"]);
  const after = (values: Values) => filledAfter(system("robotoff", values));
  expect([BACKUPS, without("elasticsearch"), without("redis", "elasticsearch")].map(after)).toEqual([
    "elasticsearch-backup",
    "redis-backup",
    undefined,
  ]);
});

test("ONLY= names parts that there are; left out, it is the database", () => {
  const protea = system("protea", ALL);
  expect(chosenParts(protea, undefined)).toEqual({ database: true, others: [] });
  expect(chosenParts(protea, "git,postgres,bucket")).toEqual({ database: true, others: ["bucket", "git"] });
  expect(chosenParts(protea, "lab")).toEqual({ database: false, others: ["lab"] });
  expect(() => chosenParts(system("protea", BACKUPS), "bucket,lab")).toThrow(
    "found ONLY=bucket,lab; protea has postgres, rabbitmq, bucket (with commas between several)",
  );
  expect(() => chosenParts(system("robotoff", BACKUPS), "public")).toThrow(
    "robotoff has postgres, redis, elasticsearch",
  );
});

test("the host's script is told the parts, what is pointed to before what points to it, and the applications, the last first", () => {
  const protea = system("protea", ALL);
  const base: Backup = {
    ...{ stamp: "20261125T030000Z", bytes: 1, parts: [], took: 1, line: "-", system: "1" },
    ...{ began: new Date(0), ended: new Date(0), verified: { how: "quick", at: new Date(0) } },
  };
  const args = partsArguments(protea, ["git", "bucket"], base);
  const hashes = args.map((arg) => arg.replace(/-[0-9a-f]{12}\.sh$/, ".sh"));
  expect(hashes.slice(0, 8)).toEqual([
    "protea",
    "protea-postgres-backup-1",
    "part-restore.sh",
    "20261125T030000Z",
    "start",
    "git=protea-git-backup-1=root=part-git.sh",
    "bucket=protea-files-backup-1=root=part-bucket.sh",
    "--",
  ]);
  expect(partsArguments(protea, ["git"], base, { database: true, from: "/mnt" }).slice(3, 5)).toEqual([
    "/mnt/protea/20261125T030000Z",
    "wait",
  ]);
  expect(hashes.slice(8)).toContain("protea-api-1");
  expect(hashes.slice(8)).not.toContain("protea-minio-1");
  expect(hashes.indexOf("protea-frontend-1")).toBeLessThan(hashes.indexOf("protea-api-1"));
  const sizes = parseSizes("bucket 2000000000\ngit 3000000\n");
  expect(describeParts(protea, ["git"], base, sizes, "/mnt")).toContain(
    "as in the backup 20261125T030000Z of /mnt (verified",
  );
  expect(describeParts(protea, ["bucket", "git"], base, sizes)).toContain(
    "protea: bucket (2000 MB) and git (3 MB) as in the backup 20261125T030000Z (verified 1970-01-01T00:00:00.000Z)\n" +
      "  takes: some 41 s, where the disk does 100 MB/s, and where all of it has changed\n",
  );
});
