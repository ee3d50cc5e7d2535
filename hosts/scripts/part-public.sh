#!/bin/sh
# part-public.sh VERB FOLDER: Robotoff's dump for those who download it, under the runbook's names. Runs as part-postgres.sh does.
#   backup FOLDER [PREVIOUS]
#                   makes FOLDER/robotoff_postgres_YYYY-MM-DD.dump: the schema public of the database, for pg_restore
#   verify FOLDER   reads it through; that of a new backup then appears in $BACKUPS/public, where robotoff_postgres_latest.dump
#                   points to it: at every instant to a dump that is whole and verified
set -eu
umask 022
verb=$1
out=$2
previous=${3:-}
public=$BACKUPS/public

mib_of() { { du -sk "$1" 2> /dev/null || true; } | awk '{ sum += $1 } END { printf "%d", sum / 1024 }'; }

backup() {
  mkdir "$out"
  total=$(mib_of "$previous")
  begun=$(date +%s)
  # A sleep that outlives its shell must not hold what the host waits for.
  while sleep 10 > /dev/null 2>&1; do
    there=$(mib_of "$out")
    left=
    if [ "$there" -gt 0 ] && [ "$total" -gt "$there" ]; then left=" of about $total, $(((total - there) * ($(date +%s) - begun) / there)) s left"; fi
    echo "public: $there MiB$left, $((there / ($(date +%s) - begun))) MiB/s" >&2
  done &
  watcher=$!
  code=0
  PGAPPNAME=backup pg_dump -U "$POSTGRES_USER" -d "$POSTGRES_DB" --schema public --format custom --lock-wait-timeout 60000 \
    --file "$out/robotoff_postgres_$(date -u +%Y-%m-%d).dump" || code=$?
  kill "$watcher"
  [ "$code" = 0 ] || exit "$code"
  printf '{"part": "public", "dump": "%s"}\n' "$(cd "$out" && echo *.dump)" > "$out/part.json"
}

verify() {
  dump=$(cd "$out" && echo *.dump)
  pg_restore --file /dev/null "$out/$dump" || { echo "public: $dump cannot be read through" >&2; exit 1; }
  case $out in */.*.partial/*) ;; *) return 0 ;; esac
  mkdir -p "$public"
  ln "$out/$dump" "$public/.$dump" 2>/dev/null || cp "$out/$dump" "$public/.$dump"
  mv "$public/.$dump" "$public/$dump"
  ln -s "$dump" "$public/.latest.$$"
  mv -T "$public/.latest.$$" "$public/robotoff_postgres_latest.dump"
}

"$verb"
