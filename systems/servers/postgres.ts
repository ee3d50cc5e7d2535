import { parsePostgresSize } from "../../config/units.ts";
import type { ServiceSpec } from "../spec.ts";
import { healthcheck, OPENING } from "../healthchecks.ts";
import { ONE_SERVER, serviceSpec, STEP_DOWN } from "../service-spec.ts";

/** The folder of its socket and lock. */
export const SOCKET = "/var/run/postgresql";

/**
 * PostgreSQL as the official image runs it.
 * SIGINT is its fast shutdown: sessions end, a checkpoint is written; a large shared_buffers takes its time, so
 * it has two minutes before SIGKILL.
 */
export function postgres(args: {
  image: string;
  database: string;
  user: string;
  /** Key of the password's secret. */
  password: string;
  /** Short name of the data volume. */
  volume: string;
  /** Short name of the volume at /tmp: `docker cp` puts a dump there, which Docker lets nobody do in a read-only root or in memory. */
  temporary: string;
  /** Memory in PostgreSQL's form (`8GB`), and where the stack file says so; undefined: the server's own defaults. */
  tuning?: { sharedBuffers: string; workMem: string; path: string };
  ports: ServiceSpec["ports"];
  memory: number;
  shmSize?: number;
}): ServiceSpec {
  const { tuning } = args;
  return serviceSpec({
    name: "postgres",
    server: true,
    image: args.image,
    command: tuning && [
      "postgres",
      ...["-c", `shared_buffers=${tuning.sharedBuffers}`],
      ...["-c", `work_mem=${tuning.workMem}`],
    ],
    environment: {
      POSTGRES_USER: args.user,
      POSTGRES_PASSWORD: { secret: args.password },
      POSTGRES_DB: args.database,
    },
    secrets: "files",
    ports: args.ports,
    dataPorts: [5432],
    mounts: [
      { source: args.volume, target: "/var/lib/postgresql/data", readOnly: false },
      { source: args.temporary, target: "/tmp", readOnly: false },
    ],
    tmpfs: [{ target: SOCKET, size: 2 ** 20 }],
    // It begins as root: a command of the runbooks, `docker exec`, removes what `docker cp` put there.
    capAdd: STEP_DOWN,
    // Over TCP, since the image's first start initializes the volume with a server that listens on the socket only;
    // then a query, since pg_isready is content with a server that lacks the database. Names come from the environment:
    // no text of a stack file is a shell's.
    healthcheck: healthcheck(
      ["CMD-SHELL", `pg_isready -q -h 127.0.0.1 && psql -qAt -U "$POSTGRES_USER" -d "$POSTGRES_DB" -c 'select 1'`],
      { startPeriod: OPENING },
    ),
    memory: args.memory,
    memoryNeeds: tuning
      ? [
          {
            what: "shared_buffers",
            bytes: parsePostgresSize(tuning.sharedBuffers)!,
            path: `${tuning.path}.sharedBuffers`,
          },
        ]
      : [],
    single: ONE_SERVER,
    shmSize: args.shmSize,
    stopSignal: "SIGINT",
    stopGracePeriod: 120_000,
  });
}
