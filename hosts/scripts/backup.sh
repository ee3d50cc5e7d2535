#!/bin/sh
# backup.sh SYSTEM DIRECTORY MOUNTED AGENT VAULT KEEP PING COPY PART=CONTAINER=USER=SCRIPT…: one backup of a system, whole and verified, or none.
# `make backup`, the Command of the stack and the schedule on the host run this file; the scripts it names lie beside it.
#   DIRECTORY   the host's folder of backups; MOUNTED 1: something must be mounted there
#   AGENT       the container that keeps the folder in order (VAULT, vault.sh), and KEEP its rule: LAST,DAILY,WEEKLY,MONTHLY
#   PING        a URL that is asked for when all of this went well: silence is the alarm (- for none)
#   COPY        CONTAINER=SCRIPT: copies the folder off the host at the end (copy.sh; - for no copy)
#   PART        in this order, each in its own container. No byte passes through this script, and no secret.
# Phase 1 looks, phase 2 writes beside what is there, phase 3 publishes and clears. Exit code 75: another one runs.
set -eu
system=$1 directory=$2 mounted=$3 agent=$4 vault=$5 keep=$6 ping=$7 copy=$8
shift 8
here=$(dirname "$0")
stamp=$(date -u +%Y%m%dT%H%M%SZ)
begin=$(date +%s)

say() { echo "$system: $*"; }
die() { echo "$system: no backup was made: $*" >&2; exit 1; }
# in_vault VERB…: by the container that keeps the folder. Low priority there, and not of docker: the applications come first.
in_vault() { docker exec -i -u root "$agent" nice -n 10 sh -s -- "$@" < "$here/$vault"; }

exec 9> "${TMPDIR:-/tmp}/robotoff-protea-$agent-$(id -u).lock"
flock -n 9 || { echo "$system: another backup or restore runs on this host; wait for it" >&2; exit 75; }

# 1. Looks.
[ -d "$directory" ] || die "$directory is no folder on this host (host:backups.directory)"
[ "$mounted" = 0 ] || mountpoint -q "$directory" || die "nothing is mounted at $directory (host:backups.mounted)"
for part in "$@"; do
  container=${part#*=}; container=${container%%=*}
  running=$(docker inspect --type container --format '{{.State.Running}}' "$container") || die "the container $container is missing; make up"
  [ "$running" = true ] || die "the container $container is not running; make up"
  # A disk that was mounted, or a folder that was moved, after the container was started: it goes on with what was there then.
  [ "$(docker exec "$container" stat -c %d:%i /backups)" = "$(stat -L -c %d:%i "$directory")" ] ||
    die "$container sees another folder than $directory is now (mounted, moved or linked since it was started?); docker restart $container"
done

# 2. Writes beside what is there.
folders=$(in_vault begin "$stamp") || die "$directory cannot be written to by $agent; see above"
folder=$(echo "$folders" | sed -n 1p)
previous=$(echo "$folders" | sed -n 2p)
for part in "$@"; do
  IFS='=' read -r name container user script <<END
$part
END
  say "backs up $name"
  in_part() { docker exec -i -u "$user" "$container" nice -n 10 sh -s -- "$@" < "$here/$script"; }
  in_part backup "$folder/$name" ${previous:+"$previous/$name"} || die "the part $name failed; see above"
  if ! in_part verify "$folder/$name"; then
    # What it shares with the backup before may have rotted there: once more, without it.
    [ -n "$previous" ] || die "the part $name could not be verified; see above"
    say "backs up $name once more, without the backup before: see above"
    in_part backup "$folder/$name" || die "the part $name failed; see above"
    in_part verify "$folder/$name" || die "the part $name could not be verified; see above"
  fi
done
in_vault seal "$stamp" "$(($(date +%s) - begin))" || die "its manifest could not be written; see above"

# 3. Publishes, and removes what is no longer kept.
in_vault publish "$stamp"
in_vault verified "$stamp" quick
old_ifs=$IFS; IFS=,
# shellcheck disable=SC2086
set -- $keep
IFS=$old_ifs
in_vault prune "$@"
say "$directory/$system/$stamp is verified, $(($(date +%s) - begin)) s"

# What failed here leaves a good backup, and is a failure all the same.
if [ "$copy" != - ]; then LOCKED=1 "$here/${copy#*=}" "$system" "$agent" "$vault" "${copy%%=*}" || exit 1; fi

# Not asked for: whoever waits for it raises the alarm. The backup is none the worse.
[ "$ping" = - ] || curl -fsS -o /dev/null --max-time 10 --retry 3 "$ping" || wget -q -O /dev/null -T 10 "$ping" ||
  say "warning: $ping does not answer (host:backups.ping), by curl or wget of this host" >&2
