#!/bin/sh
# part-restore.sh CONTAINER SCRIPT FOLDER: runs a part's restore, on the host. SCRIPT is the part's, FOLDER a path in the
# container, which only reads what it keeps: this runs in a copy of it, gone afterwards, that writes there.
set -eu
container=$1 script=$2 folder=$3
program=/opt/backup-parts

image=$(docker inspect --format '{{.Image}}' "$container")
mounts=$(docker inspect --format '{{range .Mounts}}{{.Source}}:{{.Destination}}{{println}}{{end}}' "$container")
set --
for mount in $mounts; do
  case $mount in *:/backups) set -- "$@" --volume "$mount:ro" ;; *) set -- "$@" --volume "$mount" ;; esac
done
copy=$(docker create --label "robotoff-protea.restores=$container" --network none --user 0:0 --security-opt no-new-privileges:true \
  "$@" --entrypoint tail "$image" -f /dev/null)
trap 'docker rm --force "$copy" >/dev/null' EXIT
trap 'exit 130' HUP INT TERM
if docker cp "$container:$program" - >/dev/null 2>&1; then
  docker cp "$container:$program" - | docker cp - "$copy:${program%/*}"
fi
docker start "$copy" >/dev/null
docker exec --interactive "$copy" sh -s -- restore "$folder" <"$script"
