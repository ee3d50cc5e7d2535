/**
 * Containers that wait for a backup, with what it needs at hand: hosts/scripts/part-*.sh run in them. Made only where the
 * host has backups. Why these images: docs/decisions/backup-parts.md.
 */
import { readdirSync, readFileSync } from "node:fs";
import type { ProteaSettings } from "../../config/protea.ts";
import type { Mount } from "../../config/units.ts";
import { healthcheck } from "../healthchecks.ts";
import { address } from "../servers/minio.ts";
import { POSTGRES_BACKUP } from "../servers/postgres-backup.ts";
import { healthy, imageReference, serviceSpec } from "../service-spec.ts";
import type { Need, ServiceSpec } from "../spec.ts";

const SOURCES = "systems/protea/backup-parts";
/** Where the container has them; part-bucket.sh and part-lab.sh name it. */
const PROGRAM = "/opt/backup-parts";

/** What the job `bucket` waits for besides: right after it, and after the database, what came up empty is filled by them. */
export const fillable = (settings: ProteaSettings, backups: string | undefined): Need[] =>
  backups === undefined ? [] : healthy(POSTGRES_BACKUP, ...backupServices(settings, backups).map(({ name }) => name));

/**
 * @param settings `protea:` of the stack file
 * @param directory the host's folder of backups
 */
export function backupServices(settings: ProteaSettings, directory: string): ServiceSpec[] {
  const { user, bucket, lab, repository } = settings;
  const mounts = [{ source: directory, target: "/backups", readOnly: false, path: "host:backups.directory" }];
  return [
    waiting({
      name: "files-backup",
      image: imageReference(settings.images.protea),
      environment: { MC_HOST_server: address({ user, password: "protea:minioPassword" }), BUCKET: bucket },
      files: readdirSync(SOURCES)
        .filter((name) => name.endsWith(".py"))
        .sort()
        .map((name) => ({ path: `${PROGRAM}/${name}`, content: readFileSync(`${SOURCES}/${name}`, "utf8") })),
      mounts: [...mounts, ...source(lab, "/lab", "protea:lab")],
    }),
    ...(repository === undefined
      ? []
      : [
          waiting({
            name: "git-backup",
            image: imageReference(settings.images.git),
            mounts: [...mounts, ...source(repository, "/repository", "protea:repository")],
          }),
        ]),
  ];
}

/** What is kept: a backup reads it and changes nothing. */
function source(folder: string | undefined, target: string, path: string): Mount[] {
  return folder === undefined ? [] : [{ source: folder, target, readOnly: true, path }];
}

function waiting(args: Pick<ServiceSpec, "name" | "image"> & Partial<ServiceSpec>): ServiceSpec {
  return serviceSpec({
    // A restore stops the applications, not this.
    server: true,
    entrypoint: ["tail"],
    command: ["-f", "/dev/null"],
    // Reads what anybody's files are, and gives them back to their owners.
    user: "0:0",
    healthcheck: healthcheck(["CMD", "test", "-w", "/backups"]),
    memory: 128 * 2 ** 20,
    single: "backups are made one after the other",
    // There is nothing to end: as process 1 it would not hear SIGTERM.
    stopSignal: "SIGKILL",
    ...args,
  });
}
