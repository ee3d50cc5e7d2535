/** Field types shared by the schemas. Each message says what is expected, since the report adds what was found. */
import { existsSync } from "node:fs";
import { z } from "zod";
import { hostName, hostPath as containerPath, IMAGE, networkName, PATH_CHARACTERS, volumeName } from "./names.ts";
import { FORMS, parseDuration, parseMount, parsePort, parsePostgresSize, parseSize } from "./units.ts";

/** Reads a string form with `parse`; what `parse` does not know is a problem that says `expected`. */
function parsed<T>(form: RegExp, parse: (text: string) => T | undefined, expected: string, examples: string[]) {
  return z
    .string({ error: expected })
    .meta({ examples, pattern: form.source })
    .transform((text, context): T => {
      const value = parse(text);
      if (value !== undefined) return value;
      context.addIssue({ code: "custom", message: expected, input: text });
      return z.NEVER;
    });
}

const SIZE = "a size such as 512m or 2g";

/** Bytes, from Compose's form; Docker's arguments are whole MiB, so that nothing is less than one. */
function sizeOf(leastMebibytes: number) {
  return z
    .union([z.string().meta({ pattern: FORMS.size.source }), z.number().int()], { error: SIZE })
    .meta({ description: "Bytes, or with a unit: 512m, 2g", examples: ["512m", "2g"] })
    .transform((text, context) => {
      const bytes = parseSize(text);
      if (bytes !== undefined && bytes >= leastMebibytes * 2 ** 20) return bytes;
      const message = bytes === undefined ? SIZE : `a size of at least ${leastMebibytes}m`;
      context.addIssue({ code: "custom", message, input: text });
      return z.NEVER;
    });
}

export const size = sizeOf(1);

/** A container's memory: https://github.com/moby/moby/blob/master/daemon/daemon_unix.go (linuxMinMemory). */
const memory = sizeOf(6);

const POSTGRES_SIZE = "PostgreSQL's form, such as 512MB or 8GB, from 128kB to 2047GB";

/**
 * Memory in PostgreSQL's own form, which is what its command line gets. Less than 128 kB of shared_buffers, or work_mem
 * of 2 TiB, and it does not start: https://www.postgresql.org/docs/current/runtime-config-resource.html
 */
export const postgresSize = z
  .string({ error: POSTGRES_SIZE })
  .refine((text) => (parsePostgresSize(text) ?? 0) >= 2 ** 17 && parsePostgresSize(text)! < 2 ** 41, {
    error: POSTGRES_SIZE,
  })
  .meta({ description: "PostgreSQL's form", examples: ["512MB", "8GB"], pattern: FORMS.postgresSize.source });

/** Milliseconds, from Compose's form. */
export const duration = parsed(FORMS.duration, parseDuration, "a duration such as 30s or 1m30s", ["30s", "1m30s"]);

/** A duration that is not 0: Docker takes 0 for "the image's own". */
const positiveDuration = duration.refine((milliseconds) => milliseconds > 0, { error: "a duration above 0" });

/** A duration that the applications get in whole seconds, and refuse below so many of them. */
export const durationOf = (seconds: number) =>
  duration.refine((milliseconds) => milliseconds >= seconds * 1_000, { error: `a duration of at least ${seconds}s` });

export const port = parsed(
  FORMS.port,
  parsePort,
  "a published port [ADDRESS:]HOST:CONTAINER[/PROTOCOL] such as 127.0.0.1:5501:5432",
  ["127.0.0.1:5501:5432"],
);

export const mount = parsed(
  FORMS.mount,
  parseMount,
  "a mount VOLUME-OR-HOST-PATH:TARGET[:ro] such as backup:/opt/backup or /srv/models:/models:ro, paths of " +
    PATH_CHARACTERS,
  ["backup:/opt/backup", "/srv/models:/models:ro"],
);

const each = (values: string[]) => new Set(values).size === values.length;

