#!/bin/sh
# restore-postgres.sh SYSTEM DIRECTORY SERVER AGENT VOLUME STAMP LINE KIND TARGET APPLICATION…: PostgreSQL as it was at a moment.
#   SERVER, AGENT   the containers of the server, and of its backup (postgres-backup)
#   VOLUME          Docker's name of the server's data volume
#   STAMP, LINE     the backup to begin with, and the line of WAL that it goes on with. A whole path, FOLDER/SYSTEM/STAMP: of another folder
#                   of backups than DIRECTORY, which is only read
#   KIND TARGET     latest -, time '2026-11-25 03:12:00+00', or name NAME (a checkpoint); look-latest and so on: nothing of the
#                   server or the applications is touched, and the recovered one is left running to be looked at, until the next run;
#                   finish IMAGE: only what a run before this one did not finish; where the server's container is gone, by that image
# The new data is built in a volume beside the old one, recovered there by a server that nobody reaches, and looked at. Then
# the applications and the server are stopped, the two volumes change places, and all is started again. The old data is
# kept: in the volume VOLUME.beside-TIME. Interrupted anywhere, the server has the old data or the new, whole; run again it
# finishes. Where the end of the WAL is wanted, the server is stopped before: nothing may come after it. What fails before the
# volumes change places gives the room of the new data back; then what was stopped is started again, which needs some.
# shellcheck disable=SC2016 # texts for the shell of a container
set -eu
system=$1 directory=$2 server=$3 agent=$4 volume=$5 stamp=$6 line=$7 kind=$8 target=$9
shift 9
look=
case $kind in look-*) look=1 kind=${kind#look-} ;; esac
from=$directory wanted="$kind $target"
case $stamp in /*) from=${stamp%/*/*} stamp=${stamp##*/} wanted="$wanted of $from" ;; esac
begin=$(date +%s%N)
beside=$volume.beside-$(date -u +%Y%m%dT%H%M%SZ)
scratch=$server-restore
[ -z "$look" ] || scratch=$server-look
mark=robotoff-protea.restore
data=/var/lib/postgresql/data

say() { echo "$system: $*"; }
# What was stopped is started again; not where an empty server is filled: nothing may serve that.
applications=$* stopped='' helping='' building='' gone=''
die() { echo "$system: $*" >&2; exit 1; }
# shellcheck disable=SC2086 # names of containers, which have no blanks
ended() {
  code=$?
  wait
  [ -z "$helping" ] || docker rm -f -v "$server-helper" ${building:+"$scratch"} > /dev/null 2>&1 || true
  # What is half is of no use to anybody, and takes room.
  [ -z "$building" ] || docker volume rm "$beside" > /dev/null || true
  if [ "$code" = 0 ] || [ -z "$stopped" ] || [ "${FILLING:-}" = 1 ]; then exit "$code"; fi
  trap - EXIT
  start_again $applications
  exit "$code"
}
trap ended EXIT
took() { echo "$((($(date +%s%N) - begin) / 100000000))" | sed 's/^.$/0&/; s/.$/.& s/'; }
field() { docker inspect --type container --format "$2" "$1"; }

exec 9> "${TMPDIR:-/tmp}/robotoff-protea-$agent-$(id -u).lock"
flock -n 9 || { echo "$system: another backup or restore runs on this host; wait for it" >&2; exit 75; }

# 1. Looks; nothing is touched.
described=$(field "$server" '{{.Image}} {{.HostConfig.Memory}} {{.HostConfig.ShmSize}} {{index .Config.Labels "robotoff-protea.stack"}}
{{range .Config.Env}}{{println .}}{{end}}') || { [ "$kind" = finish ] && described="$target 0 0 -" gone=1; } || die "the container $server is missing; make up"
read -r image memory shm stack <<END
$described
END
user=$(echo "$described" | sed -n 's/^POSTGRES_USER=//p')
# When an empty server is filled, what comes after it was not made yet.
field "$agent" '{{.Id}}' > /dev/null 2>&1 || agent=
described=$(docker volume inspect --format '{{.Driver}} {{len .Options}} {{.Mountpoint}}' "$volume")
root=${described#local 0 }
[ "$root" != "$described" ] || [ "$kind" = finish ] ||
  die "the volume $volume is not one of Docker's own driver without options: its data cannot change places"

# What a run before this one left, and this one's helper: a container that sees Docker's volumes and the backups, without a network.
docker ps -aq --filter "label=$mark=$server" | xargs -r docker rm -f -v > /dev/null
helping=1
docker run -d --name "$server-helper" --network none --user root --label "$mark=$server" --label "robotoff-protea.stack=$stack" \
  --entrypoint tail -v "${root%/"$volume"/_data}:/volumes" -v "$directory/$system:/backups" -v "$from:/from:ro" "$image" -f /dev/null > /dev/null || die "Docker starts no container, see above; nothing was changed"
trap 'die "interrupted; the old data is as it was"' HUP INT TERM
# helper SHELL-TEXT ARG…
helper() {
  text=$1
  shift
  docker exec "$server-helper" sh -c "$text" helper "$@"
}

# change_places VOLUME BESIDE WHAT: the two volumes' data, by renames that another run can finish: VOLUME/restore, then
# VOLUME/restored, names the other one, and what was asked for.
# While there is no VOLUME/_data Docker starts no container with it.
change_places='
set -eu
cd "/volumes/$1"
if [ ! -f restored ]; then
  # This note is there whole, or not at all.
  [ -f restore ] || { printf "%s\n" "$2" "$3" > restore.new && sync restore.new && mv restore.new restore; }
  other=/volumes/$(head -n 1 restore)
  rm -f "$other/_data/.building"
  [ -d _data.before ] || mv _data _data.before
  [ -d _data ] || mv "$other/_data" _data
  # The history goes on in another way from here: on a line of WAL of its own.
  rm -f /backups/wal/current
  mv restore restored
fi
[ ! -d _data.before ] || mv _data.before "/volumes/$(head -n 1 restored)/_data"
rm restored'

start_again() {
  stopped=
  docker start "$server" > /dev/null
  # The applications' password is the stack's, not the one that was at the backup.
  docker exec "$server" sh -c 'until pg_isready -q -h 127.0.0.1; do sleep 0.05; done
[ -z "${POSTGRES_PASSWORD_FILE:-}" ] || psql -qX -v ON_ERROR_STOP=1 -v role="$POSTGRES_USER" -U "$POSTGRES_USER" -d postgres << "SQL" ||
\set password `cat "$POSTGRES_PASSWORD_FILE"`
alter role :"role" password :'"'"'password'"'"'
SQL
  echo "warning: the password of $POSTGRES_USER stays as it was at the backup, see above" >&2' ||
    { docker logs --tail 20 "$server" >&2; echo "$system: the server does not start; see above. The applications stay stopped" >&2; exit 1; }
  say "the server answers, after $(took)"
  for one in $agent "$@"; do
    { ! field "$one" x > /dev/null 2>&1 || docker start "$one" > /dev/null || say "warning: $one could not be started"; } &
  done
  wait
}
# All at once: none of them keeps data, and each has its own time to end.
stop_applications() { [ $# = 0 ] || docker stop "$@" > /dev/null 2>&1 || true; }
stop_all() {
  stopped=1
  stop_applications "$@"
  docker stop "$server" > /dev/null || die "the server could not be stopped; see above"
  # What it received is on the disk already; process 1 of it may take seconds to pass on a signal.
  [ -z "$agent" ] || docker stop --time 0 "$agent" > /dev/null
}

# What a run before this one did not finish.
unfinished=$(helper 'cd "/volumes/$1"; cat restored 2> /dev/null || cat restore 2> /dev/null || true' "$volume")
if [ -n "$unfinished" ]; then
  [ -z "$look" ] || die "a restore was interrupted while the volumes changed places: make restore finishes it"
  say "finishes the restore that was interrupted while the volumes changed places"
  trap '' HUP INT TERM
  [ -n "$gone" ] || stop_all "$@"
  # In between: nothing can be started but by going on.
  stopped=
  helper "$change_places" "$volume"
  [ -n "$gone" ] || start_again "$@"
  # Another moment than the one that is asked for now is only the beginning.
  [ "$(echo "$unfinished" | sed -n 2p)" != "$wanted" ] || exit 0
  trap 'die "interrupted; the old data is as it was"' HUP INT TERM
fi
[ "$kind" != finish ] || exit 0
for one in $(docker volume ls -q --filter "label=$mark=$server"); do
  [ -z "$(helper 'cd "/volumes/$1/_data"; [ -n "$(ls -A)" ] && [ ! -f .building ] || echo half' "$one")" ] || docker volume rm "$one" > /dev/null
done

found=$(helper '
base=/from/$1/$2/postgres/base
wal=/from/$1/wal/$3
[ -f "$base/PG_VERSION" ] || { echo "there is no base backup in $4/$1/$2/postgres" >&2; exit 1; }
[ ! -f "${base%/*}/roles.sql" ] || grep -qxF -e "CREATE ROLE $5;" -e "CREATE ROLE \"$5\";" "${base%/*}/roles.sql" || { echo "there is no role $5 in $4/$1/$2: it is of another server" >&2; exit 1; }
[ -d "$wal" ] || [ "$6" = latest ] || { echo "the WAL after it, $4/$1/wal/$3, is missing: only AT=latest, the moment of the backup itself, is there" >&2; exit 1; }
if [ -d "$wal" ]; then
  # As the server that recovers sees it: to that one what it cannot read is the end.
  su -s /bin/sh -c '"'"'for one in "$1"/*; do [ -r "$one" ] || { echo "$one" >&2; exit 1; }; done'"'"' postgres sh "$wal" ||
    { echo "the user postgres ($(id -u postgres) in the image) cannot read all of $4/$1/wal/$3: give it to that user, and let it into the folders above" >&2; exit 1; }
fi
newest=$(ls "$wal" 2> /dev/null | grep -xE "[0-9A-F]{24}([.]partial)?" | sort | tail -n 1)
echo "$(cat "$base/PG_VERSION") $(postgres --version | sed "s/[^0-9]*\([0-9]*\).*/\1/") $(du -sk "$base" | cut -f1) $(df -Pk /volumes | tail -n 1 | tr -s " " | cut -d" " -f4)" \
  "$(sed -n "s/^START WAL LOCATION: .* (file \([0-9A-F]*\))$/\1/p" "$base/backup_label") $newest"
' "$system" "$stamp" "$line" "$from" "$user" "$kind") || die "nothing was changed: see above"
read -r of own need free first last <<END
$found
END
[ "$of" = "$own" ] || die "the backup $stamp is of PostgreSQL $of, and $server runs $own: such a copy is read by its own version only. Declare an image" \
  "of $of; or load its dump, which a newer one reads: pg_restore --create --dbname postgres $from/$system/$stamp/postgres/dump"
[ "$free" -gt "$((need + need / 5))" ] || die "the new data needs $((need / 1024)) MiB beside the old; Docker's disk has $((free / 1024)) MiB free"

# 2. Builds beside.
if [ "$kind" = latest ] && [ -z "$look" ]; then
  say "stops the applications and the server: what is received until then is the end"
  stopped=1
  { stop_applications "$@"; docker stop "$server" > /dev/null; } &
fi
say "copies the base backup of $stamp, $((need / 1024)) MiB, into the volume $beside"
docker volume create --label "$mark=$server" --label "robotoff-protea.stack=$stack" "$beside" > /dev/null
building=1
# Every byte of the backup is checked while it is copied; of the copy, that all files are there, in their sizes.
helper '
set -eu
from=$1 to=$2 need=$3
touch "$to/.building"
pg_verifybackup --quiet --no-parse-wal "$from" & check=$!
begun=$(date +%s)
while sleep 10 > /dev/null 2>&1; do
  there=$(du -sk "$to" 2> /dev/null | cut -f1)
  rate=$((there / ($(date +%s) - begun) + 1))
  [ "$need" -gt "$there" ] || need=$there
  echo "$4: copied $((there / 1024)) of $((need / 1024)) MiB, $((rate / 1024)) MiB/s, $(((need - there) / rate)) s left"
done & watcher=$!
trap "kill $watcher 2> /dev/null || true" EXIT
cp -a "$from/." "$to"
wait "$check"
pg_verifybackup --quiet --no-parse-wal --skip-checksums --ignore .building "$to"
touch "$to/recovery.signal"
chown -R postgres:postgres "$to"' "/from/$system/$stamp/postgres/base" "/volumes/$beside/_data" "$need" "$system" || die "the base backup of $stamp could not be copied; the old data is as it was"
wait
[ -z "$stopped" ] || [ "$(field "$server" '{{.State.Running}}')" = false ] || die "the server could not be stopped; the old data is as it was"

# run_scratch ARGS…: the server that recovers, with the arguments of the real one (they must fit those it had) and these.
run_scratch() {
  # Nobody writes to what is only looked at.
  [ -z "$look" ] || set -- -c default_transaction_read_only=on "$@"
  set -- -c "listen_addresses=" -c "recovery_target_action=promote" -c "restore_command=cp /backups/$system/wal/$line/%f %p 2>/dev/null || cp /backups/$system/wal/$line/%f.partial %p" "$@"
  while IFS= read -r word; do if [ -n "$word" ] && [ "$word" != postgres ]; then set -- "$@" "$word"; fi; done <<END
$(field "$server" '{{range .Config.Cmd}}{{println .}}{{end}}')
END
  docker run -d --name "$scratch" --network none --memory "$memory" --shm-size "$shm" --label "$mark=$server" \
    --label "robotoff-protea.stack=$stack" \
    -v "$beside:$data" -v "$from:/backups:ro" "$image" postgres "$@" > /dev/null
}
scratch_ask() { docker exec "$scratch" psql -qAtX -U "$user" -d postgres -c "$1" 2> /dev/null; }
# recovered: waits for the end of recovery; fails when the server ends before. Then ENDED is the last segment's number, without its
# timeline, LEFT the bytes of it that come after, REACHED the last commit's moment, and MOMENT that one as a restore is told, to the millisecond: the last commit is in it.
recovered() {
  # The process that recovers has the segment that it reads in its title.
  docker exec "$scratch" sh -c '
number() { rest=${1#????????} rest=${rest%.partial}; echo $((0x${rest%????????} * 256 + 0x${rest#????????})); }
begun=$(date +%s) said=$begun
until [ "$(psql -qAtX -U "$1" -d postgres -c "select pg_is_in_recovery()" 2> /dev/null)" = f ]; do
  sleep 0.05
  now=$(date +%s)
  [ "$now" -ge $((said + 10)) ] || continue
  said=$now
  at=$(cat /proc/[0-9]*/cmdline 2> /dev/null | tr "\0" "\n" | sed -n "s/.* startup recovering \([0-9A-F]\{24\}\).*/\1/p" | head -n 1)
  [ -n "$at" ] && [ -n "${4:-}" ] || continue
  there=$(($(number "$at") - $(number "$3"))) all=$(($(number "$4") + 1 - $(number "$3"))) seconds=$((now - begun))
  echo "$2: recovered $((there * 16)) of $((all * 16)) MiB of WAL, $((there * 16 / seconds)) MiB/s$([ "$there" = 0 ] || echo ", $(((all - there) * seconds / there)) s left")"
done' ask "$user" "$system" "$first" "$last" || return 1
  IFS='|' read -r ended left moment reached <<END
$(scratch_ask "select substr(pg_walfile_name(pg_last_wal_replay_lsn()), 9),
  mod(size - mod(pg_last_wal_replay_lsn() - '0/0', size), size), to_char((time + '1 ms') at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"'),
  coalesce(time::text, 'the base backup') from (select pg_last_xact_replay_timestamp() as time, pg_size_bytes(current_setting('wal_segment_size'))::numeric as size) as last")
END
}

# at_the_end: fails where segments of WAL come after the one in which recovery ended. To a recovery a damaged or missing piece
# is the end like any other; what was committed after it must not be lost without a word. The segment that is being received counts where
# something of it is there and the next record would have fitted into the last whole one: a longer one may never have been finished.
at_the_end() {
  newest=$(helper '
cd "/from/$1/wal/$2" 2> /dev/null || exit 0
whole=$(ls | grep -xE "[0-9A-F]{24}" | sort | tail -n 1)
partial=$(ls | grep -xE "[0-9A-F]{24}[.]partial" | sort | tail -n 1)
newest=${whole#????????}
if [ "$newest" = "$3" ] && [ "$4" != 0 ] && [ -n "$partial" ] && [ "$(head -c 64 "$partial" | tr -d "\0" | wc -c)" != 0 ]; then
  at=$(($(stat -c %s "$whole") - $4))
  # A page begins with a header of 24 bytes, a record with its length.
  [ $((at % 8192)) != 0 ] || at=$((at + 24))
  length=$(od -An -tu4 -j "$at" -N 4 "$whole" | tr -d " ")
  if [ "$length" -le $(($4 - 24 * ($4 / 8192 + 2))) ]; then newest=${partial#????????} newest=${newest%.partial}; fi
fi
echo "$newest"' "$system" "$line" "$ended" "$left")
  [ "$(printf '%s\n%s\n' "$ended" "$newest" | sort | tail -n 1)" = "$ended" ] && return
  die "the WAL in $from/$system/wal/$line can be read up to ${moment:-the base backup}, in segment $ended; it goes on to $newest:" \
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
  log=$(docker logs "$scratch" 2>&1)
  docker rm -f -v "$scratch" > /dev/null
  case $kind$log in
    time*"recovery ended before configured recovery target was reached"*)
      say "nothing was committed between the end of the WAL and $target: takes the end"
      run_scratch
      recovered || { docker logs --tail 20 "$scratch" >&2; die "the new data could not be recovered; the old is as it was"; }
      [ "$(scratch_ask "select timestamptz '$target' <= pg_last_xact_replay_timestamp() + '1 ms'")" = t ] || at_the_end
      ;;
    *)
      echo "$log" | tail -n 20 >&2
      die "the new data could not be recovered; the old is as it was"
      ;;
  esac
fi
[ "$kind" != latest ] || at_the_end
if [ -n "$look" ]; then
  building=
  database=$(field "$server" '{{range .Config.Env}}{{println .}}{{end}}' | sed -n 's/^POSTGRES_DB=//p')
  say "the data of $reached can be looked at, after $(took); nothing else was touched:"
  echo "  docker exec -it $scratch psql -U $user -d $database"
  echo "  docker rm -f -v $scratch && docker volume rm $beside    # when it is no longer needed; the next look or restore does that, too"
  exit 0
fi
docker stop "$scratch" > /dev/null
helper 'pg_controldata "/volumes/$1/_data"' "$beside" | grep -q '^Database cluster state: *shut down$' ||
  die "the new data is not of a server that was shut down; the old is as it was"
docker rm -v "$scratch" > /dev/null

# 3. Changes places.
say "stops what uses the data, and changes places"
trap '' HUP INT TERM
stop_all "$@"
building='' stopped=''
helper "$change_places" "$volume" "$beside" "$wanted" ||
  { echo "$system: the volumes could not change places, see above; the same command again finishes" >&2; exit 1; }
start_again "$@"
say "has the data of $reached, after $(took); what was there before is in the volume $beside"
