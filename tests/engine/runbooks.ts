/**
 * The runbooks' commands that docs/runbooks.md says work word for word, in its order. tests/engine/topics/runbooks.ts runs
 * them; tests/unit/runbooks.test.ts sees that no other is promised.
 */
export interface WordForWord {
  command: string;
  /** What it prints; undefined: its exit code says all. */
  prints?: RegExp;
  /** What the runbook has done before, by other means. */
  before?: "stop the applications" | "copy the dump";
}

const IN_POSTGRES = "docker exec protea-postgres-1";
const SQL = `${IN_POSTGRES} psql -U protea -d`;
const DUMP = "protea-${STAMP}.dump";

export const WORD_FOR_WORD: WordForWord[] = [
  { command: "docker ps", prints: /robotoff_scheduler_1/ },
  { command: "docker ps --all", prints: /robotoff_migrate_1/ },
  { command: "docker stop robotoff_scheduler_1", prints: /robotoff_scheduler_1/ },
  { command: "docker start robotoff_scheduler_1", prints: /robotoff_scheduler_1/ },
  { command: "docker logs robotoff_scheduler_1", prints: /./ },
  { command: "curl http://127.0.0.1:8000/health", prints: /"status": ?"ok"/ },
  { command: "curl http://127.0.0.1:8000/health/ready", prints: /"status": ?"ready"/ },
  { command: `${IN_POSTGRES} pg_dump -U protea -d protea -Fc -Z6 -f "/tmp/${DUMP}"` },
  { command: `docker cp "protea-postgres-1:/tmp/${DUMP}" "\${BACKUP}/${DUMP}"` },
  { command: `${IN_POSTGRES} rm "/tmp/${DUMP}"` },
  { command: `docker cp "\${BACKUP}/${DUMP}" protea-postgres-1:/tmp/verify.dump` },
  { command: `${IN_POSTGRES} pg_restore --list /tmp/verify.dump`, prints: /TABLE DATA public job / },
  { command: `${IN_POSTGRES} rm /tmp/verify.dump` },
  {
    command: `${SQL} postgres -c "DROP DATABASE IF EXISTS protea;"`,
    prints: /DROP DATABASE/,
    before: "stop the applications",
  },
  { command: `${SQL} postgres -c "CREATE DATABASE protea OWNER protea;"`, prints: /CREATE DATABASE/ },
  {
    command: `${IN_POSTGRES} pg_restore -U protea -d protea --jobs=4 --no-owner /tmp/restore.dump`,
    before: "copy the dump",
  },
  { command: `${IN_POSTGRES} rm /tmp/restore.dump` },
  {
    command: `${SQL} protea -c "SELECT count(*) FROM information_schema.tables WHERE table_schema='public';"`,
    prints: /^ +[1-9]\d*$/m,
  },
  { command: `${SQL} protea -c "SELECT count(*) FROM job;"`, prints: /^ +\d+$/m },
];
