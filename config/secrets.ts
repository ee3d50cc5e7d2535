/** What a secret's value may be made of, so that whoever gets it takes it as it is. */
export interface SecretForm {
  /** The whole value matches. */
  expression: RegExp;
  /** What is fine, for a person. */
  expected: string;
}

/** As it is within a URL, where other characters stand encoded, with % (RFC 3986, section 2.3). */
const UNRESERVED: SecretForm = { expression: /^[\w.~-]+$/, expected: "letters, digits and - . _ ~" };
const PRINTABLE: SecretForm = { expression: /^[!-~]+$/, expected: "letters, digits and signs of ASCII, no blank" };
/** The recovery kit has it in a file of variables, which a shell and docker's --env-file read in different ways. */
const PLAIN: SecretForm = { expression: /^[\w.~/+=-]+$/, expected: "letters, digits and - . _ ~ / + =" };
const ONE_LINE: SecretForm = { expression: /^\P{Cc}+$/u, expected: "one line of text" };
const BASE64: SecretForm = { expression: /^[a-zA-Z0-9+/]+={0,2}$/, expected: "base64 in one line (base64 -w0)" };

/**
 * What it takes to change a secret (`make rotate`). `server`: one of our servers keeps it in its data, and is told while it runs. `start`: it
 * is ours, and whoever has it reads it when it starts. `others`: others gave it, and the new value is theirs as well. `repository`: restic's
 * repository has a key for it, and may have several.
 */
export type Rotation = "server" | "start" | "others" | "repository";

/** The key under which a new value waits, encrypted, until `make rotate` is through. */
export const pendingKey = (key: string): string => `${key}Next`;

/** The secrets of a stack. Their values live in Pulumi's configuration (encrypted) or, generated, in its state. */
export interface Secret {
  /** Configuration key, `NAMESPACE:NAME`. */
  key: string;
  purpose: string;
  required: boolean;
  form: SecretForm;
  rotation: Rotation;
  /** A value that was made up would be of no use: it is somebody else's, or must be known where the state is lost. */
  notGenerated?: true;
}

/** What a preview without secrets has in the place of a secret. @param key `NAMESPACE:NAME` */
export const placeholder = (key: string): string => `placeholder-for-${key.split(":")[1]}`;

/**
 * The host's secrets: of the copy of the backups off the host.
 * @param copy host:backups.copy of the stack file; undefined: there is none
 */
export function hostSecrets(copy: { user?: string } | undefined): Secret[] {
  return [
    {
      key: "host:copyPassword",
      purpose: "RESTIC_PASSWORD, what the copy off the host is encrypted with",
      required: copy !== undefined,
      form: PLAIN,
      rotation: "repository",
      notGenerated: true,
    },
    {
      key: "host:copyServerPassword",
      purpose: "password of host:backups.copy.user at the copy's server, or the secret of its S3 key",
      required: copy?.user !== undefined,
      form: PLAIN,
      rotation: "others",
      notGenerated: true,
    },
  ];
}

/**
 * Robotoff's secrets. Production needs them all; elsewhere only what its own servers cannot start without.
 * @param production `robotoff:instance` is prod
 * @param elasticsearchSecurity Elasticsearch asks for a password
 */
export function robotoffSecrets(production: boolean, elasticsearchSecurity: boolean): Secret[] {
  return [
    {
      key: "robotoff:postgresPassword",
      purpose: "password of PostgreSQL",
      required: true,
      form: PRINTABLE,
      rotation: "server",
    },
    {
      key: "robotoff:elasticPassword",
      purpose: "password of Elasticsearch's user elastic",
      required: elasticsearchSecurity,
      // Robotoff puts it into a URL as it is; the health check into curl's configuration, between quotes.
      form: UNRESERVED,
      rotation: "server",
    },
    {
      key: "robotoff:offPassword",
      purpose: "OFF_PASSWORD, account of Open Food Facts",
      required: production,
      form: ONE_LINE,
      rotation: "others",
    },
    {
      key: "robotoff:sentryDsn",
      purpose: "SENTRY_DSN, error reports",
      required: production,
      form: PRINTABLE,
      rotation: "others",
    },
    // Both are sent as HTTP headers.
    {
      key: "robotoff:influxdbAuthToken",
      purpose: "INFLUXDB_AUTH_TOKEN, metrics",
      required: production,
      form: PRINTABLE,
      rotation: "others",
    },
    {
      key: "robotoff:batchJobKey",
      purpose: "BATCH_JOB_KEY, imports of batch jobs",
      required: production,
      form: PRINTABLE,
      rotation: "start",
    },
    {
      key: "robotoff:googleCredentials",
      purpose: "GOOGLE_CREDENTIALS, a service account's JSON in base64",
      required: production,
      form: BASE64,
      rotation: "others",
    },
    // Sent as an HTTP header.
    {
      key: "robotoff:nutripatrolToken",
      purpose: "AUTH_BEARER_TOKEN_NUTRIPATROL, reports to the image moderation service",
      required: production,
      form: PRINTABLE,
      rotation: "others",
    },
  ];
}

/**
 * PROTEA's secrets: the passwords of its three servers, and two of its API that a deployment may do without.
 * @param generated whether missing ones are generated
 */
export function proteaSecrets(generated: boolean): Secret[] {
  return [
    // Encoded within PROTEA_DB_URL it would have a %, at which alembic's parser of settings fails.
    {
      key: "protea:postgresPassword",
      purpose: "password of PostgreSQL",
      required: true,
      form: UNRESERVED,
      rotation: "server",
    },
    // As it is in rabbitmqadmin's file, whose parser fails at a % too.
    {
      key: "protea:rabbitmqPassword",
      purpose: "password of RabbitMQ",
      required: true,
      form: UNRESERVED,
      rotation: "server",
    },
    {
      key: "protea:minioPassword",
      purpose: "root password of MinIO",
      required: true,
      // Eight characters are MinIO's least; mc has it in a URL.
      form: { expression: /^[\w.~-]{8,}$/, expected: "at least eight letters, digits and - . _ ~" },
      rotation: "start",
    },
    {
      key: "protea:adminToken",
      purpose: "PROTEA_ADMIN_TOKEN, allows /admin/reset-db",
      // Without it nobody can have the API drop the database.
      required: generated,
      // It comes in a header.
      form: PRINTABLE,
      rotation: "start",
    },
    {
      key: "protea:jwtSecret",
      purpose: "PROTEA_JWT_SECRET, signs sessions",
      // Versions that ask for a log-in do not start without it; 0.3.0 knows none.
      required: false,
      form: PRINTABLE,
      rotation: "start",
    },
  ];
}

/**
 * The secrets of who is told of alerts.
 * @param receivers monitoring:receivers of the stack file; left out: all of them
 */
export function monitoringSecrets(
  receivers: { mail?: { user?: string }; slack?: unknown } = { mail: { user: "" }, slack: {} },
): Secret[] {
  return [
    {
      key: "monitoring:mailPassword",
      purpose: "password of monitoring:receivers.mail.user",
      required: receivers.mail?.user !== undefined,
      form: ONE_LINE,
      rotation: "others",
      notGenerated: true,
    },
    {
      key: "monitoring:slackUrl",
      purpose: "address of Slack's webhook, which is its password",
      required: receivers.slack !== undefined,
      form: PRINTABLE,
      rotation: "others",
      notGenerated: true,
    },
  ];
}
