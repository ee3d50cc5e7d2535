#!/bin/sh
# part-postgres.sh VERB FOLDER: PostgreSQL's part of a backup. Runs in the container `postgres-backup`, as the server's user, over
# the shared socket: `docker exec -i -u postgres CONTAINER sh -s -- VERB FOLDER < part-postgres.sh`.
#   backup FOLDER [PREVIOUS]
#                   makes FOLDER: roles.sql, dump/ (logical, for pg_restore), base/ (physical, for the WAL after it), and
#                   part.json: versions, the WAL it goes on with, and of each table its rows and the sha256 of its COPY stream
#   verify FOLDER   reads the dump through and compares each table with part.json; then pg_verifybackup reads base/, and
#                   pg_waldump the WAL after it
#   deep FOLDER     in a scratch server of the same image, empty: restores FOLDER into it and compares what is there with it:
#                   roles, schema (with grants, indexes, triggers, extensions), sequences, and each table's rows
#   compared FOLDER compares the database POSTGRES_DB with FOLDER (into-postgres.sh)
# Exit code 1 and a line for each thing that differs.
set -eu
umask 077
verb=$1
out=$2
previous=${3:-}
jobs=2
export PGUSER="$POSTGRES_USER" PGDATABASE="$POSTGRES_DB" PGAPPNAME=backup
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

say() { echo "postgres: $*" >&2; }
ask() { psql -qAtX -v ON_ERROR_STOP=1 "$@"; }

# tables DUMP: the entry and the table's oid, of each table that has rows in the dump.
tables() { pg_restore --list "$1" | while IFS='; ' read -r entry _ oid one two _; do
  if [ "$one $two" = "TABLE DATA" ]; then echo "$entry $oid"; fi
done; }

# What follows runs once for each table, two at a time: reads its rows as the dump has them, decompressed, and prints
# `ENTRY OID ROWS SHA256`. A name may have a newline: the statement ends where it says so.
# shellcheck disable=SC2016
table='
dump=$1 scratch=$2 entry=$3 oid=$4
echo "$entry; 0 $oid TABLE DATA" > "$scratch/$entry.list"
mkfifo "$scratch/$entry.rows"
wc -l < "$scratch/$entry.rows" > "$scratch/$entry.count" &
{ pg_restore --data-only --use-list "$scratch/$entry.list" --file - "$dump" || echo failed > "$scratch/$entry.failed"; } | {
  while IFS= read -r line; do case $line in "COPY "*) break ;; esac; done
  while case $line in *" FROM stdin;") false ;; esac; do IFS= read -r line || break; done
  sed "/^\\\\\.\$/,\$d"
} | tee "$scratch/$entry.rows" | sha256sum | { read -r sum _; wait; echo "$sum" > "$scratch/$entry.sum"; }
wait
[ ! -e "$scratch/$entry.failed" ] || exit 1
echo "$entry $oid $(cat "$scratch/$entry.count") $(cat "$scratch/$entry.sum")"
'
# contents DUMP: a line for each table, in the order of the entries.
contents() {
  tables "$1" > "$scratch/tables"
  xargs -r -P "$jobs" -n 2 sh -c "$table" table "$1" "$scratch" < "$scratch/tables" | sort -n
}

# Without what differs each time: comments, blank lines and the key of psql's restricted mode.
plain() { grep -Ev '^(--|$|\\(un)?restrict )' || true; }
schema_of() { pg_restore --schema-only --create --file - "$1" | plain; }
sequences_of() {
  pg_restore --list "$1" | grep ' SEQUENCE SET ' > "$scratch/sequences" || return 0
  pg_restore --data-only --use-list "$scratch/sequences" --file - "$1" | plain | one_each
}
# one_each: a line for each setval; a name may have a newline.
one_each() { tr '\n' ' ' | sed 's/SELECT pg_catalog.setval/\n&/g' | sed -n 's/^\(SELECT pg_catalog.setval(.*);\).*$/\1/p' | sort; }
# The contents of large objects, their owners and grants: pg_dump takes all of it for data, and none of it for schema.
large_objects_of() {
  pg_restore --list "$1" | grep -E '; [0-9]+ [0-9]+ (BLOBS|BLOB|BLOB METADATA|(ACL|COMMENT) - LARGE OBJECTS?) ' > "$scratch/blobs" || return 0
  pg_restore --data-only --use-list "$scratch/blobs" --file - "$1" |
    grep -E '^(SELECT pg_catalog\.lo|ALTER LARGE|GRANT|REVOKE|COMMENT)' | sha256sum
}

