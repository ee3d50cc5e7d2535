/**
 * The containers in which PROTEA's bucket, lab folder and repository are backed up. Made only where the host has backups.
 * Why these images: docs/decisions/backup-parts.md.
 */
import { readdirSync, readFileSync } from "node:fs";
import type { ProteaSettings } from "../../config/protea.ts";
import type { Mount } from "../../config/units.ts";
import { healthcheck } from "../healthchecks.ts";
import { backupContainer } from "../servers/backup-container.ts";
import { address } from "../servers/minio.ts";
import { BACKUPS, POSTGRES_BACKUP } from "../servers/postgres-backup.ts";
import { completed, healthy, imageReference } from "../service-spec.ts";
import type { HealthCheck, Need, ServiceSpec } from "../spec.ts";
import { rabbitmqUrl } from "./environment.ts";

const SOURCES = "systems/protea/backup-parts";
/** Where the container has them; part-bucket.sh, part-lab.sh and part-rabbitmq.sh name it. */
const PROGRAM = "/opt/backup-parts";

/** What the job `bucket` waits for besides: right after it, and after the database, what came up empty is filled by them. */
export const fillable = (settings: ProteaSettings, backups: string | undefined): Need[] =>
  backups === undefined
    ? []
    : [
        ...healthy(POSTGRES_BACKUP, "rabbitmq", ...backupServices(settings, backups).map(({ name }) => name)),
        ...completed("queues"),
      ];

/** Bytes that RabbitMQ's container may take, unless the stack file says others. There, it may say so to files-backup as well. */
export const RABBITMQ_MEMORY = 512 * 2 ** 20;

/**
 * @param settings `protea:` of the stack file
 * @param directory the host's folder of backups
 */
export function backupServices(settings: ProteaSettings, directory: string): ServiceSpec[] {
  const { user, bucket, lab, repository } = settings;
  return [
    backupContainer(directory, {
      name: "files-backup",
      image: imageReference(settings.images.protea),
      environment: {
        MC_HOST_server: address({ user, password: "protea:minioPassword" }),
        BUCKET: bucket,
        RABBITMQ_URL: rabbitmqUrl(user),
        // How many messages it can hand out at once.
        RABBITMQ_MEMORY: String(RABBITMQ_MEMORY),
      },
      files: readdirSync(SOURCES)
        .filter((name) => name.endsWith(".py"))
        .sort()
        .map((name) => ({ path: `${PROGRAM}/${name}`, content: readFileSync(`${SOURCES}/${name}`, "utf8") })),
      mounts: source(lab, "/lab", "protea:lab"),
      ...(lab === undefined ? {} : { healthcheck: watched("the lab folder", "lab", LAB_HAS) }),
    }),
    ...(repository === undefined
      ? []
      : [
          backupContainer(directory, {
            name: "git-backup",
            image: imageReference(settings.images.git),
            mounts: source(repository, "/repository", "protea:repository"),
            healthcheck: watched("the repository", "git", REPOSITORY_HAS),
          }),
        ]),
  ];
}

/** What is kept: a backup reads it and changes nothing. */
function source(folder: string | undefined, target: string, path: string): Mount[] {
  return folder === undefined ? [] : [{ source: folder, target, readOnly: true, path }];
}

/** A file of the lab folder; nothing where there is none. */
const LAB_HAS = "find /lab/datasets /lab/runs /lab/experiments ! -type d -print -quit 2> /dev/null";
/** A ref of the repository. */
const REPOSITORY_HAS = "git -c safe.directory='*' -C /repository for-each-ref --count=1 2> /dev/null";

/**
 * Unhealthy also when what is kept had something since this container was made, and is empty: its disk was lost alone. A
 * container that was made on an empty one is filled by the up that made it (fill-parts.sh).
 */
function watched(what: string, part: string, has: string): HealthCheck {
  const seen = `/tmp/${part}-had-something`;
  const problem =
    `${what} is empty, and had something: make up brings it back where host:backups.restoreWhenEmpty says so, else ` +
    `make restore SYSTEM=protea AT=latest ONLY=${part}; is it meant to be empty, put anything there`;
  const look = `if [ -n "$(${has})" ]; then [ -e ${seen} ] || : > ${seen}; elif [ -e ${seen} ]; then echo "${problem}"; exit 1; fi`;
  return healthcheck(["CMD-SHELL", `test -w ${BACKUPS} || exit 1; ${look}`]);
}
