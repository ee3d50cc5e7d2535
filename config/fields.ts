/** Field types shared by the schemas. Each message says what is expected, since the report adds what was found. */
import { existsSync } from "node:fs";
import { z } from "zod";
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

const POSTGRES_SIZE = "PostgreSQL's form, such as 512MB or 8GB";
const SIZE = "a size such as 512m or 2g";

/** Bytes, from Compose's form. At least 1 MiB: Docker's arguments are whole MiB, and 0 would mean no limit. */
export const size = z
  .union([z.string().meta({ pattern: FORMS.size.source }), z.number().int()], { error: SIZE })
  .meta({ description: "Bytes, or with a unit: 512m, 2g", examples: ["512m", "2g"] })
  .transform((text, context) => {
    const bytes = parseSize(text);
    if (bytes !== undefined && bytes >= 2 ** 20) return bytes;
    context.addIssue({ code: "custom", message: SIZE, input: text });
    return z.NEVER;
  });

/** Memory in PostgreSQL's own form, which is what its command line gets. */
export const postgresSize = z
  .string({ error: POSTGRES_SIZE })
  .refine((text) => parsePostgresSize(text) !== undefined, { error: POSTGRES_SIZE })
  .meta({ description: "PostgreSQL's form", examples: ["512MB", "8GB"], pattern: FORMS.postgresSize.source });

/** Milliseconds, from Compose's form. */
export const duration = parsed(FORMS.duration, parseDuration, "a duration such as 30s or 1m30s", ["30s", "1m30s"]);

/** A duration that is not 0: Docker takes 0 for "the image's own". */
const positiveDuration = duration.refine((milliseconds) => milliseconds > 0, { error: "a duration above 0" });

/** A duration that the applications get in whole seconds. */
export const durationInSeconds = duration.refine((milliseconds) => milliseconds >= 1_000, {
  error: "a duration of at least 1s",
});

export const port = parsed(
  FORMS.port,
  parsePort,
  "a published port [ADDRESS:]HOST:CONTAINER[/PROTOCOL] such as 127.0.0.1:5501:5432",
  ["127.0.0.1:5501:5432"],
);

export const mount = parsed(
  FORMS.mount,
  parseMount,
  "a mount VOLUME-OR-HOST-PATH:TARGET[:ro] such as backup:/opt/backup or /srv/models:/models:ro",
  ["backup:/opt/backup", "/srv/models:/models:ro"],
);

export const hostPath = z
  .string({ error: "an absolute path on the host" })
  .regex(/^\/[^:]*$/, { error: "an absolute path on the host" });

const NAME = "a name of a-z, 0-9, - and _ that begins with a letter or digit";

/** Compose's rule for project names: https://docs.docker.com/reference/compose-file/version-and-name/ */
export const name = z.string({ error: NAME }).regex(/^[a-z0-9][a-z0-9_-]*$/, { error: NAME });

const REFERENCE = "an image reference with a tag or digest, such as postgres:16.3-alpine (never :latest)";
const pinned = /^[a-z0-9][a-z0-9._/:-]*(:(?!latest$)[\w][\w.-]*|@sha256:[0-9a-f]{64})$/;

const FOLDER = "a folder images/NAME of this repository, with a Dockerfile";
const folderForm = /^images\/[a-z0-9-]+$/;

/** An image: a pinned reference, or a folder of images/ that set-up pulls or builds on this machine (images/catalogue.ts). */
export const image = z.union(
  [
    z.string().regex(pinned, { abort: true }),
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

export const environment = z
  .record(
    z.string().regex(/^[A-Za-z_][A-Za-z0-9_.]*$/, { error: "a variable name" }),
    z.union([z.string(), z.number(), z.boolean()], { error: "text, a number or true/false" }).transform(String),
    { error: "variables, NAME: value" },
  )
  .meta({ description: "Environment variables; secrets do not belong here" });

const ulimit = z.strictObject({ soft: z.number().int().min(-1), hard: z.number().int().min(-1) });

const healthcheck = z.strictObject({
  test: z
    .array(z.string())
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

/** What a stack file may change of any service; what it leaves out stays as systems/ has it. */
export const serviceSettings = z.strictObject({
  entrypoint: z.array(z.string()).optional().meta({ description: "Replaces the image's entrypoint" }),
  command: z.array(z.string()).optional().meta({ description: "Replaces the command" }),
  environment: environment.optional(),
  ports: z.array(port).optional().meta({ description: "Replaces the published ports" }),
  volumes: z.array(mount).optional().meta({ description: "Mounts to add; one with a known target replaces it" }),
  memory: size.optional(),
  memoryReservation: size.optional(),
  shmSize: size.optional(),
  cpus: z.number().positive().optional(),
  gpus: z
    .string()
    .optional()
    .meta({ description: "Docker's --gpus", examples: ["all"] }),
  ulimits: z.record(z.string(), ulimit).optional(),
  replicas: z.number().int().min(0).optional().meta({ description: "Number of containers" }),
  healthcheck: healthcheck.optional(),
  restart: z.enum(["no", "always", "unless-stopped", "on-failure"]).optional(),
  stopGracePeriod: duration.optional().meta({ description: "From the stop signal to SIGKILL" }),
});
export type ServiceSettings = z.infer<typeof serviceSettings>;

/** A volume: of this program, or `external`: it exists already and is never created or destroyed. */
export const volume = z.strictObject({
  external: z.boolean().default(false).meta({ description: "Exists already: never created, never destroyed" }),
  name: z.string().optional().meta({ description: "Docker's name; default: PROJECT_VOLUME" }),
});

/** Settings per service, for a fixed list of names. */
export function settingsOf<const N extends string>(names: readonly N[]) {
  const shape = Object.fromEntries(names.map((service) => [service, serviceSettings.optional()]));
  return z.strictObject(shape as Record<N, z.ZodOptional<typeof serviceSettings>>).default({} as never);
}
