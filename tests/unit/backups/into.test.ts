// INTO=: another server, as an operator names it, and as the script on the host is told.
import { readFileSync } from "node:fs";
import { certificatesIn, describeInto, intoCommand, parseInto } from "../../../backups/into.ts";
import type { Backup } from "../../../backups/list.ts";
import { script } from "../../../hosts/scripts.ts";
import { committed } from "../support/stack.ts";

test.each<[string, object]>([
  ["postgresql://ada@db.example.org", { host: "db.example.org", port: "5432", user: "ada", sslmode: "prefer" }],
  ["postgres://a%40b@10.0.0.1:6432/", { host: "10.0.0.1", port: "6432", user: "a@b", sslmode: "prefer" }],
  ["postgresql://ada@[::1]:5433?sslmode=require", { host: "::1", port: "5433", user: "ada", sslmode: "require" }],
])("%s", (text, expected) => {
  expect(parseInto(text)).toEqual({ kind: "postgres", ...expected });
});

test.each<[string, string, string]>([
  ["s3://KEY@s3.example.org/copies", "https://KEY@s3.example.org", "copies"],
  ["s3+http://KEY@10.0.0.1:9000/copies/", "http://KEY@10.0.0.1:9000", "copies"],
  ["s3://a%2Fb@[::1]:9000/a.b-c?region=eu-west-3", "https://a%2Fb@[::1]:9000?region=eu-west-3", "a.b-c"],
])("%s", (text, server, bucket) => {
  expect(parseInto(text)).toEqual({ kind: "bucket", server, bucket });
});

test.each<[string, RegExp]>([
  ["", /^INTO= is neither of the form postgresql:\/\/user@host:5432 .* nor of the form s3:/],
  ["db.example.org", /^INTO= is neither/],
  ["https://ada@db.example.org", /^INTO= is neither/],
  ["postgresql://db.example.org", /^INTO= is neither/],
  ["s3://s3.example.org/copies", /^INTO= is neither/],
  ["postgresql://ada:secret@db.example.org", /^INTO= has a password: give it as PGPASSWORD/],
  ["s3://KEY:secret@s3.example.org/copies", /^INTO= has a password: give it as AWS_SECRET_ACCESS_KEY/],
  ["postgresql://ada@db.example.org/protea", /^found INTO= with a database, protea: /],
  ["s3://KEY@s3.example.org", /^found INTO= with the bucket "": /],
  ["s3://KEY@s3.example.org/copies/below", /^found INTO= with the bucket "copies\/below": /],
  ["s3://KEY@s3.example.org/Copies", /^found INTO= with the bucket "Copies": /],
])("what is not a server is refused, and no password repeated: %s", (text, message) => {
  expect(() => parseInto(text)).toThrow(message);
  expect(() => parseInto(text)).not.toThrow("secret");
});

test("with CA= the server's certificate is compared, of a PostgreSQL too", () => {
  const sslmode = (query: string, authority = true) =>
    parseInto(`postgresql://ada@db.example.org${query}`, authority) as { sslmode?: string };
  expect(sslmode("").sslmode).toBe("verify-full");
  expect(sslmode("?sslmode=verify-ca").sslmode).toBe("verify-ca");
  expect(() => sslmode("?sslmode=require")).toThrow("found CA= and sslmode=require, which compares no certificate");
  for (const mode of ["verify-ca", "verify-full"])
    expect(() => sslmode(`?sslmode=${mode}`, false)).toThrow(`found sslmode=${mode} without CA=, the certificate of`);
  expect(parseInto("s3://KEY@s3.example.org/copies", true)).toEqual(parseInto("s3://KEY@s3.example.org/copies"));
  expect(() => parseInto("s3+http://KEY@s3.example.org/copies", true)).toThrow(/^found CA= and s3\+http:/);
});

test("of the file in CA= the certificates alone are handed on, each of them one that can be read", () => {
  const one = readFileSync("tests/unit/backups/authority.pem", "utf8").trim();
  const key = "-----BEGIN PRIVATE KEY-----\nMC4CAQ\n-----END PRIVATE KEY-----";
  expect(certificatesIn(`words\n${one}\n${key}\n${one}\n`, "f")).toBe(`${one}\n${one}\n`);
  expect(() => certificatesIn(key, "f")).toThrow("CA=f has no certificate in it (-----BEGIN CERTIFICATE-----)");
  expect(() => certificatesIn(`${one}\n${one.replace("MII", "AAA")}`, "f")).toThrow(
    "CA=f has a certificate that cannot be read: openssl x509 -in f ",
  );
});

const { systems, host } = committed("local");
const base = { stamp: "20261125T030000Z" } as Backup;
const installed = (name: string) => `${name}-${script(name).hash}.sh`;

test("of a database: what is said, and what the script is told", () => {
  const other = parseInto("postgresql://ada@db.example.org");
  expect(describeInto(systems[1]!, base, other)).toContain(
    "protea: PostgreSQL's dump in the backup 20261125T030000Z goes into the server db.example.org:5432, as its user ada\n",
  );
  expect(describeInto(systems[1]!, base, other, "/mnt")).toContain("in the backup 20261125T030000Z of /mnt goes into");
  expect(intoCommand(systems[1]!, host, base, other, "/mnt").args[1]).toBe("/mnt");
  const beside = ["into-postgres", "part-postgres"];
  expect(intoCommand(systems[1]!, host, base, other)).toEqual({
    script: "restore-into",
    args: [
      ...["protea", expect.stringMatching(/\/\.local\/backups$/) as string, "protea-postgres-1"],
      ...[...beside.map(installed), "20261125T030000Z"],
      ...["db.example.org", "5432", "ada", "prefer"],
    ],
    beside,
  });
});

test("of a bucket", () => {
  const other = parseInto("s3+http://KEY@10.0.0.1:9000/copies");
  expect(describeInto(systems[1]!, base, other)).toContain(
    "protea: the bucket in the backup 20261125T030000Z goes into the bucket copies of http://KEY@10.0.0.1:9000\n",
  );
  const beside = ["part-restore", "part-bucket"];
  const args = (where: string, from: string) => [
    ...["protea-files-backup-1", ...beside.map(installed), `/${where}/protea/20261125T030000Z/bucket`],
    ...[from, "http://KEY@10.0.0.1:9000", "copies"],
  ];
  expect(intoCommand(systems[1]!, host, base, other)).toEqual({
    script: "into-bucket",
    args: args("backups", ""),
    beside,
  });
  expect(intoCommand(systems[1]!, host, base, other, "/mnt").args).toEqual(args("from", "/mnt"));
});