# watched WHAT TOTAL MEASURE COMMAND…: runs the command; every ten seconds it says how many KiB MEASURE prints, how many a second, and,
# where the TOTAL is not 0, how long that takes still.
watched() {
  what=$1 total=$2 measure=$3
  shift 3
  begun=$(date +%s)
  # A sleep that outlives its shell must not hold what the host waits for.
  while sleep 10 > /dev/null 2>&1; do
    done=$($measure)
    rate=$((done / ($(date +%s) - begun)))
    left=
    if [ "$rate" -gt 0 ] && [ "$total" -gt "$done" ]; then left=" of about $((total / 1024)), $(((total - done) / rate)) s left"; fi
    say "$what: $((done / 1024)) MiB$left, $((rate / 1024)) MiB/s"
  done &
  watcher=$!
  code=0
  "$@" || code=$?
  kill "$watcher"
  wait "$watcher" 2> /dev/null || true
  return "$code"
}
kib_of() { { du -sk "$@" 2> /dev/null || true; } | awk '{ sum += $1 } END { print sum + 0 }'; }
dump() { pg_dump --format directory --jobs "$jobs" --compress "$compress" --lock-wait-timeout 60000 --file "$out/dump" 2> "$scratch/dump.log"; }
dumped() { kib_of "$out/dump"; }
copied() { kib_of "$out/base"; }
# Of the dump's files, those of the tables that were read to their end.
read_back() { find "$scratch" -name '*.sum' | sed "s|.*/\(.*\)\.sum|$out/dump/\1.dat|" | { while read -r one; do kib_of "$one"*; done; } | awk '{ sum += $1 } END { print sum + 0 }'; }

# read_by NAME: what the running programs of this name have read.
read_by() {
  for one in /proc/[0-9]*; do
    if [ "$(cat "$one/comm" 2> /dev/null)" = "$1" ]; then sed -n 's/^rchar: //p' "$one/io" 2> /dev/null || true; fi
  done | awk '{ sum += $1 } END { printf "%.0f", sum / 1024 }'
}
base_read() { read_by pg_verifybackup; }
check_base() { watched "reads the base backup" "$(copied)" base_read pg_verifybackup --quiet "$out/base"; }
loaded() { ask -d postgres -c "select sum(pg_database_size(oid))::bigint / 1024 from pg_database"; }

# references: what rows say of objects in a bucket, for that part of the backup, which comes after this one: s3://BUCKET/KEY in columns that
# are named so, as PROTEA's artifact store has it.
references() {
  ask <<'SQL'
select format('select distinct json_build_object(''column'', %L, ''uri'', %I)::text from %I.%I where %I like ''s3://%%'' order by 1',
  format('%s.%s.%s', table_schema, table_name, column_name), column_name, table_schema, table_name, column_name)
from information_schema.columns join information_schema.tables using (table_schema, table_name)
where table_type = 'BASE TABLE' and data_type in ('text', 'character varying') and column_name like '%uri' order by 1 \gexec
SQL
}

backup() {
  mkdir "$out"
  wal=$(readlink "$BACKUPS/wal/current")
  # The dump's own compression, where it is not older than the servers here: less time than gzip's, and less room.
  case $(pg_dump --version) in *" "[0-9].* | *" 1"[0-5].*) compress=1 ;; *) compress=zstd:1 ;; esac
  say "roles"
  pg_dumpall --globals-only > "$out/roles.sql"
  say "dump of $PGDATABASE, $(ask -c 'select pg_size_pretty(pg_database_size(current_database()))')"
  # Its list of tables is older than its locks.
  for again in 1 2 ""; do
    code=0
    watched dump "$(kib_of "${previous:-$scratch}/dump")" dumped dump || code=$?
    cat "$scratch/dump.log" >&2
    [ "$code" = 0 ] && break
    [ -n "$again" ] && grep -q 'relation .* does not exist' "$scratch/dump.log" || return "$code"
    say "a table was dropped meanwhile: dumps once more"
    rm -rf "$out/dump"
  done
  say "reads the dump back"
  watched "reads back" "$(dumped)" read_back contents "$out/dump" > "$scratch/contents"
  schema_of "$out/dump" > "$out/schema.sql"
  sequences_of "$out/dump" > "$out/sequences.sql"
  large_objects_of "$out/dump" > "$out/large-objects.sha256"
  references > "$out/references.jsonl"
  say "base backup"
  watched "base backup" "$(ask -c 'select sum(pg_database_size(oid))::bigint / 1024 from pg_database')" copied \
    pg_basebackup --pgdata "$out/base" --format plain --wal-method stream --checkpoint fast --label "$(basename "$(dirname "$out")")"
  check_base
  # Names as JSON has them are made by the server: a shell cannot quote every name.
  # shellcheck disable=SC2016
  ask -v contents="$(cat "$scratch/contents")" -v wal="$wal" -v compress="$compress" -v start="$(sed -n 's/^START WAL LOCATION: .* (file \(.*\))$/\1/p' "$out/base/backup_label")" > "$out/part.json" <<'SQL'
