/** Changes of a database that keep every row count, one at a time: the deep check finds each, and what others say of it. */
import { readFileSync } from "node:fs";
import type { Backups } from "./backups.harness.ts";
import type { Chance } from "./chance.ts";
import { succeeded } from "./host.ts";

const TABLES = 5;
const ROWS = 40;
const COLUMNS = ["word", "n", "at", "flag", "rate", "data", "note", "list", "place"] as const;

/** A database with something of everything that is compared; each table has the same columns. */
const MAKE = [
  `create role changes_owner; create role changes_reader; create extension vector;
   create type mood as enum ('good', 'bad'); create table parent (id int primary key);
   insert into parent select g from generate_series(1, ${ROWS}) g;
   create function tell() returns trigger language plpgsql as 'begin return new; end';
   create function twice(n int) returns int language sql as 'select n * 2';
   create schema other; create table other.kept (id int, mood mood); insert into other.kept values (1, 'good');
   select lo_from_bytea(4711, 'large'); grant select on large object 4711 to changes_reader`,
  ...Array.from(
    { length: TABLES },
    (_, n) => `create sequence s${n} start ${n * 10 + 3}; select nextval('s${n}');
   create table t${n} (id int primary key references parent, word text default 'none', n bigint check (n > -1), at timestamptz, flag boolean,
     rate double precision, data bytea, note jsonb, list text[], place vector(3));
   insert into t${n} select g, md5((g + ${n})::text), g * 1000 + ${n}, '2026-01-01'::timestamptz + g * interval '1.5 hours', g % 2 = 0,
     g / 7.0, decode(md5(g::text), 'hex'), jsonb_build_object('a', g), array[g::text, 'x'], array_fill(g::real, array[3])::vector(3)
     from generate_series(1, ${ROWS}) g;
   create index i${n} on t${n} (word); create index p${n} on t${n} using hnsw (place vector_l2_ops);
   create trigger told${n} before update on t${n} for each row execute function tell();
   create view v${n} as select id, word from t${n} where n > 5;
   alter table t${n} enable row level security; create policy p${n} on t${n} using (n > 7); alter table t${n} owner to changes_owner;
   grant select, insert on t${n} to changes_reader; grant usage on sequence s${n} to changes_reader; comment on table t${n} is 'the ${n}th'`,
  ),
  "grant usage on schema other to changes_reader; grant execute on function twice to changes_reader; alter default privileges grant select on tables to changes_reader",
].join(";\n");

/** Another value of the same size, or nearly: a slip that no count and no size tells. */
const OTHER: Record<(typeof COLUMNS)[number], string> = {
  word: "translate(word, '0123456789abcdef', '123456789abcdef0')",
  n: "n # 1",
  at: "at + interval '1 microsecond'",
  flag: "not flag",
  rate: "rate + 1e-14 * rate",
  data: "set_bit(data, 0, 1 - get_bit(data, 0))",
  note: "jsonb_build_object('b', note -> 'a')",
  list: "list[2:2] || list[1:1]",
  place: "place + '[0,0.125,0]'::vector(3)",
};

/** Rows are written again in the old order: a dump must not tell by a row's place alone. */
const inOrder = (...names: string[]) =>
  names
    .map((name) => `create temp table x as table ${name}; truncate ${name}; insert into ${name} select * from x order by id; drop table x`)
    .join("; "); // prettier-ignore

