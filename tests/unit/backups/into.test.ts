// INTO=: another server, as an operator names it, and as the script on the host is told.
import { describeInto, intoArguments, parseInto } from "../../../backups/into.ts";
import type { Backup } from "../../../backups/list.ts";
import { script } from "../../../hosts/scripts.ts";
import { committed } from "../support/stack.ts";

test.each<[string, ReturnType<typeof parseInto>]>([
  ["postgresql://ada@db.example.org", { host: "db.example.org", port: "5432", user: "ada", sslmode: "prefer" }],
  ["postgres://a%40b@10.0.0.1:6432/", { host: "10.0.0.1", port: "6432", user: "a@b", sslmode: "prefer" }],
  [
    "postgresql://ada@[::1]:5433?sslmode=verify-full",
    { host: "::1", port: "5433", user: "ada", sslmode: "verify-full" },
  ],
])("%s", (text, expected) => {
  expect(parseInto(text)).toEqual(expected);
});

test.each<[string, RegExp]>([
  ["", /^INTO= is not of the form postgresql:\/\/user@host:5432 /],
  ["db.example.org", /^INTO= is not of the form/],
  ["https://ada@db.example.org", /^INTO= is not of the form/],
  ["postgresql://db.example.org", /^INTO= is not of the form/],
  ["postgresql://ada:secret@db.example.org", /^INTO= has a password: give it as PGPASSWORD/],
  ["postgresql://ada@db.example.org/protea", /^found INTO= with a database, protea: /],
])("what is not a server is refused, and no password repeated: %s", (text, message) => {
  expect(() => parseInto(text)).toThrow(message);
  expect(() => parseInto(text)).not.toThrow("secret");
});

test("what is said, and what the script is told", () => {
  const { systems, host } = committed("local");
  const base = { stamp: "20261125T030000Z" } as Backup;
  const other = parseInto("postgresql://ada@db.example.org");
  expect(describeInto(systems[1]!, base, other)).toContain(
    "protea: PostgreSQL's dump in the backup 20261125T030000Z goes into the server db.example.org:5432, as its user ada\n",
  );
  expect(describeInto(systems[1]!, base, other, "/mnt")).toContain("in the backup 20261125T030000Z of /mnt goes into");
  expect(intoArguments(systems[1]!, host, base, other, "/mnt")[1]).toBe("/mnt");
  expect(intoArguments(systems[1]!, host, base, other)).toEqual([
    ...["protea", expect.stringMatching(/\/\.local\/backups$/) as string, "protea-postgres-1"],
    ...["into-postgres", "part-postgres"].map((name) => `${name}-${script(name).hash}.sh`),
    "20261125T030000Z",
    ...["db.example.org", "5432", "ada", "prefer"],
  ]);
});
