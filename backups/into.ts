/** A part of a backup into another server: what is said, and as the arguments of the scripts of hosts/scripts/. Pure. */
import { X509Certificate } from "node:crypto";
import { backupDirectory, type HostSettings } from "../config/host.ts";
import { containerName, type SystemSpec } from "../systems/spec.ts";
import type { Backup } from "./list.ts";
import { installedName, partsOf } from "./parts.ts";
import { SERVER } from "./restore.ts";

/** A PostgreSQL that is none of this stack's, as the stack's host reaches it. */
interface OtherPostgres {
  kind: "postgres";
  host: string;
  port: string;
  user: string;
  /** libpq's: prefer, require, verify-full … https://www.postgresql.org/docs/16/libpq-ssl.html#LIBPQ-SSL-PROTECTION */
  sslmode: string;
}

/** A bucket of an S3 server that is none of this stack's, as the stack's host reaches it. */
interface OtherBucket {
  kind: "bucket";
  /** https://ACCESSKEY@host:port, with ?region=NAME where one is named. */
  server: string;
  bucket: string;
}

export type OtherServer = OtherPostgres | OtherBucket;

const FORMS =
  "INTO= is neither of the form postgresql://user@host:5432 (?sslmode=require, where it is asked for) nor of the form " +
  "s3://ACCESSKEY@host:port/bucket (s3+http:// without encryption, ?region=NAME)";

/** The variable that another server's password is in; without it, it is asked for. */
export const SECRET = { postgres: "PGPASSWORD", bucket: "AWS_SECRET_ACCESS_KEY" } as const;

/**
 * Reads INTO=.
 * @param authority whether CA= is given: then the server's certificate is compared, of a PostgreSQL too, which by itself asks for none
 * @throws Error that says what is expected; a password is not repeated
 */
export function parseInto(text: string, authority = false): OtherServer {
  const url = URL.parse(text);
  if (!url?.hostname || !url.username) throw new Error(FORMS);
  const kind = /^postgres(ql)?:$/.test(url.protocol)
    ? "postgres"
    : /^s3(\+http)?:$/.test(url.protocol)
      ? "bucket"
      : undefined;
  if (!kind) throw new Error(FORMS);
  if (url.password)
    throw new Error(`INTO= has a password: give it as ${SECRET[kind]} in the environment, where nobody reads it`);
  const name = decodeURIComponent(url.pathname).replace(/^\/|\/$/g, "");
  if (kind === "bucket") {
    if (authority && url.protocol !== "s3:")
      throw new Error("found CA= and s3+http://: without encryption there is no certificate; s3:// has one");
    return { kind, ...bucketOf(url, name) };
  }
  if (name) throw new Error(`found INTO= with a database, ${name}: it gets the name that it has in the backup`);
  const sslmode = url.searchParams.get("sslmode") ?? (authority ? "verify-full" : "prefer");
  if (authority !== sslmode.startsWith("verify-"))
    throw new Error(
      authority
        ? `found CA= and sslmode=${sslmode}, which compares no certificate: leave sslmode out, or verify-ca`
        : `found sslmode=${sslmode} without CA=, the certificate of the server's authority; of a public one: CA=/etc/ssl/certs/ca-certificates.crt`,
    );
  return {
    kind,
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: url.port || "5432",
    user: decodeURIComponent(url.username),
    sslmode,
  };
}

/**
 * The certificates of a file that CA= names, in PEM's form, and nothing else of it: a private key beside them goes nowhere.
 * @throws Error where there is none, or one that cannot be read
 */
export function certificatesIn(text: string, file: string): string {
  const found = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g);
  if (!found) throw new Error(`CA=${file} has no certificate in it (-----BEGIN CERTIFICATE-----)`);
  for (const one of found) {
    try {
      new X509Certificate(one);
    } catch {
      throw new Error(`CA=${file} has a certificate that cannot be read: openssl x509 -in ${file} -noout -subject`);
    }
  }
  return `${found.join("\n")}\n`;
}

function bucketOf(url: URL, bucket: string): Omit<OtherBucket, "kind"> {
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket))
    throw new Error(`found INTO= with the bucket "${bucket}": it is 3 to 63 small letters, digits, dots and hyphens`);
  const region = url.searchParams.get("region");
  const scheme = url.protocol === "s3:" ? "https" : "http";
  const query = region === null ? "" : `?region=${encodeURIComponent(region)}`;
  return { server: `${scheme}://${url.username}@${url.host}${query}`, bucket };
}

/** As a person reads it. */
export const otherWords = (other: OtherServer): string =>
  other.kind === "postgres"
    ? `the server ${other.host}:${other.port}, as its user ${other.user}`
    : `the bucket ${other.bucket} of ${other.server}`;

/**
 * What a person is told before.
 * @param from another folder of backups than the stack's own
 */
export function describeInto(system: SystemSpec, base: Backup, other: OtherServer, from?: string): string {
  const [what, how] =
    other.kind === "postgres"
      ? [
          "PostgreSQL's dump",
          "as of the backup, without the WAL after it; a database of that name must not be there yet, the roles must",
        ]
      : ["the bucket", "it must not be there yet, or be empty; every object is read back and compared"];
  return [
    `${system.name}: ${what} in the backup ${base.stamp}${from ? ` of ${from}` : ""} goes into ${otherWords(other)}`,
    `  ${how}`,
    "  nothing of this stack is touched",
  ].join("\n");
}

/** Which script of hosts/scripts/ is run, with what, and those that it looks for beside itself. */
export function intoCommand(
  system: SystemSpec,
  host: HostSettings,
  base: Backup,
  other: OtherServer,
  from?: string,
): { script: string; args: string[]; beside: string[] } {
  if (other.kind === "bucket") {
    const { container } = partsOf(system).find(({ name }) => name === "bucket")!;
    const beside = ["part-restore", "part-bucket"];
    const folder = `${from ? "/from" : "/backups"}/${system.name}/${base.stamp}/bucket`;
    const args = [container, ...beside.map(installedName), folder, from ?? "", other.server, other.bucket];
    return { script: "into-bucket", args, beside };
  }
  const beside = ["into-postgres", "part-postgres"];
  const server = [other.host, other.port, other.user, other.sslmode];
  const where = [system.name, from ?? backupDirectory(host)!, containerName(system, SERVER, 1)];
  return { script: "restore-into", args: [...where, ...beside.map(installedName), base.stamp, ...server], beside };
}
