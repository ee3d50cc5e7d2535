#!/usr/bin/env bash
# PostgreSQL by the contract of the official image `postgres`: see docs/images.md.
set -euo pipefail
. /usr/local/lib/file-env

die() { echo "error: $*" >&2; exit 1; }

# `docker run IMAGE -c setting=value` means the server too.
if [ "${1:0:1}" = - ]; then set -- postgres "$@"; fi
if [ "$1" != postgres ]; then exec "$@"; fi

# `docker stop` while it initialises: a shell that is process 1 ignores signals, so the server that it becomes would run until
# it is killed. The initialisation is brought to its end, so that no half of one is left behind; then nothing more is begun.
stop=
trap 'stop=1' INT TERM
unless_stopped() { if [ "$stop" ]; then exit 0; fi; }

# As root: hand the folders to the server's user, then start again as that user.
if [ "$(id -u)" = 0 ]; then
  mkdir -p "$PGDATA" /var/run/postgresql
  chmod 700 "$PGDATA"
  find "$PGDATA" /var/run/postgresql \! -user postgres -exec chown postgres '{}' +
  export HOME=/var/lib/postgresql
  unless_stopped
  exec setpriv --reuid=postgres --regid=postgres --init-groups "$0" "$@"
fi

sql() { psql --no-psqlrc --quiet -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --no-password --dbname "$POSTGRES_DB" "$@"; }

initialise() {
  file_env POSTGRES_PASSWORD
  file_env POSTGRES_USER postgres
  file_env POSTGRES_DB "$POSTGRES_USER"
  file_env POSTGRES_INITDB_ARGS
  local hosts=${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}
  if [ -z "${POSTGRES_PASSWORD:-}" ] && [ "$hosts" != trust ]; then
    die "the database is not initialised and no superuser password is given: set POSTGRES_PASSWORD (or POSTGRES_PASSWORD_FILE) to a value that is not empty, or POSTGRES_HOST_AUTH_METHOD=trust to allow every connection without a password."
  fi

  eval 'initdb --username="$POSTGRES_USER" --pwfile=<(printf "%s\n" "${POSTGRES_PASSWORD:-}") '"${POSTGRES_INITDB_ARGS:-}"
  printf '\nhost all all all %s\n' "$hosts" >> "$PGDATA/pg_hba.conf"

  # Only the Unix socket: nobody who waits for the port takes this server for the finished one.
  PGUSER=$POSTGRES_USER pg_ctl start --wait --silent -o "$(printf '%q ' "${@:2}" -c listen_addresses=)"
  if [ "$POSTGRES_DB" != postgres ]; then
    POSTGRES_DB=postgres sql --set db="$POSTGRES_DB" <<< 'CREATE DATABASE :"db";'
  fi
  local file
  for file in /docker-entrypoint-initdb.d/*; do
    [ -e "$file" ] || continue # the pattern itself: the folder is empty
    echo "$0: $file"
    case $file in
      *.sh) if [ -x "$file" ]; then "$file"; else . "$file"; fi ;;
      *.sql) sql --file "$file" ;;
      *.sql.gz) gunzip --stdout "$file" | sql ;;
      *) echo "$0: ignored $file" ;;
    esac
  done
  pg_ctl stop --wait --silent --mode=fast
  unset POSTGRES_PASSWORD
  echo "PostgreSQL init process complete; ready for start up."
}

if [ ! -s "$PGDATA/PG_VERSION" ]; then initialise "$@"; fi
unless_stopped
exec "$@"
