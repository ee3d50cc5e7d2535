#!/bin/sh
# receive-wal: streams the server's WAL into $BACKUPS/wal/current, a link to the line that is being written. A line is an
# unbroken piece of the server's history: one database system, no gap, one restore. Every backup says of which line it is.
set -eu
if [ "$(id -u)" = 0 ]; then
  # The folder is the host's; what is written there is the server's user's.
  mkdir -p "$BACKUPS/wal" "$BACKUPS/metrics"
  chown postgres:postgres "$BACKUPS" "$BACKUPS/wal" "$BACKUPS/metrics" ||
    echo "receive-wal: cannot give $BACKUPS to the user postgres; going on, in case that user may write there" >&2
  exec su postgres -s /bin/sh -c "exec sh $0"
fi

umask 077
export PGUSER="$POSTGRES_USER" PGDATABASE=postgres PGAPPNAME=backup
wal=$BACKUPS/wal
ask() { psql -qAtX -v ON_ERROR_STOP=1 -c "$1"; }

until id=$(ask 'select system_identifier from pg_control_system()' 2>/dev/null); do sleep 1; done

# new_line WHY: the next segments begin a line of their own.
new_line() {
  line=$(date -u +%Y%m%dT%H%M%SZ)
  mkdir "$wal/$line"
  echo "$id" > "$wal/$line/system-identifier"
  ln -s "$line" "$wal/.current.$$"
  mv -T "$wal/.current.$$" "$wal/current"
  echo "receive-wal: new line $line: $1; it needs a base backup of its own: make backup" >&2
}

if ! [ -d "$wal/current/" ]; then
  new_line "the first"
elif [ "$(cat "$wal/current/system-identifier")" != "$id" ]; then
  new_line "another database system"
fi
if [ "$(ask "select wal_status from pg_replication_slots where slot_name = 'backup'")" = lost ]; then
  ask "select pg_drop_replication_slot('backup')" > /dev/null
  new_line "the server had to remove WAL before it was received"
fi
pg_receivewal --slot backup --create-slot --if-not-exists

# A disk that fills up while a segment's file is laid out leaves a short one, which pg_receivewal refuses for ever ("should be 0 or
# 16777216"). No WAL is in it yet: that comes into a file of its full size alone. An empty one it takes.
whole=$(ask "select setting from pg_settings where name = 'wal_segment_size'")
for partial in "$wal"/current/*.partial; do
  size=$(stat -c %s "$partial" 2> /dev/null) || continue
  if [ "$size" -gt 0 ] && [ "$size" -lt "$whole" ]; then
    echo "receive-wal: $partial has $size of $whole bytes, as a full disk leaves it: begun anew" >&2
    : > "$partial"
  fi
done

# metrics: for node_exporter's textfile collector, until when can be restored. A moment instead of an age, so that a file that is
# no longer written tells.
metrics() {
  cd "$BACKUPS/metrics" || return
  while sleep 15; do
    until=$(ask "select extract(epoch from clock_timestamp() - coalesce(flush_lag, '0')) from pg_stat_replication
      where application_name = 'backup' and state = 'streaming'" 2>/dev/null) || until=
    [ -n "$until" ] || continue
    {
      echo "# TYPE robotoff_protea_recoverable_until_timestamp_seconds gauge"
      echo "robotoff_protea_recoverable_until_timestamp_seconds{system=\"${BACKUPS##*/}\"} $until"
    } > .wal.prom && chmod 644 .wal.prom && mv .wal.prom wal.prom
  done
}
metrics &

# Ends with the connection, and Docker starts it again. A stop is passed on: process 1 ignores signals.
code=0
pg_receivewal --directory "$wal/current/" --slot backup --synchronous --no-loop 2> /tmp/errors &
receiver=$!
trap 'kill -INT $receiver' INT TERM
wait $receiver || code=$?
wait $receiver || code=$?
cat /tmp/errors >&2
if grep -Eq "has already been removed|is not in this server.s history" /tmp/errors; then
  new_line "the server no longer has what comes after the last segment"
fi
exit "$code"