with table_of as (
  select (line[2])::oid as oid, (line[3])::bigint as rows, line[4] as sha256, ordinality
  from regexp_split_to_table(:'contents', E'\n') with ordinality as lines(text, ordinality), string_to_array(text, ' ') as line
  where text <> ''
)
select json_build_object(
  'part', 'postgres', 'database', current_database(), 'server', current_setting('server_version'),
  'system', (select system_identifier::text from pg_control_system()),
  'compress', :'compress', 'wal', :'wal', 'walFrom', :'start',
  'tables', coalesce((
    select json_agg(json_build_object('oid', t.oid::text, 'table', coalesce(format('%I.%I', n.nspname, c.relname), '(dropped meanwhile)'),
      'rows', t.rows, 'sha256', t.sha256) order by t.ordinality)
    from table_of t left join pg_class c on c.oid = t.oid left join pg_namespace n on n.oid = c.relnamespace), '[]'::json));
SQL
  say "$(wc -l < "$scratch/tables") tables, $(du -sk "$out/dump" | cut -f1) KiB of dump, $(du -sk "$out/base" | cut -f1) KiB of base"
}

verify() {
  wrong=0
  watched "reads the dump" "$(dumped)" read_back contents "$out/dump" > "$scratch/contents" || { say "dump: cannot be read through"; wrong=1; }
  while read -r entry oid rows sum; do
    case $(tr '{' '\n' < "$out/part.json" | grep -F "\"oid\" : \"$oid\"") in
      *"\"rows\" : $rows, \"sha256\" : \"$sum\""*) ;;
      *) say "dump: table with oid $oid (entry $entry) is not what was backed up: $rows rows, sha256 $sum"; wrong=1 ;;
    esac
  done < "$scratch/contents"
  declared=$(tr '{' '\n' < "$out/part.json" | grep -c '"oid" : ' || true)
  [ "$declared" = "$(wc -l < "$scratch/contents")" ] || { say "dump: $(wc -l < "$scratch/contents") tables of $declared"; wrong=1; }
  check_base || { say "base: is not what was backed up"; wrong=1; }
  read_wal || wrong=1
  return "$wrong"
}

# read_wal: every record of the WAL after the base, to the last whole segment. No manifest has it, and to a recovery a damaged
# record is the end: what came after would be lost, and nothing said.
read_wal() {
  line=$(sed -n 's/.*"wal" : "\([0-9TZ]*\)".*/\1/p' "$out/part.json")
  from=$(sed -n 's/.*"walFrom" : "\([0-9A-F]*\)".*/\1/p' "$out/part.json")
  [ -d "$BACKUPS/wal/$line" ] || { say "WAL: the line $line is missing"; return 1; }
  newest=$(find "$BACKUPS/wal/$line" -name '????????????????????????' -o -name '*.partial' | sed 's|.*/||' | sort | tail -n 1)
  # After a backup that is new, nothing whole is there yet; a copy off the host has not what is being received.
  [ "$(printf '%s\n%s\n' "${newest%.partial}" "$from" | sort | tail -n 1)" != "$from" ] || return 0
  last=${newest%.partial}
  # Before the segment that is received: of 16 MB, 256 to a number.
  [ "$last" = "$newest" ] || last=$(echo "$last" | sed 's/^\(.\{8\}\)\(.\{8\}\)\(.\{8\}\)/\1 \2 \3/' | {
    read -r timeline high low
    before=$((0x$high * 256 + 0x$low - 1))
    printf '%s%08X%08X' "$timeline" "$((before / 256))" "$((before % 256))"
  })
  # A recovery refuses a segment of another size, also where only its filling is gone.
  short=$(find "$BACKUPS/wal/$line" -name '????????????????????????' ! -size 16777216c)
  if [ -n "$short" ] || ! pg_waldump --quiet --path "$BACKUPS/wal/$line" "$from" "$last"; then
    say "WAL: the line $line is not whole from $from to $last"
    return 1
  fi
}

# differs WHAT FILE FILE: shows the first lines that differ; returns 1 when they do.
differs() {
  diff "$2" "$3" > "$scratch/diff" && return 0
  say "deep: $1 differs from what was backed up:"
  head -n 10 "$scratch/diff" | cut -c1-200 >&2
  return 1
}

