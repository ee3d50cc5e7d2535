#!/bin/sh
# fill-parts.sh WHEN-EMPTY VAULT RESTORE-PARTS RESTORE SYSTEM DIRECTORY AGENT PART=CONTAINER=USER=SCRIPT… -- APPLICATION…: of the parts
# beside the database those that came up empty get back what the backup holds that the database is filled from; a part that has
# anything is never touched. Those of the APPLICATIONs that run are stopped meanwhile.
#   WHEN-EMPTY               as fill-postgres.sh's
#   VAULT, RESTORE-PARTS…    the scripts beside this one; what follows RESTORE-PARTS is restore-parts.sh's
# A restore that fails stops the deployment, and the next one goes on with it.
set -eu
when=$1 vault=$2 restore_parts=$3 restore=$4 system=$5 directory=$6 agent=$7
shift 7
here=$(dirname "$0")
[ "$when" != never ] || exit 0
[ "$1" != -- ] || exit 0
[ -d "$directory/$system" ] || exit 0

# A first deployment has no backup; the database's own script complains of a moment before all of them.
container=${1#*=}
chosen=$(docker exec -i -u root -e BACKUPS="/backups/$system" "${container%%=*}" sh -s -- chosen "$when" < "$here/$vault")
[ -n "$chosen" ] || exit 0
stamp=${chosen% *}
empty=
while [ "$1" != -- ]; do
  part=$1
  shift
  IFS='=' read -r name container user script <<END
$part
END
  # Asked in the container: a backup's folder is not for every user of the host.
  docker exec -u root "$container" test -d "/backups/$system/$stamp/$name" || continue
  found=$(docker exec -i -u "$user" "$container" sh -s -- empty "/backups/$system/$stamp/$name" < "$here/$script")
  [ "$found" != empty ] || empty="$empty $part"
done
shift
[ -n "$empty" ] || exit 0
there=$(docker ps --format '{{.Names}}')
running=
for one in "$@"; do
  if echo "$there" | grep -qFx -e "$one"; then running="$running $one"; fi
done
echo "$system: filled from the backup $stamp:$(echo "$empty" | sed 's/=[^ ]*//g')" >&2
# shellcheck disable=SC2086 # words of config, without blanks
exec sh "$here/$restore_parts" "$system" "$agent" "$restore" "$stamp" start $empty -- $running >&2