const KINDS: Record<string, (chance: Chance, t: number) => string> = {
  "a value": (chance, t) => {
    const column = chance.pick(COLUMNS);
    return `update t${t} set ${column} = ${OTHER[column]} where id = ${1 + chance.below(ROWS)}; ${inOrder(`t${t}`)}`;
  },
  "two rows swapped between tables": (chance, t) => {
    const [to, id] = [(t + 1 + chance.below(TABLES - 1)) % TABLES, 1 + chance.below(ROWS)];
    const set = (alias: string) => COLUMNS.map((name) => `${name} = ${alias}.${name}`).join(", ");
    return `create temp table a as select * from t${t} where id = ${id}; update t${t} set ${set("b")} from t${to} b where t${t}.id = ${id} and b.id = ${id};
      update t${to} set ${set("a")} from a where t${to}.id = ${id}; ${inOrder(`t${t}`, `t${to}`)}`;
  },
  "two values swapped in a table": (chance, t) => {
    const [column, a] = [chance.pick(["word", "n", "at", "rate", "data"]), 1 + chance.below(ROWS - 1)];
    const b = a + 1 + chance.below(ROWS - a);
    return `update t${t} x set ${column} = y.${column} from t${t} y where (x.id, y.id) in ((${a}, ${b}), (${b}, ${a})); ${inOrder(`t${t}`)}`;
  },
  "a dropped index": (chance, t) => `drop index ${chance.pick(["i", "p"])}${t}`,
  "another index": (chance, t) => `drop index i${t}; create index i${t} on t${t} (word ${chance.pick(["desc", "nulls first", "collate \"C\""])})`, // prettier-ignore
  "a moved sequence": (chance, t) => `select setval('s${t}', ${t * 10 + 4 + chance.below(1_000)})`,
  "a sequence that begins again": (_, t) => `select setval('s${t}', ${t * 10 + 3}, false)`,
  "a lost grant": (chance, t) =>
    chance.pick([
      `revoke select on t${t} from changes_reader`,
      `revoke insert on t${t} from changes_reader`,
      `revoke usage on sequence s${t} from changes_reader`,
      "revoke usage on schema other from changes_reader",
      "revoke execute on function twice from changes_reader",
      "alter default privileges revoke select on tables from changes_reader",
    ]),
  "a disabled trigger": (_, t) => `alter table t${t} disable trigger told${t}`,
  "a constraint less": (chance, t) =>
    `alter table t${t} drop constraint ${chance.pick([`t${t}_n_check`, `t${t}_id_fkey`])}`,
  "another default": (_, t) => `alter table t${t} alter word set default 'null'`,
  "another owner": (_, t) => `alter table t${t} owner to current_user`,
  "a policy less": (chance, t) => chance.pick([`drop policy p${t} on t${t}`, `alter table t${t} disable row level security`]), // prettier-ignore
  "another view": (chance, t) => `create or replace view v${t} as select id, word from t${t} where n > ${6 + chance.below(9)}`,
  "another function": (chance) => `create or replace function twice(n int) returns int language sql as 'select n * ${3 + chance.below(7)}'`,
  "another comment": (_, t) => `comment on table t${t} is 'the ${t + 1}th'`,
  "another label of an enum": () => "alter type mood rename value 'good' to 'fine'",
  "a large object's grant": () => "revoke select on large object 4711 from changes_reader",
  "a large object's byte": (chance) => `select lo_put(4711, ${chance.below(5)}, 'x')`,
}; // prettier-ignore

export interface Changed {
  kind: string;
  what: string;
  /** What the deep check says; nothing: it did not find it. */
  said: string;
  /** Whether the runbook's check of a dump finds it, and a comparison of all row counts. */
  runbook: boolean;
  counts: boolean;
}

/** Copies the database from its template, changes the copy, compares it with the backup, and counts. */
const COMPARE = `
psql -qX -d postgres -c 'drop database if exists changes' -c 'create database changes template changes_kept'
psql -qX -v ON_ERROR_STOP=1 -d changes -c "set client_min_messages = warning; set session_replication_role = replica; $3" > /dev/null
pg_dump -Fc -d changes | pg_restore --list | grep -c 'TABLE DATA'
psql -qAtX -d changes -c "select string_agg(oid::regclass || query_to_xml('select count(*) from ' || oid::regclass, false, true, '')::text, '' order by oid)
  from pg_class where relkind = 'r' and relnamespace::regnamespace::text in ('public', 'other')" | tr -d '\\n '
compare changes && echo same || echo differs
`;

export class Changes {
  private readonly backups: Backups;
  private readonly folder = "/tmp/changes/postgres";
  private readonly same: string[];

  constructor(backups: Backups) {
    this.backups = backups;
    const make = `psql -qX -d postgres -c 'create database changes'\npsql -qX -v ON_ERROR_STOP=1 -d changes > /dev/null <<'SQL'\n${MAKE};\nSQL`;
    const keep = "psql -qX -d postgres -c 'create database changes_kept template changes'";
    succeeded(this.run(`mkdir -p /tmp/changes\n${make}\nPGDATABASE=changes\nbackup\n${keep}`));
    this.same = this.compare("select 1").counted;
    // The control: nothing is found where the same rows are written again.
    const again = this.compare(inOrder("t0", "t1"));
    if (again.said) throw new Error(`found without a change: ${again.said}`);
  }

  private run(what: string, change = "") {
    const script = readFileSync("hosts/scripts/part-postgres.sh", "utf8").replace(/\n"\$verb"\n$/, `\n${what}\n`);
    return this.backups.piped(this.backups.agent, "postgres", script, "deep", this.folder, change);
  }

  private compare(change: string): { said: string; counted: string[] } {
    const { text } = this.run(COMPARE, change);
    const [, tables, rows, end, said] = /^(\d+)\n(.*)(same|differs)\n([^]*)$/.exec(text) ?? [];
    if (end === undefined) throw new Error(`${change}\n${text}`);
    return { said: end === "same" ? "" : said!, counted: [tables!, rows!] };
  }

  static readonly kinds = Object.keys(KINDS);

  try(kind: string, chance: Chance): Changed {
    const what = KINDS[kind]!(chance, chance.below(TABLES));
    const { said, counted } = this.compare(what);
    return { kind, what, said, runbook: counted[0] !== this.same[0], counts: counted[1] !== this.same[1] };
  }
}
