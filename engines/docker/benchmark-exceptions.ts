/** For which services a point of the benchmark does not hold, and why. */
export interface Exception {
  /** SYSTEM/SERVICE; a `*` at the end stands for any rest. */
  services: string[];
  why: string;
}

const JOBS = [
  "robotoff/migrate", "robotoff/checkout", "robotoff/init-elasticsearch", "robotoff/langid-model", "protea/migrate", "protea/extension", "protea/queues",
  "protea/bucket",
]; // prettier-ignore
/** Wait for a backup, as root, with all backups at hand. */
const BACKUPS = ["robotoff/redis-backup", "robotoff/elasticsearch-backup", "protea/files-backup", "protea/git-backup"];
const COPIES = ["robotoff/backup-copy", "protea/backup-copy"];
const POSTGRES = ["robotoff/postgres", "protea/postgres"];
const RECEIVERS = ["robotoff/postgres-backup", "protea/postgres-backup"];
const TAXONOMY = ["protea/worker-jobs", "protea/worker-predictions-batch"];

/** By the point's id. */
export const EXCEPTIONS: Record<string, Exception[]> = {
  "4.1": [
    {
      services: [
        "robotoff/api",
        "robotoff/migrate",
        "robotoff/init-elasticsearch",
        "robotoff/scheduler",
        "robotoff/update-listener",
        "robotoff/worker-*",
        "robotoff/langid-model",
      ],
      why: "the image's own user, `off`",
    },
    { services: ["robotoff/elasticsearch"], why: "the image's own user, 1000" },
    { services: ["protea/frontend"], why: "the image's own user" },
    {
      services: ["protea/api", "protea/migrate", "protea/worker-*"],
      why: "the image names none and its models and taxonomy lie below /root, which others cannot enter; it has no capability",
    },
    {
      services: POSTGRES,
      why: "it begins as root and becomes `postgres`: the runbooks remove by `docker exec` what `docker cp` put into its /tmp",
    },
    { services: RECEIVERS, why: "it begins as root, gives itself the folder of WAL, and becomes `postgres`" },
    {
      services: ["protea/minio"],
      why: "the image's own: the data of a volume that is there is root's; it has no capability",
    },
    {
      services: [...BACKUPS, ...COPIES],
      why: "it reads what anybody's files are, and gives them back to their owners",
    },
    { services: ["robotoff/checkout"], why: "it gives what it unpacks to the user that Robotoff runs as" },
  ],
  "5.4": [
    {
      services: POSTGRES,
      why: "CHOWN, DAC_OVERRIDE, FOWNER, SETGID, SETUID: the entrypoint looks through the data folder and becomes `postgres`",
    },
    { services: RECEIVERS, why: "the same, and KILL: what a killed backup left running is another user's" },
    { services: [...BACKUPS, "robotoff/checkout"], why: "CHOWN, DAC_OVERRIDE, FOWNER: files of any owner" },
    { services: COPIES, why: "DAC_OVERRIDE: files of any owner, which it has read-only" },
  ],
  "5.13": [
    { services: ["robotoff/elasticsearch"], why: "it makes its keystore beside its settings, in the image" },
    {
      services: [...RECEIVERS, ...BACKUPS, "robotoff/checkout", "robotoff/langid-model", "robotoff/statsd"],
      why: "it is given files of this program, and Docker copies none into a read-only root; copies that a verification unpacks are as large as the data",
    },
    { services: COPIES, why: "restic's cache, as large as the repository's index" },
    { services: TAXONOMY, why: "ete3 unpacks the taxonomy where it stands, in /app" },
  ],
  "5.15": [
    {
      services: ["robotoff/*", "protea/*"],
      why: "`unless-stopped`: a database that failed six times in a night has to come back; Docker waits up to a minute between two tries",
    },
  ],
  "5.19": [{ services: ["robotoff/elasticsearch"], why: "it locks its memory and opens many files (memlock, nofile)" }],
  "5.27": [{ services: JOBS, why: "a job: its exit code says all" }],
};
