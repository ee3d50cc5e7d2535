#!/bin/sh
# part-public.sh VERB FOLDER: Robotoff's dump for those who download it, under the runbook's names. Runs as part-postgres.sh does.
#   backup FOLDER   makes FOLDER/robotoff_postgres_YYYY-MM-DD.dump: the schema public of the database, for pg_restore
#   verify FOLDER   reads it through; that of a new backup then appears in $BACKUPS/public, where robotoff_postgres_latest.dump
#                   points to it: at every instant to a dump that is whole and verified
set -eu
umask 022
verb=$1
out=$2
public=$BACKUPS/public

backup() {
  mkdir "$out"
  PGAPPNAME=backup pg_dump -U "$POSTGRES_USER" -d "$POSTGRES_DB" --schema public --format custom --lock-wait-timeout 60000 \
    --file "$out/robotoff_postgres_$(date -u +%Y-%m-%d).dump"
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
