#!/bin/sh
# into-postgres.sh FOLDER: PostgreSQL's part of a backup into the server that PGHOST, PGPORT and PGUSER name, where there is no such database
# yet; then both are compared. Runs in a container of the image that brings pg_restore, beside part-postgres.sh. The password is the
# first line of standard input; empty: none. After it, the certificate of the authority that PGSSLMODE=verify-… compares with.
set -eu
out=$1
IFS= read -r PGPASSWORD || true
PGSSLROOTCERT=$(mktemp)
trap 'rm -f "$PGSSLROOTCERT"' EXIT
cat > "$PGSSLROOTCERT"
export PGSSLROOTCERT
# Texts of moments are as in the dump: the image's servers are in UTC, as long as nobody says otherwise.
export PGPASSWORD PGDATABASE=postgres PGTZ=UTC PGDATESTYLE=ISO PGCONNECT_TIMEOUT=10
say() { echo "postgres: $PGHOST:$PGPORT $*" >&2; }
ask() { psql -qAtX -v ON_ERROR_STOP=1 -c "$1"; }

# 1. Looks; nothing is changed.
database=$(sed -n 's/.*"database" : "\([^"]*\)".*/\1/p' "$out/part.json")
roles=$(ask "select quote_ident(rolname) from pg_roles") || { say "does not let $PGUSER in; nothing was changed"; exit 1; }
# A dump is for its own version and those after it; also to pg_restore.
of=$(sed -n 's/.*"server" : "\([0-9]*\).*/\1/p' "$out/part.json")
own=$(ask "select current_setting('server_version_num')::int / 10000")
if [ "$own" -lt "$of" ]; then
  say "is PostgreSQL $own, and the dump is of $of, which an older server does not read; nothing was changed. Name a server of $of or newer"
  exit 1
fi
tool=$(pg_restore --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')
if [ "$tool" -lt "$of" ]; then
  say "was not asked for anything: the dump is of PostgreSQL $of, and this stack's image, $tool, does not read it. Declare an image of $of"
  exit 1
fi
databases=$(ask "select datname from pg_database")
if echo "$databases" | grep -qxF "$database"; then
  say "has a database $database already; nothing was changed. Rename or drop it there first"
  exit 1
fi
missing=$(sed -n 's/^CREATE ROLE \(.*\);$/\1/p' "$out/roles.sql" | while IFS= read -r role; do
  if ! echo "$roles" | grep -qxF "$role" && grep -qF -e " TO $role;" -e " TO $role " -e " FROM $role;" -e " ROLE $role " "$out/schema.sql"; then printf '%s ' "$role"; fi
done)
if [ -n "$missing" ]; then
  say "lacks the roles $missing; nothing was changed. Make them first: postgres/roles.sql of the backup says how"
  exit 1
fi

# 2. Restores. What was begun is not removed when that fails: nothing on that server is this program's.
say "gets the database $database"
pg_restore --create --exit-on-error --jobs 2 --dbname postgres "$out/dump" ||
  { say "did not take all of it, see above; what was begun is its database $database"; exit 1; }

# 3. Compares.
POSTGRES_USER=$PGUSER POSTGRES_DB=$database sh "$(dirname "$0")/part-postgres.sh" compared "$out" ||
  { say "has something else than what was backed up; see above"; exit 1; }
say "has what was backed up, in its database $database"
