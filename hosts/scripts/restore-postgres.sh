#!/bin/sh
# restore-postgres.sh SYSTEM DIRECTORY SERVER AGENT VOLUME STAMP LINE KIND TARGET APPLICATION…: PostgreSQL as it was at a moment.
#   SERVER, AGENT   the containers of the server, and of its backup (postgres-backup)
#   VOLUME          Docker's name of the server's data volume
#   STAMP, LINE     the backup to begin with, and the line of WAL that it goes on with
#   KIND TARGET     latest -, time '2026-11-25 03:12:00+00', or name NAME (a checkpoint); look-latest and so on: nothing of the
#                   server or the applications is touched, and the recovered one is left running to be looked at, until the next run
# The new data is built in a volume beside the old one, recovered there by a server that nobody reaches, and looked at. Then
# the applications and the server are stopped, the two volumes change places, and all is started again. The old data is
# kept: in the volume VOLUME.beside-TIME. Interrupted anywhere, the server has the old data or the new, whole; run again it
# finishes. Where the end of the WAL is wanted, the server is stopped before: nothing may come after it.
# shellcheck disable=SC2016,SC2086 # texts for the shell of a container; names of containers, which have no blanks
set -eu
system=$1 directory=$2 server=$3 agent=$4 volume=$5 stamp=$6 line=$7 kind=$8 target=$9
shift 9
look=
case $kind in look-*) look=1 kind=${kind#look-} ;; esac
now=$(date -u +%Y%m%dT%H%M%SZ)
begin=$(date +%s)
beside=$volume.beside-$now
scratch=$server-restore
[ -z "$look" ] || scratch=$server-look
mark=robotoff-protea.restore
data=/var/lib/postgresql/data

say() { echo "$system: $*"; }
# What was stopped for the end of the WAL is started again; not where an empty server is filled: nothing may serve that.
stopped=
die() {
  echo "$system: $*" >&2
  [ -z "$stopped" ] || [ "${FILLING:-}" = 1 ] || start_again $stopped
  exit 1
}
field() { docker inspect --type container --format "$2" "$1"; }

exec 9> "${TMPDIR:-/tmp}/robotoff-protea-$agent-$(id -u).lock"
flock -n 9 || { echo "$system: another backup or restore runs on this host; wait for it" >&2; exit 75; }

# 1. Looks; nothing is touched.
image=$(field "$server" '{{.Image}}') || die "the container $server is missing; make up"
# When an empty server is filled, what comes after it was not made yet.
field "$agent" '{{.Id}}' > /dev/null 2>&1 || agent=
memory=$(field "$server" '{{.HostConfig.Memory}}')
stack=$(field "$server" '{{index .Config.Labels "robotoff-protea.stack"}}')
shm=$(field "$server" '{{.HostConfig.ShmSize}}')
user=$(field "$server" '{{range .Config.Env}}{{println .}}{{end}}' | sed -n 's/^POSTGRES_USER=//p')
[ "$(docker volume inspect --format '{{.Driver}} {{len .Options}}' "$volume")" = "local 0" ] ||
  die "the volume $volume is not one of Docker's own driver without options: its data cannot change places"
root=$(docker volume inspect --format '{{.Mountpoint}}' "$volume")
root=${root%/"$volume"/_data}

# helper SHELL-TEXT ARG…: as root, in a container that sees Docker's volumes and the backups, and has no network.
helper() {
  text=$1
  shift
  docker run --rm --network none --user root --label "$mark=$server" --entrypoint sh \
    -v "$root:/volumes" -v "$directory/$system:/backups" "$image" -c "$text" helper "$@"
}

# change_places: the two volumes' data, by renames that another run can finish: VOLUME/restore, then VOLUME/restored, names
# the other one.
# While there is no VOLUME/_data Docker starts no container with it.
change_places='
set -eu
cd "/volumes/$1"
if [ ! -f restored ]; then
  [ -f restore ] || echo "$2" > restore
  other=/volumes/$(cat restore)
  [ -d _data.before ] || mv _data _data.before
  [ -d _data ] || mv "$other/_data" _data
  # The history goes on in another way from here: on a line of WAL of its own.
  rm -f /backups/wal/current
  mv restore restored
fi
[ ! -d _data.before ] || mv _data.before "/volumes/$(cat restored)/_data"
rm restored'

start_again() {
  docker start "$server" > /dev/null
  until docker exec "$server" pg_isready -q -h 127.0.0.1; do sleep 0.3; done
  [ -z "$agent" ] || docker start "$agent" > /dev/null
  for one in "$@"; do 
    ! field "$one" x > /dev/null 2>&1 || docker start "$one" > /dev/null || say "warning: $one could not be started"
  done
}
# All at once: none of them keeps data, and each has its own time to end.
stop_applications() { [ $# = 0 ] || docker stop "$@" > /dev/null 2>&1 || true; }
stop_all() {
  stop_applications "$@"
  docker stop "$server" > /dev/null
  [ -z "$agent" ] || docker stop "$agent" > /dev/null
}

# What a run before this one did not finish.
docker ps -aq --filter "label=$mark=$server" | while read -r one; do docker rm -f "$one" > /dev/null; done
if [ -n "$(helper 'cd "/volumes/$1"; [ ! -f restore ] && [ ! -f restored ] || echo unfinished' "$volume")" ]; then
  [ -z "$look" ] || die "a restore was interrupted while the volumes changed places: make restore finishes it"
  say "finishes the restore that was interrupted while the volumes changed places"
  stop_all "$@"
  helper "$change_places" "$volume" -
  start_again "$@"
  exit 0
fi
docker volume ls -q --filter "label=$mark=$server" | while read -r one; do
  [ -z "$(helper '[ ! -f "/volumes/$1/_data/.building" ] || echo half' "$one" < /dev/null)" ] || docker volume rm "$one" > /dev/null
done

versions=$(helper 'cat "/backups/$1/postgres/base/PG_VERSION"; postgres --version' "$stamp") || die "there is no base backup in $directory/$system/$stamp/postgres"
of=$(echo "$versions" | sed -n 1p) own=$(echo "$versions" | sed -n '2s/[^0-9]*\([0-9]*\).*/\1/p')
[ "$of" = "$own" ] || die "the backup $stamp is of PostgreSQL $of, and $server runs $own: such a copy is read by its own version only. Declare an image" \
  "of $of; or load its dump, which a newer one reads: pg_restore --create --dbname postgres $directory/$system/$stamp/postgres/dump"
need=$(helper 'du -sk "/backups/$1/postgres/base" | cut -f1' "$stamp")
free=$(helper 'df -Pk /volumes | tail -n 1 | tr -s " " | cut -d" " -f4')
[ "$free" -gt "$((need + need / 5))" ] || die "the new data needs $((need / 1024)) MiB beside the old; Docker's disk has $((free / 1024)) MiB free"

# 2. Builds beside.
if [ "$kind" = latest ] && [ -z "$look" ]; then
  say "stops the applications and the server: what is received until then is the end"
  stop_applications "$@"
  docker stop "$server" > /dev/null
  stopped="$* "
fi
say "copies the base backup of $stamp, $((need / 1024)) MiB, into the volume $beside"
docker volume create --label "$mark=$server" --label "robotoff-protea.stack=$stack" "$beside" > /dev/null
docker run --rm --network none --user postgres --label "$mark=$server" --entrypoint sh -v "$beside:$data" -v "$directory:/backups:ro" "$image" -c '
  set -eu
  cd "$1"
  touch .building
  chmod 700 .
  cp -a "$2/." .
  pg_verifybackup --quiet --no-parse-wal --ignore .building .
  touch recovery.signal' copy "$data" "/backups/$system/$stamp/postgres/base" || die "the base backup of $stamp could not be copied; the old data is as it was"

# run_scratch ARGS…: the server that recovers, with the arguments of the real one (they must fit those it had) and these.
run_scratch() {
  field "$server" '{{range .Config.Cmd}}{{println .}}{{end}}' > "${TMPDIR:-/tmp}/robotoff-protea-$scratch.args"
  # Nobody writes to what is only looked at.
  [ -z "$look" ] || set -- -c default_transaction_read_only=on "$@"
  set -- -c "listen_addresses=" -c "recovery_target_action=promote" -c "restore_command=cp /backups/$system/wal/$line/%f %p 2>/dev/null || cp /backups/$system/wal/$line/%f.partial %p" "$@"
  while IFS= read -r word; do if [ -n "$word" ] && [ "$word" != postgres ]; then set -- "$@" "$word"; fi; done < "${TMPDIR:-/tmp}/robotoff-protea-$scratch.args"
  docker run -d --name "$scratch" --network none --memory "$memory" --shm-size "$shm" --label "$mark=$server" \
    --label "robotoff-protea.stack=$stack" \
    -v "$beside:$data" -v "$directory:/backups:ro" "$image" postgres "$@" > /dev/null
}
scratch_ask() { docker exec "$scratch" psql -qAtX -U "$user" -d postgres -c "$1" 2> /dev/null; }
# recovered: waits for the end of recovery; fails when the server ends before.
recovered() {
  until [ "$(scratch_ask 'select pg_is_in_recovery()')" = f ]; do
    [ "$(field "$scratch" '{{.State.Running}}')" = true ] || return 1
    sleep 0.3
  done
}

# at_the_end: fails where whole segments of WAL come after the one in which recovery ended. To a recovery a damaged or missing piece
# is the end like any other; what was committed after it must not be lost without a word.
at_the_end() {
  ended=$(scratch_ask "select pg_walfile_name(pg_last_wal_replay_lsn())" | cut -c9-)
  newest=$(helper 'cd "/backups/wal/$1" && ls | grep -xE "[0-9A-F]{24}" | cut -c9- | sort | tail -n 1' "$line")
  # The segments' numbers, without their timeline.
  [ "$(printf '%s\n%s\n' "$ended" "$newest" | sort | tail -n 1)" = "$ended" ] && return
  # To the millisecond, as a moment is given; the last commit is in it.
  moment=$(scratch_ask "select to_char((pg_last_xact_replay_timestamp() + '1 ms') at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')")
  die "the WAL in $directory/$system/wal/$line can be read up to ${moment:-the base backup}, in segment $ended; it goes on to $newest:" \
    "a piece is damaged or missing (make verify says which; a copy off the host may have it). To take what is before it, say that" \
    "moment: AT=, or RESTORE= for an empty server. The old data is as it was"
}

say "recovers it"
case $kind in
  latest) run_scratch ;;
  time) run_scratch -c "recovery_target_time=$target" ;;
  name) run_scratch -c "recovery_target_name=$target" ;;
  *) die "no such target: $kind" ;;
