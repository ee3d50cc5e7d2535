#!/bin/sh
# adoption-line.sh begin | end: where no WAL is received yet, a backup needs a line of it to be of; its base is whole without. Runs in the
# container in which PostgreSQL is backed up, as root. `end` leaves the line to the backup, and lets the receiver begin one of its own.
set -eu
cd "$BACKUPS" 2> /dev/null || { mkdir -p "$BACKUPS" && cd "$BACKUPS"; }
mkdir -p wal metrics
chown postgres:postgres . wal metrics || true
case $1 in
  begin)
    [ ! -e wal/current ] || exit 0
    line=$(date -u +%Y%m%dT%H%M%SZ)
    mkdir -p "wal/$line"
    psql -U "$POSTGRES_USER" -d postgres -qAtXc 'select system_identifier from pg_control_system()' > "wal/$line/system-identifier"
    ln -s "$line" wal/current
    touch wal/adopting
    ;;
  end)
    [ -e wal/adopting ] || exit 0
    rm wal/current wal/adopting
    ;;
esac