const mounts = z
  .array(mount)
  .refine((all) => each(all.map(({ target }) => target)), { error: "mounts of which no two have one target" })
  .meta({ description: "Mounts to add; one with a known target replaces it" });

/** Networks that exist already, and that a system's applications join. */
export const externalNetworks = z
  .array(networkName)
  .refine(each, { error: "each network once" })
  .default([])
  .meta({ description: "Existing networks to join" });

const REFERENCE = "an image reference with a tag or digest, such as postgres:16.3-alpine (never :latest)";

const FOLDER = "a folder images/NAME of this repository, with a Dockerfile";
const folderForm = /^images\/[a-z0-9-]+$/;

/** An image: a pinned reference, or a folder of images/ that set-up pulls or builds on this machine (images/catalogue.ts). */
export const image = z.union(
  [
    z.string().regex(IMAGE, { abort: true }),
    z.strictObject({
      build: z
        .string({ error: FOLDER })
        .meta({ pattern: folderForm.source })
        .refine((folder) => folderForm.test(folder) && existsSync(`${folder}/Dockerfile`), { error: FOLDER }),
    }),
  ],
  { error: `${REFERENCE}, or {build: images/NAME}` },
);
export type Image = z.infer<typeof image>;

/** What a process can be given: the kernel ends a text at a NUL. */
const word = z.string().regex(/^[^\0]*$/, { error: "text without a NUL character" });

export const environment = z
  .record(
    z.string().regex(/^[A-Za-z_][A-Za-z0-9_.]*$/, { error: "a variable name" }),
    z.union([word, z.number(), z.boolean()], { error: "text, a number or true/false" }).transform(String),
    { error: "variables, NAME: value" },
  )
  .meta({ description: "Environment variables; secrets do not belong here" });

const limit = z.number().int().min(-1).meta({ description: "-1: unlimited" });
export const ulimit = z
  .strictObject({ soft: limit, hard: limit })
  .refine(({ soft, hard }) => hard === -1 || (soft !== -1 && soft <= hard), {
    path: ["soft"],
    error: "a limit not above the hard one (-1: unlimited)",
  });

/** The kernel's limits that Docker knows: https://github.com/docker/go-units/blob/master/ulimit.go */
const ulimits = z.strictObject({
  ...Object.fromEntries(
    [
      "core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nproc", "rss", "rtprio", "rttime",
      "sigpending", "stack",
    ].map((name) => [name, ulimit.optional()]), // prettier-ignore
  ),
  nofile: ulimit
    .refine(({ hard }) => hard !== -1, { path: ["hard"], error: "a number: the kernel has no unlimited nofile" })
    .optional(),
});

/** Docker's --gpus. Of devices one: the provider takes the comma between two for the end of the value. */
const gpus = z
  .union(
    [
      z.string().regex(/^(?:all|[1-9]\d*|device=[a-zA-Z0-9][\w.:/-]*)$/, { abort: true }),
      z.int().min(1, { abort: true }),
    ],
    {
      error: '"all", a number above 0, or device=ID for a single one',
    },
  )
  .transform(String)
  .meta({ description: "Docker's --gpus", examples: ["all", 2, "device=0"] });

const healthcheck = z.strictObject({
  test: z
    .array(word)
    .min(2)
    .refine((test) => test[0] === "CMD" || test[0] === "CMD-SHELL", {
      error: 'a list that begins with "CMD" or "CMD-SHELL"',
    })
    .optional(),
  interval: positiveDuration.optional(),
  timeout: positiveDuration.optional(),
  retries: z.number().int().min(1).optional(),
  startPeriod: duration.optional(),
  startInterval: positiveDuration.optional(),
});

/**
 * The capabilities that a service may be given back: Docker's own default, and IPC_LOCK. What opens a host (SYS_ADMIN and its like) is none
 * of them. https://docs.docker.com/engine/containers/run/#runtime-privilege-and-linux-capabilities
 */