esac
if ! recovered; then
  docker logs "$scratch" > "${TMPDIR:-/tmp}/robotoff-protea-$scratch.log" 2>&1
  docker rm "$scratch" > /dev/null
  if [ "$kind" = time ] && grep -q "recovery ended before configured recovery target was reached" "${TMPDIR:-/tmp}/robotoff-protea-$scratch.log"; then
    say "nothing was committed between the end of the WAL and $target: takes the end"
    run_scratch
    recovered || { docker logs --tail 20 "$scratch" >&2; die "the new data could not be recovered; the old is as it was"; }
    [ "$(scratch_ask "select timestamptz '$target' <= pg_last_xact_replay_timestamp() + '1 ms'")" = t ] || at_the_end
  else
    tail -n 20 "${TMPDIR:-/tmp}/robotoff-protea-$scratch.log" >&2
    die "the new data could not be recovered; the old is as it was"
  fi
fi
[ "$kind" != latest ] || at_the_end
reached=$(scratch_ask "select coalesce(pg_last_xact_replay_timestamp()::text, 'the base backup')")
if [ -n "$look" ]; then
  database=$(field "$server" '{{range .Config.Env}}{{println .}}{{end}}' | sed -n 's/^POSTGRES_DB=//p')
  say "the data of $reached can be looked at, after $(($(date +%s) - begin)) s; nothing else was touched:"
  echo "  docker exec -it $scratch psql -U $user -d $database"
  echo "  docker rm -f $scratch && docker volume rm $beside    # when it is no longer needed; the next look or restore does that, too"
  exit 0
fi
docker exec "$scratch" rm "$data/.building"
docker stop "$scratch" > /dev/null
docker run --rm --network none --label "$mark=$server" --entrypoint pg_controldata --user postgres -v "$beside:$data" "$image" "$data" |
  grep -q '^Database cluster state: *shut down$' || die "the new data is not of a server that was shut down; the old is as it was"
docker rm "$scratch" > /dev/null

# 3. Changes places.
say "stops what uses the data, and changes places"
stop_all "$@"
helper "$change_places" "$volume" "$beside"
start_again "$@"
say "has the data of $reached, after $(($(date +%s) - begin)) s; what was there before is in the volume $beside"
