#!/bin/sh
# into-bucket.sh CONTAINER RESTORE PART FOLDER FROM SERVER BUCKET: a bucket's copy in a backup into an S3 server that is none of this stack's.
#   CONTAINER      the one with the part's program (files-backup)
#   RESTORE, PART  part-restore.sh and part-bucket.sh, beside this one
#   FOLDER, FROM   as part-restore.sh's; FROM empty: the stack's own backups
#   SERVER         https://ACCESSKEY@host:port
# The secret key is the first line of standard input; after it, the certificate of a private authority. Exit code 75: another one runs.
set -eu
container=$1 restore=$2 part=$3 folder=$4 from=$5
here=$(cd "$(dirname "$0")" && pwd)
exec 9> "${TMPDIR:-/tmp}/robotoff-protea-into-$container-$(id -u).lock"
flock -n 9 || { echo "bucket: another restore into another server runs on this host; wait for it" >&2; exit 75; }
OTHER_CA=$(mktemp)
trap 'rm -f "$OTHER_CA"' EXIT
trap 'exit 130' HUP INT TERM
IFS= read -r AWS_SECRET_ACCESS_KEY || true
cat > "$OTHER_CA"
export AWS_SECRET_ACCESS_KEY OTHER_CA OTHER_SERVER="$6" OTHER_BUCKET="$7"
sh "$here/$restore" into "$container" "$here/$part" "$folder" "$from"
