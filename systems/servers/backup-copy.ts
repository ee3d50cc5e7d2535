/** The copy of a system's backups off its host: a container with restic, in which hosts/scripts/copy.sh runs it. */
import type { CopySettings } from "../../config/host.ts";
import { healthcheck } from "../healthchecks.ts";
import { imageReference, serviceSpec } from "../service-spec.ts";
import type { EnvironmentValue, ServiceSpec, SystemSpec } from "../spec.ts";
import { BACKUPS } from "./postgres-backup.ts";

export const BACKUP_COPY = "backup-copy";

/** A system's own repository: two that are made in one at once would each write a key, and only one of these fits. */
export const repositoryOf = (copy: CopySettings, system: SystemSpec["name"]): string =>
  `${copy.repository.replace(/\/$/, "")}/${system}`;

/** restic's variables for a repository. https://restic.readthedocs.io/en/stable/040_backup.html#environment-variables */
export function resticVariables(copy: CopySettings, system: SystemSpec["name"]): Record<string, EnvironmentValue> {
  const password = { secret: "host:copyServerPassword" };
  const [user, secret] = copy.repository.startsWith("s3:")
    ? ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]
    : ["RESTIC_REST_USERNAME", "RESTIC_REST_PASSWORD"];
  return {
    RESTIC_REPOSITORY: repositoryOf(copy, system),
    RESTIC_PASSWORD: { secret: "host:copyPassword" },
    ...(copy.user === undefined ? {} : { [user]: copy.user, [secret]: password }),
  };
}

/**
 * @param project whose the snapshots are: restic's "host"
 * @param directory the host's folder of backups, absolute
 */
export function backupCopy(
  system: SystemSpec["name"],
  project: string,
  directory: string,
  copy: CopySettings,
): ServiceSpec {
  return serviceSpec({
    name: BACKUP_COPY,
    // A restore stops the applications, not this.
    server: true,
    image: imageReference(copy.image),
    entrypoint: ["tail"],
    command: ["-f", "/dev/null"],
    // Reads what anybody's files are.
    user: "0:0",
    capAdd: ["DAC_OVERRIDE"],
    networks: ["default"],
    readOnly: false,
    environment: { ...resticVariables(copy, system), RESTIC_HOST: project },
    // For what is run in it.
    secrets: "files",
    mounts: [{ source: directory, target: BACKUPS, readOnly: true, path: "host:backups.directory" }],
    healthcheck: healthcheck(["CMD", "test", "-r", BACKUPS]),
    memory: 512 * 2 ** 20,
    single: "copies are made one after the other",
    // There is nothing to end: as process 1 it would not hear SIGTERM.
    stopSignal: "SIGKILL",
  });
}
