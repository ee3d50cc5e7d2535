/** Containers that wait for a backup, with what it needs at hand: hosts/scripts/part-*.sh run in them. */
import { healthcheck } from "../healthchecks.ts";
import { ANY_FILE, serviceSpec } from "../service-spec.ts";
import type { ServiceSpec } from "../spec.ts";
import { BACKUPS } from "./postgres-backup.ts";

/** @param directory the host's folder of backups, absolute */
export function backupContainer(
  directory: string,
  args: Pick<ServiceSpec, "name" | "image"> & Partial<ServiceSpec>,
): ServiceSpec {
  const backups = { source: directory, target: BACKUPS, readOnly: false, path: "host:backups.directory" };
  return serviceSpec({
    // A restore stops the applications, not this.
    server: true,
    entrypoint: ["tail"],
    command: ["-f", "/dev/null"],
    // Reads what anybody's files are, and gives them back to their owners.
    user: "0:0",
    capAdd: ANY_FILE,
    readOnly: false,
    // For what is run in it.
    secrets: "files",
    healthcheck: healthcheck(["CMD", "test", "-w", BACKUPS]),
    memory: 128 * 2 ** 20,
    single: "backups are made one after the other",
    // There is nothing to end: as process 1 it would not hear SIGTERM.
    stopSignal: "SIGKILL",
    ...args,
    mounts: [backups, ...(args.mounts ?? [])],
  });
}
