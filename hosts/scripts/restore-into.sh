#!/bin/sh
# restore-into.sh SYSTEM DIRECTORY SERVER INTO PART STAMP HOST PORT USER SSLMODE: the logical copy in a backup into a PostgreSQL that is none of
# this stack's, a database that is not there yet.
#   SERVER       a container of the image that brings pg_restore
#   INTO, PART   into-postgres.sh and part-postgres.sh, beside this one
# The password is the first line of standard input; empty: none. After it, the certificate of the server's authority.
set -eu
system=$1 directory=$2 server=$3 into=$4 part=$5 stamp=$6
shift 6
here=$(cd "$(dirname "$0")" && pwd)
image=$(docker inspect --type container --format '{{.Image}}' "$server") || { echo "$system: the container $server is missing; make up" >&2; exit 1; }
docker run -i --rm --network host --user postgres --label "robotoff-protea.restores=$server" \
  -e PGHOST="$1" -e PGPORT="$2" -e PGUSER="$3" -e PGSSLMODE="$4" -v "$directory:/backups:ro" \
  -v "$here/$into:/scripts/into-postgres.sh:ro" -v "$here/$part:/scripts/part-postgres.sh:ro" \
  --entrypoint sh "$image" /scripts/into-postgres.sh "/backups/$system/$stamp/postgres"
