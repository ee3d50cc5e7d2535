#!/bin/sh
# part-redis.sh backup OUT [PREVIOUS] | verify FOLDER | room FOLDER | restore FOLDER | empty FOLDER: everything in a Redis server. Runs in the container
# redis-backup, which is of the server's image and has the server's name in $REDIS_HOST.
#   backup   asks for a snapshot as a replica does (dump.rdb); nothing of the server stops or changes
#   verify   loads it into a scratch server here, and compares what is in it with part.json
#   room     fails where the backups' disk has not the room for what is put aside, or Docker's for what comes
#   restore  puts what is there aside, into /backups/SYSTEM/before-restore/redis-TIME, which can be restored like FOLDER; then the
#            server becomes a replica of a scratch server with the backup, until it has all of it. At every moment it holds the
#            old or the new.
#   empty    prints `empty` where the server has no key and the backup has some, or a restore did not end
set -eu
umask 077
verb=$1 folder=$2
dump=$folder/dump.rdb

fail() { echo "redis, $verb: $*" >&2; exit 1; }

scratch=$(mktemp -d)
attached=
# Whatever ends this: the server must not stay a replica, which refuses to be written to.
finish() {
  if [ -n "$attached" ]; then live replicaof no one > /dev/null || true; fi
  stop
  rm -rf "$scratch"
}
trap finish EXIT
trap 'exit 130' HUP INT TERM

live() { redis-cli -h "$REDIS_HOST" "$@"; }
here() { redis-cli -s "$scratch/socket" "$@"; }
# said NAME: a line of INFO on standard input.
said() { tr -d '\r' | sed -n "s/^$1://p"; }
keyspace() { tr -d '\r' | sed -n 's/^\(db[0-9]*\):keys=\([0-9]*\),expires=\([0-9]*\).*/\1 \2 \3/p'; }
role() { live role | head -n 1; }
sha256() { sha256sum "$1" | cut -d' ' -f1; }
# Returns when what was written to a file's disk is on it.
flush() { sync -f "$1" 2> /dev/null || sync; }

# start FILE OPTION…: a scratch server with the contents of FILE, for this script alone.
start() {
  ln -sf "$1" "$scratch/dump.rdb"
  shift
  redis-server --dir "$scratch" --save '' --appendonly no --unixsocket "$scratch/socket" --enable-debug-command yes \
    --logfile "$scratch/log" "$@" &
  server=$!
  # Killed, this script could not end it.
  (while kill -0 "$$" && kill -0 "$server"; do sleep 1; done; kill "$server") > /dev/null 2>&1 < /dev/null &
  until [ "$(here ping 2> /dev/null)" = PONG ]; do
    kill -0 "$server" 2> /dev/null || { grep -E '# |Killed' "$scratch/log" | tail -n 5 >&2; return 1; }
    sleep 0.1
  done
}
stop() {
  [ -z "${server:-}" ] || kill "$server" 2> /dev/null || true
  [ -z "${server:-}" ] || wait "$server" 2> /dev/null || true
  server=
}

# contents FILE: what is in a dump, as part.json says it. Loaded by a replica whose master never answers: it alone keeps what has
# expired since, and changes nothing by itself. DEBUG DIGEST does not depend on the order of keys.
contents() {
  start "$1" --port 0 --replicaof 127.0.0.1 1 || return 1
  digest=$(here debug digest)
  case $digest in *[!0-9a-f]* | '') echo "$digest" >&2; return 1 ;; esac
  databases=$(here info keyspace | keyspace | sed 's/\(.*\) \(.*\) \(.*\)/"\1": {"keys": \2, "expires": \3}/' | paste -s -d, -)
  stop
  echo "\"databases\": {$databases}, \"digest\": \"$digest\""
}

