import type { ServiceSpec } from "../spec.ts";
import { healthcheck, OPENING } from "../healthchecks.ts";
import { ONE_SERVER, serviceSpec } from "../service-spec.ts";

/**
 * Snapshots after SECONDS with at least so many CHANGES: the image's defaults, and upstream's wish of every minute with
 * 1000 changes (in REDIS_ARGS, which only redis-stack reads). Never fewer: with the append-only file off, they are all.
 */
const SNAPSHOTS = "3600 1 300 100 60 1000";

/** The service in whose container it is backed up. */
export const REDIS_BACKUP = "redis-backup";

/** Redis as Robotoff runs it: snapshots and an append-only file, so that queued jobs outlive the container. */
export function redis(args: {
  image: string;
  /** Append-only file on. A server that starts with it ignores an existing snapshot without one. */
  appendOnly: boolean;
  volume: string;
  ports: ServiceSpec["ports"];
  memory: number;
}): ServiceSpec {
  return serviceSpec({
    name: "redis",
    server: true,
    image: args.image,
    command: ["redis-server", "--save", SNAPSHOTS, "--appendonly", args.appendOnly ? "yes" : "no"],
    // As its entrypoint would become; the data is that user's already.
    user: "redis",
    ports: args.ports,
    dataPorts: [6379],
    mounts: [{ source: args.volume, target: "/data", readOnly: false }],
    // `role` exits 0 also while the data is still loading, and then says so. A replica, which a restore that was killed leaves
    // behind (hosts/scripts/part-redis.sh), refuses every write.
    healthcheck: healthcheck(["CMD-SHELL", "redis-cli role | grep -qx master"], { startPeriod: OPENING }),
    memory: args.memory,
    single: ONE_SERVER,
    stopGracePeriod: 30_000,
  });
}