deep() {
  wrong=0
  of=$(sed -n 's/.*"server" : "\([0-9]*\).*/\1/p' "$out/part.json")
  own=$(ask -d postgres -c "select current_setting('server_version_num')::int / 10000")
  if [ "$of" -gt "$own" ]; then say "deep: the dump is of PostgreSQL $of, which this server, $own, cannot read"; return 1; fi
  export PGDATABASE=postgres
  # Of the role that this server was made with there is one already.
  psql -qX -f "$out/roles.sql" > "$scratch/roles.log" 2>&1 || true
  if grep ERROR "$scratch/roles.log" | grep -qv 'already exists'; then say "deep: roles cannot be restored"; cat "$scratch/roles.log" >&2; wrong=1; fi
  pg_dumpall --globals-only | plain > "$scratch/roles"
  plain < "$out/roles.sql" > "$scratch/roles.declared"
  differs roles "$scratch/roles.declared" "$scratch/roles" || wrong=1
  database=$(sed -n 's/.*"database" : "\([^"]*\)".*/\1/p' "$out/part.json")
  psql -qX -c "drop database if exists \"$database\"" > /dev/null
  watched "restores the dump" "$(copied)" loaded pg_restore --create --exit-on-error --jobs "$jobs" --dbname postgres "$out/dump" || { say "deep: the dump cannot be restored"; return 1; }
  compare "$database" || wrong=1
  return "$wrong"
}

compared() { compare "$PGDATABASE"; }

# compare DATABASE: what is in it with the folder.
compare() {
  differ=0
  export PGDATABASE="$1"
  # pg_dump reads no server that is newer than it.
  newer=
  [ "$(ask -c 'show server_version_num')" -lt "$(pg_dump --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')9999" ] || newer=1
  if [ -n "$newer" ]; then
    say "deep: a newer server: rows, sequences and indexes are compared; schema and large objects are not"
  else
    compare_schema || differ=1
  fi
  ask -c "select format('SELECT pg_catalog.setval(%L, %s, %L);', format('%I.%I', schemaname, sequencename), coalesce(last_value, start_value), last_value is not null) from pg_sequences" |
    sed "s/'t');$/true);/; s/'f');$/false);/" | one_each > "$scratch/sequences.found"
  differs sequences "$out/sequences.sql" "$scratch/sequences.found" || differ=1
  invalid=$(ask -c "select count(*) from pg_index where not indisvalid")
  [ "$invalid" = 0 ] || { say "deep: $invalid indexes are not valid"; differ=1; }
  tr '{' '\n' < "$out/part.json" | sed -n 's/^"oid" : "[0-9]*", "table" : \(".*"\), "rows" : \([0-9]*\), "sha256" : "\([0-9a-f]*\)"}.*/\2 \3 \1/p' > "$scratch/declared"
  ask -c "select c.oid, to_json(format('%I.%I', n.nspname, c.relname)) from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind in ('r', 'm')" > "$scratch/found"
  while read -r rows sum table; do
    oid=$(grep -F "|$table" "$scratch/found" | cut -d'|' -f1 | head -n 1)
    found=$(if [ -n "$oid" ]; then rows_of "$oid" | sha256sum | cut -d' ' -f1; fi)
    [ "$found" = "$sum" ] || { say "deep: the rows of $table are not the $rows that were backed up"; differ=1; }
  done < "$scratch/declared"
  return "$differ"
}

compare_schema() {
  wrong_schema=0
  pg_dump --schema-only --create | plain > "$scratch/schema"
  differs schema "$out/schema.sql" "$scratch/schema" || wrong_schema=1
  pg_dump --format custom --blobs --exclude-table-data '*' --file "$scratch/large-objects"
  large_objects_of "$scratch/large-objects" > "$scratch/large-objects.found"
  # Not the sum that a backup made before had: it was of less.
  large_objects_of "$out/dump" > "$scratch/large-objects.declared"
  differs "large objects" "$scratch/large-objects.declared" "$scratch/large-objects.found" || wrong_schema=1
  return "$wrong_schema"
}

# rows_of OID: a table's COPY stream, of the columns that a dump has.
rows_of() {
  ask -v oid="$1" <<'SQL'
select format('copy %I.%I (%s) to stdout', n.nspname, c.relname,
  (select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute where attrelid = c.oid and attnum > 0 and not attisdropped and attgenerated = ''))
from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = :oid \gexec
SQL
}

"$verb"
