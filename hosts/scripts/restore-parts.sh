#!/bin/sh
# restore-parts.sh SYSTEM AGENT RESTORE STAMP THEN PART=CONTAINER=USER=SCRIPT… -- APPLICATION…: parts that are not the database, as
# they were in the backup STAMP. All are verified, and there is room for all; then the APPLICATIONs are stopped, each part is
# restored beside what is there and swapped, and they are started again. The old is kept; each part names where. Where one fails
# they stay stopped: what is there may be partly old, and the same command again finishes. Not so where it ends with exit code 3,
# as the first: then nothing was changed yet.
#   STAMP  its name, or the whole path FOLDER/SYSTEM/STAMP: of another folder of backups, which is only read
#   THEN   start, or wait: they stay stopped, for the database goes back next, and messages must not meet another one
# shellcheck disable=SC2086 # names of containers, which have no blanks
set -eu
system=$1 agent=$2 restore=$3 stamp=$4 then=$5
shift 5
from='' backups=/backups
case $stamp in /*) from=${stamp%/*/*} stamp=${stamp##*/} backups=/from ;; esac
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
# in_part VERB: in the part's own container; where that does not see the backups, or only reads what is written to, in a copy of it.
in_part() {
  at=$backups/$system/$stamp/$name
  case $from:$1:$name in
    :restore:lab | :restore:git | /*) sh "$here/$restore" "$1" "$container" "$here/$script" "$at" "$from" ;;
    *) docker exec -i -u "$user" "$container" sh -s -- "$1" "$at" < "$here/$script" ;;
  esac
}
verify() {
  for verb in verify room; do
    in_part "$verb" || die "$name was not restored, and nothing changed: see above"
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
  in_part restore || code=$?
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
