#!/bin/sh
# restore-parts.sh SYSTEM AGENT RESTORE STAMP THEN PART=CONTAINER=USER=SCRIPT… -- APPLICATION…: parts that are not the database, as
# they were in the backup STAMP. All are verified, and there is room for all; then the APPLICATIONs are stopped, each part is
# restored beside what is there and swapped, and they are started again. The old is kept; each part names where. Where one fails
# they stay stopped: what is there may be partly old, and the same command again finishes. Not so where it ends with exit code 3,
# as the first: then nothing was changed yet.
#   THEN  start, or wait: they stay stopped, for the database goes back next, and messages must not meet another one
# shellcheck disable=SC2086 # names of containers, which have no blanks
set -eu
system=$1 agent=$2 restore=$3 stamp=$4 then=$5
shift 5
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
  # A server's room is not told by every kind of it.
  case $name in bucket | lab | git) verbs='verify room' ;; *) verbs=verify ;; esac
  for verb in $verbs; do
    docker exec -i -u "$user" "$container" sh -s -- "$verb" "$(at)" < "$here/$script" || die "$name was not restored, and nothing changed: see above"
  done
}
start_applications() {
  # The last first was the order to stop.
  started=
  for one in "$@"; do started="$one $started"; done
  for one in $started; do docker start "$one" > /dev/null || say "warning: $one could not be started"; done
}
# Anything of this run.
changed=
bring_back() {
  say "restores $name"
  code=0
  # What its container only reads, another one writes.
  case $name in
    lab | git) sh "$here/$restore" restore "$container" "$here/$script" "$(at)" || code=$? ;;
    *) docker exec -i -u "$user" "$container" sh -s -- restore "$(at)" < "$here/$script" || code=$? ;;
  esac
  if [ "$code$changed" = 3 ]; then
    start_applications $applications
    die "$name was not restored, and nothing changed: see above"
  fi
  [ "$code" = 0 ] || die "$name was not restored: see above; the applications stay stopped, and the same command again finishes"
  changed=1
}

each verify
applications=$*
if [ $# != 0 ]; then
  say "stops the applications"
  # All at once: none of them keeps data, and each has its own time to end.
  docker stop "$@" > /dev/null || say "warning: not all could be stopped: see above"
fi
each bring_back
[ "$then" = wait ] || start_applications $applications
