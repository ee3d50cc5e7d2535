#!/bin/sh
# restore-parts.sh SYSTEM AGENT RESTORE STAMP PART=CONTAINER=USER=SCRIPT… -- APPLICATION…: parts that are not the database, as they
# were in the backup STAMP. All are verified; then the APPLICATIONs are stopped, each part is restored beside what is there
# and swapped, and they are started again. The old is kept; each part names where. Where one fails they stay stopped: what is
# there may be partly old, and the same command again finishes.
set -eu
system=$1 agent=$2 restore=$3 stamp=$4
shift 4
here=$(dirname "$0")
say() { echo "$system: $*"; }
die() { echo "$system: $*" >&2; exit 1; }

parts=
while [ "$1" != -- ]; do
  parts="$parts $1"
  shift
done
shift

exec 9> "${TMPDIR:-/tmp}/robotoff-protea-$agent-$(id -u).lock"
flock -n 9 || { echo "$system: another backup or restore runs on this host; wait for it" >&2; exit 75; }

# each VERB: of every part; $name, $container, $user and $script are its.
each() {
  for part in $parts; do
    IFS='=' read -r name container user script <<END
$part
END
    "$1"
  done
}
at() { echo "/backups/$system/$stamp/$name"; }
verify() {
  docker exec -i -u "$user" "$container" sh -s -- verify "$(at)" < "$here/$script" || die "$name was not restored, and nothing changed: see above"
}
bring_back() {
  say "restores $name"
  # What its container only reads, another one writes.
  case $name in
    lab | git) sh "$here/$restore" restore "$container" "$here/$script" "$(at)" ;;
    *) docker exec -i -u "$user" "$container" sh -s -- restore "$(at)" < "$here/$script" ;;
  esac || die "$name was not restored: see above; the applications stay stopped, and the same command again finishes"
}

each verify
if [ $# != 0 ]; then
  say "stops the applications"
  # All at once: none of them keeps data, and each has its own time to end.
  docker stop "$@" > /dev/null || say "warning: not all could be stopped: see above"
fi
each bring_back
# The last first was the order to stop.
started=
for one in "$@"; do started="$one $started"; done
for one in $started; do docker start "$one" > /dev/null || say "warning: $one could not be started"; done
