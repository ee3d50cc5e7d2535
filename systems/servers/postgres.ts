import type { Service } from "../description.ts";
import { healthcheck, ONE_SERVER, OPENING, service } from "../service.ts";

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
  /** postgresql.conf settings, given on the command line. */
  settings?: Record<string, string>;
  ports: Service["ports"];
  memory: number;
  shmSize?: number;
}): Service {
  const settings = Object.entries(args.settings ?? {}).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  return service({
    name: "postgres",
    image: args.image,
    command: settings.length > 0 ? ["postgres", ...settings] : undefined,
    environment: {
      POSTGRES_USER: args.user,
      POSTGRES_PASSWORD: { secret: args.password },
      POSTGRES_DB: args.database,
    },
    ports: args.ports,
    dataPorts: [5432],
    mounts: [{ source: args.volume, target: "/var/lib/postgresql/data", readOnly: false }],
    // Over TCP, since the image's first start initializes the volume with a server that listens on the socket only;
    // then a query, since pg_isready is content with a server that lacks the database.
    healthcheck: healthcheck(
      ["CMD-SHELL", `pg_isready -q -h 127.0.0.1 && psql -qAt -U ${args.user} -d ${args.database} -c 'select 1'`],
      { startPeriod: OPENING },
    ),
    memory: args.memory,
    single: ONE_SERVER,
    shmSize: args.shmSize,
    stopSignal: "SIGINT",
    stopGracePeriod: 120_000,
  });
}
