import { resolve } from "node:path";
import { z } from "zod";
import { duration, image } from "./fields.ts";
import { endpoint, filePath, hostKey, hostName, hostUser, portNumber, registryName } from "./names.ts";
import { prepare } from "./prepare.ts";

const count = z.number().int().min(0);

const clock = z
  .string()
  .regex(/^((Mon|Tue|Wed|Thu|Fri|Sat|Sun) )?([01]\d|2[0-3]):[0-5]\d$/, {
    error: "a time of day such as 03:15, or with a weekday: Sun 05:00",
  })
  .meta({ examples: ["03:15", "Sun 05:00"] });

/** The second copy, off the host: restic's words. */
export const copy = z
  .strictObject({
    repository: z
      .string()
      // Also a word of a shell and a line of a file of variables as it is: the recovery kit has it there.
      .regex(/^(rest:https?:\/\/|s3:)[\w.:/~-]+$/, {
        error:
          "restic's name of a repository: rest:https://HOST:8000/PATH or s3:https://HOST/BUCKET; the user is copy.user, " +
          "its password the secret host:copyServerPassword",
      })
      .meta({
        description: "restic's repositories are below it, one of each system: /robotoff, /protea",
        examples: ["rest:https://backup.example.org:8000/robotoff-protea", "s3:https://s3.example.org/bucket"],
      }),
    user: z
      .string()
      .regex(/^[\w.~-]+$/, { error: "letters, digits and - . _ ~" })
      .optional()
      .meta({
        description: "The server's user, or the id of an S3 key; its password is the secret copyServerPassword",
      }),
    image: image.default("restic/restic:0.18.1"),
  })
  .refine(({ repository, user }) => !repository.startsWith("s3:") || user !== undefined, {
    path: ["user"],
    error: "the id of an S3 key",
  });
export type CopySettings = z.infer<typeof copy>;

/** Where a host keeps its backups, and for how long. */
const backups = z.strictObject({
  directory: filePath.meta({
    description:
      "Folder on the host, of a local disk or an NFS mount. Relative to the checkout only where the host is this machine",
  }),
  mounted: z
    .boolean()
    .default(false)
    .meta({ description: "Refuse to write when nothing is mounted at the folder; for a disk or an NFS mount" }),
  keep: z
    .strictObject({
      last: count.min(1).default(3),
      daily: count.default(7),
      weekly: count.default(4),
      monthly: count.default(6),
    })
    .prefault({})
    .meta({ description: "How many are kept: the last ones, and the newest of each day, week and month" }),
  schedule: z
    .strictObject({ backup: clock.optional(), verify: clock.optional() })
    .optional()
    .meta({
      description:
        "When the host makes a backup of each system by itself, and restores the newest into a scratch server to verify " +
        "it. By systemd or cron, in the host's own time; left out: neither",
    }),
  ping: z
    .string()
    .regex(/^https?:\/\/[^\s"'\\]+$/, { error: "a URL such as https://hc.example.org/ping/robotoff" })
    .optional()
    .meta({
      description:
        "A dead man's switch: asked for by the host, with /SYSTEM after it, after each verified and (with copy) copied backup; whoever is behind it " +
        "raises an alarm when it is not asked for any more",
    }),
  copy: copy.optional().meta({
    description: "A second copy, off the host, made after each verified backup; it is never pruned from here",
  }),
  restoreWhenEmpty: z
    .enum(["never", "latest"])
    .default("latest")
    .meta({
      description:
        "What a server that comes up without data gets before anything uses it: the newest verified backup and the WAL " +
        "after it, or nothing. `make up RESTORE=…` says otherwise for once",
    }),
  maxAge: duration
    .prefault("26h")
    .meta({ description: "`make status` fails when the newest verified backup is older" }),
});

/** A machine that OpenSSH reaches, and the keys by which it is known. */
const machine = z.strictObject({
  address: hostName,
  user: hostUser,
  port: portNumber.default(22),
  hostKeys: z
    .array(hostKey)
    .default([])
    .meta({ description: "Pinned by `make trust`; a machine with any other key, or none here, is refused" }),
});

const ssh = machine.extend({
  identity: z
    .string()
    .regex(/^(~?\/)?[\w./-]+$/, { error: "a private key's file, absolute or below ~/" })
    .optional()
    .meta({
      description:
        "The private key's file, the same on every machine it is deployed from. Default: your agent's keys, then ssh's own defaults",
      examples: ["~/.ssh/id_ed25519"],
    }),
  proxy: machine.optional().meta({ description: "The machine through which it is reached (ssh's ProxyJump)" }),
  connections: z.number().int().min(1).max(10).default(8).meta({
    description:
      "How many things a deployment does at a time. They share one connection, of which sshd takes ten (MaxSessions)",
  }),
});
/** A host that is another machine. */
export type SshSettings = z.infer<typeof ssh>;

/** `host:`, the one Docker host of a stack. */
export const host = z
  .strictObject({
    docker: endpoint
      .optional()
      .meta({ description: "Docker endpoint. Default: DOCKER_HOST, else this machine's socket" }),
    ssh: ssh.optional().meta({
      description: "Another machine, reached by OpenSSH, whose own Docker engine it is; left out: this machine",
    }),
    registry: registryName.optional().meta({
      description:
        "A mirror that images are pulled through, by their full names: redis:7 as REGISTRY/docker.io/library/redis:7. " +
        "Left out: each from where its name says",
      examples: ["10.1.0.1:5000", "harbor.example.org/mirror"],
    }),
    protectVolumes: z
      .boolean()
      .default(true)
      .meta({ description: "Volumes are protected and kept on destroy; false only where data may go (local, tests)" }),
    generateSecrets: z
      .boolean()
      .default(false)
      .meta({ description: "Missing secrets are generated at the first up and kept, encrypted, in the stack's state" }),
    backups: backups.optional().meta({ description: "Where backups go; left out: none are made" }),
    prepare: prepare.optional(),
  })
  .refine(({ ssh, backups }) => !ssh || !backups || backups.directory.startsWith("/"), {
    path: ["backups", "directory"],
    error: "an absolute path, since the host is another machine",
  })
  .refine(
    ({ prepare, backups }) =>
      backups?.restoreWhenEmpty !== "latest" ||
      !prepare?.folders.some(({ path }) => `${path}/`.startsWith(`${resolve(backups.directory)}/`)),
    {
      path: ["prepare", "folders"],
      error:
        "folders other than host:backups.directory: on a host that takes a lost one's place, an empty one would say that there is nothing to bring back",
    },
  )
  .refine(({ ssh, docker }) => !ssh || !docker, {
    path: ["docker"],
    error: "either an endpoint of this machine or host:ssh, whose engine is at its own socket",
  })
  .refine((settings) => !settings.generateSecrets || !settings.protectVolumes, {
    path: ["generateSecrets"],
    error:
      "false where volumes are protected: data that must not be lost cannot depend on a password in the state alone",
  });
export type HostSettings = z.infer<typeof host>;

/** The absolute path of a host's backups; undefined where none are made. */
export function backupDirectory({ backups }: HostSettings): string | undefined {
  return backups && resolve(backups.directory);
}
