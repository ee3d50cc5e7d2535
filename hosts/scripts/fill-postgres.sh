#!/bin/sh
# fill-postgres.sh WHEN-EMPTY VAULT RESTORE SYSTEM DIRECTORY SERVER AGENT VOLUME APPLICATION…: a server that came up without
# data gets it back before anything uses it; one that has any is never touched.
#   WHEN-EMPTY      never; latest: the newest verified backup and the WAL after it; or the seconds since 1970 of a moment
#   VAULT, RESTORE  the scripts vault.sh and restore-postgres.sh, beside this one; what follows is restore-postgres.sh's
# Without any backup, an empty server is a first deployment and stays empty. A restore that fails stops the deployment.
set -eu
when=$1 vault=$2 restore=$3 system=$4 directory=$5 server=$6 agent=$7 volume=$8
shift 8
here=$(dirname "$0")
[ "$when" != never ] || exit 0

# shellcheck disable=SC2016 # a text for the shell of the container
objects=$(docker exec "$server" sh -c 'psql -qAtX -U "$POSTGRES_USER" -d "$POSTGRES_DB" -c "
  select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where n.nspname !~ '"'^(pg_|information_schema)'"'"')
if [ "$objects" != 0 ]; then
  # Of a fill that was killed while the volumes changed places, something may be left to do; the data is whole.
  [ -z "$(docker volume ls -q --filter "label=robotoff-protea.restore=$server")" ] ||
    sh "$here/$restore" "$system" "$directory" "$server" "$agent" "$volume" - - finish - "$@" >&2
  exit 0
fi
[ -d "$directory/$system" ] || exit 0

chosen=$(docker run -i --rm --network none --user root --entrypoint sh -e BACKUPS="/backups/$system" -v "$directory:/backups" \
  "$(docker inspect --type container --format '{{.Image}}' "$server")" -s -- chosen "$when" < "$here/$vault")
if [ -z "$chosen" ]; then
  [ "$when" != latest ] || exit 0
  echo "$system: no verified backup ended before $(date -u -d "@$when" +%Y-%m-%dT%H:%M:%SZ): the database stays as it is" >&2
  exit 1
fi
echo "$system: PostgreSQL is empty; it is filled from the backup ${chosen% *}" >&2
if [ "$when" = latest ]; then kind=latest target=-; else kind=time target=$(date -u -d "@$when" "+%Y-%m-%d %H:%M:%S+00"); fi
FILLING=1 exec sh "$here/$restore" "$system" "$directory" "$server" "$agent" "$volume" "${chosen% *}" "${chosen#* }" "$kind" "$target" "$@" >&2
