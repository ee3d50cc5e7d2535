/**
 * Names, paths and addresses: texts that Docker, PostgreSQL, S3, a queue server or SSH gives a meaning to. What those
 * would refuse is refused here, with everything else that is wrong, and none of it can mean anything to a shell or be
 * taken for an option. Scripts on the host get such texts as words between blanks (hosts/checks.ts): none has a blank.
 */
import { z } from "zod";

/** A text of a form; every problem says what is expected. */
const text = (form: RegExp, expected: string) =>
  z.string({ error: expected }).regex(form, { error: expected, abort: true });

/**
 * Compose's rule for project names, https://docs.docker.com/reference/compose-file/version-and-name/. At most 55
 * characters: NAME_default and NAME-12 are host names on the system's network, and DNS ends a label at 63.
 */
export const name = text(
  /^[a-z0-9][a-z0-9_-]{0,54}$/,
  "a name of at most 55 a-z, 0-9, - and _ that begins with a letter or digit",
);

const DOCKER_NAME = "letters, digits and . _ - that begins with a letter or digit";

/** Docker's rule for volumes: https://github.com/moby/moby/blob/master/volume/local/local.go, daemon/names/names.go */
export const volumeName = text(
  /^[a-zA-Z0-9][a-zA-Z0-9_.-]{1,254}$/,
  `Docker's name of a volume, at least two ${DOCKER_NAME}`,
);

/** A network that others made. Docker's own `host` and `none` cannot be joined beside another. */
export const networkName = text(
  /^(?!(?:host|none)$)[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254}$/,
  `Docker's name of a network (not host or none), ${DOCKER_NAME}`,
);

/** A file's or folder's name: not `.` or `..`. */
const ENTRY = String.raw`(?!\.{1,2}(?:[/:]|$))[\w.@+=,-]+`;

/** A path below /, as the source of an expression. */
export const PATH = `(?:/${ENTRY})+`;

/** What a path is made of, for the messages of whoever has one. */
export const PATH_CHARACTERS = "letters, digits and . _ @ + = , - between slashes, without ..";

export const hostPath = text(new RegExp(`^${PATH}$`), `an absolute path on the host, of ${PATH_CHARACTERS}`);

/** A file, relative to the checkout or absolute. */
export const filePath = text(
  new RegExp(`^(?!-)(?:${PATH}|${ENTRY}(?:${PATH})?)$`),
  `a path of ${PATH_CHARACTERS}, that begins with no -`,
);

const OWN_POSTGRES_NAMES = "(?!pg_|(?:public|none|template0|template1)$)";
const POSTGRES_NAME = "a-z, 0-9, _ and -, not one of PostgreSQL's own (pg_…, template0, template1, public, none)";

/**
 * A database or user of PostgreSQL: at most 63 bytes (NAMEDATALEN), in lower case, which is what it makes of a name
 * without quotes. https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS
 */
export const postgresName = text(
  new RegExp(`^${OWN_POSTGRES_NAMES}[a-z0-9_][a-z0-9_-]{0,62}$`),
  `a name of at most 63 ${POSTGRES_NAME}`,
);

/** The one user of PostgreSQL, RabbitMQ and MinIO; three characters are MinIO's least. */
export const serversUser = text(
  new RegExp(`^${OWN_POSTGRES_NAMES}[a-z0-9_][a-z0-9_-]{2,62}$`),
  `a name of 3 (MinIO's least) to 63 ${POSTGRES_NAME}`,
);

/**
 * A bucket, by S3's rules as MinIO has them.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
 */
export const bucketName = text(
  /^(?!xn--)(?!\d+\.\d+\.\d+\.\d+$)(?!.*(?:\.\.|\.-|-\.))[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
  "a bucket's name by S3's rules: 3 to 63 a-z, 0-9, - and ., a letter or digit at both ends, no address",
);

const QUEUE = "a queue's name of letters, digits and . _ : - that begins with a letter or digit (not amq.)";

/**
 * A queue of RabbitMQ or rq. Both take more; but it becomes an argument, and amq.… is RabbitMQ's own. `{n}` in it is a
 * worker's number, where the workers are numbered. https://www.rabbitmq.com/docs/queues#names
 */
export const queueName = text(/^(?!amq\.)[a-zA-Z0-9](?:[\w.:-]|\{n\}){0,250}$/, QUEUE);

/** A stream's key in Redis. */
export const streamName = text(/^[a-zA-Z0-9][\w.:-]*$/, "a stream's name of letters, digits and . _ : -");

/** Labels of letters, digits, - and _ (which Docker's names have, and DNS takes), and dots between them. */
const HOST = String.raw`[a-zA-Z0-9][\w-]{0,62}(?:\.[a-zA-Z0-9][\w-]{0,62})*`;
const PORT = String.raw`(?:6553[0-5]|655[0-2]\d|65[0-4]\d{2}|6[0-4]\d{3}|[1-5]\d{4}|[1-9]\d{0,3})`;

export const hostName = text(new RegExp(`^${HOST}$`), "a host's name or IPv4 address");
export const hostAndPort = text(new RegExp(`^${HOST}:${PORT}$`), "HOST:PORT, such as 10.3.0.101:5504");
export const portNumber = z.number().int().min(1).max(65_535);

export const endpoint = text(
  new RegExp(String.raw`^unix://${PATH}$`),
  "a Docker endpoint of this machine, unix:///PATH; another machine's is host:ssh",
);

/** A user of another machine; no option of ssh's. */
export const hostUser = text(/^[a-z_][a-z0-9_.-]{0,31}$/, "a user's name");

/** A host's public key as sshd has it in /etc/ssh/ssh_host_*_key.pub, without the comment. */
export const hostKey = text(
  /^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)) [A-Za-z0-9+/]{50,}={0,3}$/,
  "a host's public key: ssh-ed25519 AAAA…, as `make trust` pins it",
);

const DIGEST = "@sha256:[0-9a-f]{64}";
const COMPONENT = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*";
const REGISTRY = String.raw`[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?(?::${PORT})?`;

/**
 * An image with a tag or digest: what is not pinned changes by itself.
 * https://github.com/distribution/reference/blob/main/reference.go
 */
export const IMAGE = new RegExp(
  `^(?:${REGISTRY}/)?${COMPONENT}(?:/${COMPONENT})*(?::(?!latest$)\\w[\\w.-]{0,127}(?:${DIGEST})?|${DIGEST})$`,
);

/** A registry, and a path in it. Without a dot or a port Docker would take the first name for one of the Docker Hub. */
export const registryName = text(
  new RegExp(`^(?=[^/]*[.:]|localhost(?:/|$))${REGISTRY}(?:/${COMPONENT})*$`),
  "a registry HOST[:PORT][/PATH] such as 10.1.0.1:5000, its host with a dot or a port",
);