# dump_to FOLDER: a snapshot of the server, and what is in it.
dump_to() {
  [ "$(role)" = master ] || fail "$REDIS_HOST follows another server: a restore did not end; run it again"
  mkdir -p "$1"
  rm -f "$1"/*
  redis-cli -h "$REDIS_HOST" --rdb "$1/dump.rdb" > "$scratch/said" 2>&1 || { cat "$scratch/said" >&2; fail "$REDIS_HOST gives no snapshot"; }
  inside=$(contents "$1/dump.rdb") || fail "the snapshot cannot be loaded; has redis-backup the memory of redis?"
  printf '{"part": "redis", "server": "%s", "bytes": %s, "sha256": "%s", %s}\n' "$(live info server | said redis_version)" \
    "$(wc -c < "$1/dump.rdb")" "$(sha256 "$1/dump.rdb")" "$inside" > "$1/part.json"
}

verify() {
  [ -f "$folder/part.json" ] || fail "$folder/part.json: missing"
  [ -f "$dump" ] || fail "$dump: missing"
  grep -qF "\"bytes\": $(wc -c < "$dump"), \"sha256\": \"$(sha256 "$dump")\", " "$folder/part.json" ||
    fail "$dump: is not what was backed up"
  inside=$(contents "$dump") || fail "$dump: cannot be loaded; has redis-backup the memory of redis?"
  grep -qF "$inside}" "$folder/part.json" || fail "$dump: has other contents than part.json says: $inside"
}

# wait_for MESSAGE COMMAND…: up to a minute in which the server is not busy with a snapshot.
wait_for() {
  message=$1 tries=0
  shift
  until "$@"; do
    case $(live info 2>&1 | tr -d '\r') in
      *LOADING* | *"loading:1"* | *"master_sync_in_progress:1"* | *"aof_rewrite_in_progress:1"* | *"rdb_bgsave_in_progress:1"*) ;;
      *) tries=$((tries + 1)) ;;
    esac
    [ "$tries" -lt 300 ] || fail "$message"
    sleep 0.2
  done
}
answers() { [ "$(live ping 2> /dev/null)" = PONG ]; }
follows() {
  live info replication 2> /dev/null > "$scratch/replication" || return 1
  [ "$(said master_link_status < "$scratch/replication")" = up ] &&
    [ "$(said slave_repl_offset < "$scratch/replication")" = "$(here info replication | said master_repl_offset)" ]
}
# Of both at once: what expires meanwhile is gone from one a moment before it is from the other.
same_keys() { [ "$(live info keyspace | keyspace)" = "$(here info keyspace | keyspace)" ]; }
# written STATUS: nothing is being written, and the last time it succeeded.
written() {
  live info persistence > "$scratch/persistence"
  case $(tr -d '\r' < "$scratch/persistence") in
    *"aof_rewrite_in_progress:1"* | *"aof_rewrite_scheduled:1"* | *"rdb_bgsave_in_progress:1"*) return 1 ;;
  esac
  [ "$(said "$1" < "$scratch/persistence")" = ok ]
}

# settle: what the server has is on its disk, in the form that it starts from.
settle() {
  if [ "$(live info persistence | said aof_enabled)" = 1 ]; then
    live bgrewriteaof > /dev/null
    status=aof_last_bgrewrite_status
  else
    live bgsave schedule > /dev/null
    status=rdb_last_bgsave_status
  fi
  wait_for "$REDIS_HOST has the backup in memory, and cannot write it to its disk; see its log" written "$status"
}

# refuse_without_room WHOSE NEED FOLDER: NEED in KiB.
refuse_without_room() {
  free=$(df -Pk "$3" | tail -n 1 | tr -s ' ' | cut -d' ' -f4)
  [ "$free" -gt "$(($2 + $2 / 5))" ] || fail "$(($2 / 1024)) MiB are needed on $1 disk, which has $((free / 1024)) MiB free"
}
room() {
  wait_for "$REDIS_HOST does not answer" answers
  # A dump is no larger than what it is of in memory.
  refuse_without_room "the backups'" "$(($(live info memory | said used_memory) / 1024))" "/backups"
  # It is written as it comes, and once more as what the server starts from.
  refuse_without_room "Docker's" "$((2 * $(wc -c < "$dump") / 1024))" /
}

restore() {
  verify
  wanted=$inside
  wait_for "$REDIS_HOST does not answer" answers
  # Of a restore that was killed: what it has is the old or the new, whole.
  if [ "$(role)" != master ]; then live replicaof no one > /dev/null; fi
  wait_for "$REDIS_HOST does not answer" answers

  # Beside the stack's own backups, also where others are read (/from).
  case $folder in /from/*) before=/backups${folder#/from} ;; *) before=$folder ;; esac
  before=${before%/*/*}/before-restore
  mkdir -p "$before"
  rm -rf "$before"/.redis-*
  aside=redis-$(date -u +%Y%m%dT%H%M%SZ)
  dump_to "$before/.$aside"
  case $inside in
    "$wanted" | '"databases": {}'*) rm -r "$before/.$aside" ;;
    *) mv "$before/.$aside" "$before/$aside"; flush "$before/$aside"; kept="; what was there is in $before/$aside" ;;
  esac
  if [ "$inside" != "$wanted" ]; then take_over; fi
  settle
  echo "redis: as in the backup, but for what has expired since: $(live info keyspace | keyspace | tr '\n' ';')${kept:-}"
}

take_over() {
  start "$dump" --port 6379 --protected-mode no --repl-diskless-sync yes --repl-diskless-sync-delay 0 || fail "$dump: cannot be loaded"
  # It knows the server's own history from the dump: without this the server might take itself for up to date.
  here debug change-repl-id > /dev/null
  attached=1
  address=$(hostname -i)
  live replicaof "${address%% *}" 6379 > /dev/null
  wait_for "$REDIS_HOST does not follow $address; see its log; it has what it had" follows
  wait_for "$REDIS_HOST has not the keys of the backup${kept:-}" same_keys
  live replicaof no one > /dev/null
  attached=
  stop
}

case $verb in
  backup)
    dump_to "$folder"
    echo "redis: $(wc -c < "$dump") B, $inside"
    ;;
  verify)
    verify
    echo "redis: loaded and compared: $inside"
    ;;
  room) room ;;
  restore) restore ;;
  empty)
    if [ "$(role)" != master ]; then echo empty; exit; fi
    found=$(live info keyspace | keyspace)
    if [ -z "$found" ] && ! grep -qF '"databases": {}' "$folder/part.json"; then echo empty; fi
    ;;
  *) fail "expected backup, verify, room, restore or empty" ;;
esac
