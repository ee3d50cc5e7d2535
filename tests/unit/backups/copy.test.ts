/** The copy off the host: what is declared for it, what is refused, and what its container and its scripts are given. */
import { backupArguments, copierOf, copyArguments, scriptsBeside } from "../../../backups/parts.ts";
import { describeStack } from "../../../systems/stack.ts";
import { BACKUP_COPY } from "../../../systems/servers/backup-copy.ts";
import { environmentOf } from "../support/containers.ts";
import { MINIMAL, problemsOf, raw, type Values } from "../support/stack.ts";

const REST = { repository: "rest:https://backup.example.org:8000/here/", user: "here" };
const S3 = { repository: "s3:https://s3.example.org/bucket", user: "AKIA" };
const declaring = (copy: object, more: Values = {}): Values => ({
  ...MINIMAL,
  "host:backups": { directory: "/srv/backups", copy },
  ...more,
});
const described = (copy: object, more: Values = {}) => describeStack(raw(declaring(copy, more)));
const copiers = (copy: object) =>
  described(copy).systems.map((system) => system.services.find(({ name }) => name === BACKUP_COPY)!);

test.each<[string, object, Record<string, string>]>([
  [
    "a server of restic",
    REST,
    {
      RESTIC_REPOSITORY: "rest:https://backup.example.org:8000/here/protea",
      RESTIC_REST_USERNAME: "here",
      RESTIC_REST_PASSWORD: "${host:copyServerPassword}",
    },
  ],
  [
    "a server that asks for nobody's name",
    { repository: "rest:http://10.0.0.1:8000" },
    { RESTIC_REPOSITORY: "rest:http://10.0.0.1:8000/protea" },
  ],
  [
    "S3",
    S3,
    {
      RESTIC_REPOSITORY: "s3:https://s3.example.org/bucket/protea",
      AWS_ACCESS_KEY_ID: "AKIA",
      AWS_SECRET_ACCESS_KEY: "${host:copyServerPassword}",
    },
  ],
])("%s: each system has a repository, and restic's variables for it", (_what, copy, expected) => {
  const [robotoff, protea] = copiers(copy);
  expect(environmentOf(protea!)).toEqual({
    ...expected,
    RESTIC_PASSWORD: "${host:copyPassword}",
    RESTIC_HOST: "protea",
  });
  expect(environmentOf(robotoff!).RESTIC_REPOSITORY).toBe(expected.RESTIC_REPOSITORY!.replace(/protea$/, "robotoff"));
});

test("the backups are mounted read-only, and upstream's image is pinned", () => {
  const [, copier] = copiers(REST);
  expect(copier!.mounts).toEqual([
    { source: "/srv/backups", target: "/backups", readOnly: true, path: "host:backups.directory" },
  ]);
  expect(copier!.image).toBe("restic/restic:0.18.1");
});

const WRONG = "restic's name of a repository: rest:https://HOST:8000/PATH or s3:https://HOST/BUCKET";
test.each<[string, object, string]>([
  ["a password in the address", { repository: "rest:https://a:hunter2@example.org/" }, WRONG],
  ["a folder of this host", { repository: "/mnt/disk" }, WRONG],
  ["a folder over SSH", { repository: "sftp:a@example.org:/srv" }, WRONG],
  ["S3 without a key", { repository: S3.repository }, "host:backups.copy.user: "],
  ["a user with a colon", { ...REST, user: "a:b" }, "letters, digits and - . _ ~"],
])("%s is refused", (_what, copy, message) => {
  expect(problemsOf(declaring(copy)).join("\n")).toContain(message);
});

test.each<[string, object, string[]]>([
  ["with a user", REST, ["host:copyPassword", "host:copyServerPassword"]],
  ["without", { repository: REST.repository }, ["host:copyPassword"]],
])("%s: its secrets are asked for, also where others are generated", (_what, copy, expected) => {
  const values = declaring(copy, { "host:protectVolumes": false, "host:generateSecrets": true });
  const problems = problemsOf(values, { withoutSecrets: false });
  expect(problems.map((problem) => /^\S+(?=: missing secret)/.exec(problem)?.[0])).toEqual(expected);
});

test("what backup.sh and copy.sh are told", () => {
  const { host, systems } = described(REST);
  const [robotoff, protea] = systems as [(typeof systems)[0], (typeof systems)[0]];
  const plain = (args: string[]) => args.map((arg) => arg.replaceAll(/-[0-9a-f]{12}\.sh/g, ".sh"));
  expect(plain(backupArguments(protea, host)!)[7]).toBe("protea-backup-copy-1=copy.sh");
  expect(plain(backupArguments(protea, host, false)!)[7]).toBe("-");
  expect(plain(copyArguments(robotoff))).toEqual([
    ...["robotoff", "robotoff_postgres-backup_1", "vault.sh", "robotoff_backup-copy_1"],
  ]);
  expect(scriptsBeside(robotoff).slice(0, 3)).toEqual(["vault", "part-restore", "copy"]);
});

test("without a container that copies there is no copy", () => {
  const none = { "protea:services": { "backup-copy": { replicas: 0 } } };
  const { host, systems } = described(REST, none);
  expect(systems.map(copierOf)).toEqual(["robotoff_backup-copy_1", undefined]);
  expect(backupArguments(systems[1]!, host)![7]).toBe("-");
});