const capability = z.enum([
  "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "IPC_LOCK", "KILL", "MKNOD", "NET_BIND_SERVICE", "NET_RAW", "SETFCAP",
  "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
]); // prettier-ignore

/** What a stack file may change of any service; what it leaves out stays as systems/ has it. */
export const serviceSettings = z.strictObject({
  entrypoint: z.array(word).optional().meta({ description: "Replaces the image's entrypoint" }),
  command: z.array(word).optional().meta({ description: "Replaces the command" }),
  hostname: hostName
    .optional()
    .meta({ description: "Fixed host name; of RabbitMQ: the one that its data was made under, which names its node" }),
  environment: environment.optional(),
  ports: z.array(port).optional().meta({ description: "Replaces the published ports" }),
  volumes: mounts.optional(),
  memory: memory.optional(),
  memoryReservation: memory.optional(),
  shmSize: size.optional(),
  cpus: z.number().min(0.01).optional(),
  gpus: gpus.optional(),
  ulimits: ulimits.optional(),
  user: z
    .string()
    .regex(/^[\w.-]+(:[\w.-]+)?$/, { error: "a user or USER:GROUP, by name or number" })
    .optional()
    .meta({ description: "Who its processes are", examples: ["1000:1000"] }),
  capAdd: z
    .array(capability)
    .refine(each, { error: "each capability once" })
    .optional()
    .meta({ description: "Replaces the capabilities that it keeps; all others are dropped" }),
  networks: z
    .array(z.enum(["default", "servers"]))
    .min(1)
    .refine(each, { error: "each network once" })
    .optional()
    .meta({ description: "Replaces which of the system's own networks it is in; only default leads outside" }),
  readOnly: z.boolean().optional().meta({ description: "Whether its root file system cannot be written to" }),
  tmpfs: z
    .record(containerPath, size)
    .optional()
    .meta({ description: "Replaces its folders in memory: each with its size", examples: [{ "/tmp": "64m" }] }),
  pidsLimit: z.number().int().min(16).optional().meta({ description: "Processes and threads at a time" }),
  cpuShares: z
    .number()
    .int()
    .min(2)
    .max(262_144)
    .optional()
    .meta({ description: "Weight where all want more cores than there are; Docker's default is 1024" }),
  replicas: z.number().int().min(0).optional().meta({ description: "Number of containers" }),
  healthcheck: healthcheck.optional(),
  restart: z.enum(["no", "always", "unless-stopped", "on-failure"]).optional(),
  stopSignal: z
    .string()
    .regex(/^SIG[A-Z0-9]+$/, { error: "a signal such as SIGINT" })
    .optional()
    .meta({ description: "What asks the process to end; default: the image's, else SIGTERM", examples: ["SIGINT"] }),
  stopGracePeriod: duration.optional().meta({ description: "From the stop signal to SIGKILL" }),
});
export type ServiceSettings = z.infer<typeof serviceSettings>;

/** A volume: of this program, or `external`: it exists already and is never created or destroyed. */
export const volume = z.strictObject({
  external: z.boolean().default(false).meta({ description: "Exists already: never created, never destroyed" }),
  name: volumeName.optional().meta({ description: "Docker's name; default: PROJECT_VOLUME" }),
});

/** A system's own network, PROJECT_default: of this program, or `external`: it exists already and is never made or removed. */
export const network = z
  .strictObject({
    external: z.boolean().default(false).meta({ description: "Exists already: never created, never destroyed" }),
  })
  .prefault({});

/** Settings per service, for a fixed list of names. */
export function settingsOf<const N extends string>(names: readonly N[]) {
  const shape = Object.fromEntries(names.map((service) => [service, serviceSettings.optional()]));
  return z.strictObject(shape as Record<N, z.ZodOptional<typeof serviceSettings>>).default({} as never);
}
