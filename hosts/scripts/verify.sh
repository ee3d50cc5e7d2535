#!/bin/sh
# verify.sh SYSTEM DIRECTORY AGENT VAULT RESTORE STAMP HOW PART=CONTAINER=USER=SCRIPT…: is a backup still what was backed up?
#   STAMP latest: the newest
#   HOW quick: every byte against the manifest, and each part read through by its own tools
#   HOW deep:  besides, every part is restored and its contents compared: PostgreSQL's into a scratch server without a network, the
#              others by RESTORE, part-restore.sh; all of it is limited, and thrown away
# A line for each thing that differs, and exit code 1. Changes nothing but the note of when it was verified.
set -eu
system=$1 directory=$2 agent=$3 vault=$4 restore=$5 stamp=$6 how=$7
shift 7
here=$(dirname "$0")
scratch=$agent-verify
in_vault() { docker exec -i -u root "$agent" nice -n 10 sh -s -- "$@" < "$here/$vault"; }

if [ "$stamp" = latest ]; then
  stamp=$(in_vault list | tail -n 1 | cut -d' ' -f1)
  [ -n "$stamp" ] || { echo "$system: there is no backup yet: make backup" >&2; exit 1; }
fi
echo "$system: reads every byte of $stamp"
in_vault check "$stamp" || { echo "$system: $stamp is not what was backed up; see above" >&2; exit 1; }
for part in "$@"; do
  IFS='=' read -r name container user script <<END
$part
END
  echo "$system: reads $name through"
  docker exec -i -u "$user" "$container" nice -n 10 sh -s -- verify "/backups/$system/$stamp/$name" < "$here/$script" ||
    { echo "$system: $stamp is not what was backed up; see above" >&2; exit 1; }
  [ "$how" = deep ] || continue
  case $name in
    postgres) postgres_script=$script ;;
    # Of the database that PostgreSQL's part has; and what a scratch server has loaded by now.
    public | redis) ;;
    *)
      echo "$system: restores $name into nothing, and compares"
      sh "$here/$restore" deep "$container" "$here/$script" "/backups/$system/$stamp/$name" ||
        { echo "$system: $stamp was not restored to what was backed up; see above" >&2; exit 1; }
      ;;
  esac
done

if [ -n "${postgres_script:-}" ]; then
  echo "$system: restores PostgreSQL's part into a scratch server, and compares"
  image=$(docker inspect --type container --format '{{.Image}}' "$agent")
  superuser=$(docker inspect --type container --format '{{range .Config.Env}}{{println .}}{{end}}' "$agent" | sed -n 's/^POSTGRES_USER=//p')
  stack=$(docker inspect --type container --format '{{index .Config.Labels "robotoff-protea.stack"}}' "$agent")
  docker rm -f -v "$scratch" > /dev/null 2>&1 || true
  # What the dump restores to has the base's size at most; the agent has a volume on Docker's disk.
  need=$(docker exec -u root "$agent" du -sk "/backups/$system/$stamp/postgres/base" | cut -f1)
  free=$(docker exec "$agent" df -Pk /var/lib/postgresql/data | tail -n 1 | tr -s ' ' | cut -d' ' -f4)
  [ "$free" -gt "$((need + need / 5))" ] ||
    { echo "$system: a deep verification needs $((need / 1024)) MiB on Docker's disk, which has $((free / 1024)) MiB free" >&2; exit 1; }
  trap 'docker rm -f -v "$scratch" > /dev/null' EXIT
  # Nobody reaches it, and it is thrown away: it needs neither password nor durability, nor room for WAL of what is loaded.
  docker run -d --name "$scratch" --network none --memory 2g --shm-size 1g --label "robotoff-protea.stack=$stack" -v "$directory:/backups:ro" \
    -e POSTGRES_USER="$superuser" -e POSTGRES_DB=scratch -e POSTGRES_HOST_AUTH_METHOD=trust "$image" \
    postgres -c listen_addresses=127.0.0.1 -c fsync=off -c full_page_writes=off -c max_wal_size=4GB -c wal_level=minimal -c max_wal_senders=0 > /dev/null
  until docker exec "$scratch" pg_isready -q -h 127.0.0.1; do
    [ "$(docker inspect --format '{{.State.Running}}' "$scratch")" = true ] || { docker logs --tail 20 "$scratch" >&2; exit 1; }
    sleep 0.3
  done
  docker exec -i -u postgres "$scratch" nice -n 10 sh -s -- deep "/backups/$system/$stamp/postgres" < "$here/$postgres_script" ||
    { echo "$system: $stamp was not restored to what was backed up; see above" >&2; exit 1; }
fi
in_vault verified "$stamp" "$how"
echo "$system: $stamp is what was backed up ($how)"
