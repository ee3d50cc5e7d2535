#!/bin/sh
# copy.sh SYSTEM AGENT VAULT CONTAINER: the copy of a system's folder of backups off the host, by restic in CONTAINER, which has
# the repository in its environment, its passwords in its secrets. backup.sh runs it at its end, and `make copy` by itself.
# It adds and never removes: what is kept there, and for how long, is decided from elsewhere (docs/backups.md).
# LOCKED=1: whoever calls it holds the lock. Exit code 75: a backup or restore runs.
set -eu
system=$1 agent=$2 vault=$3 container=$4
here=$(dirname "$0")
begin=$(date +%s)
in_vault() { docker exec -i -u root "$agent" nice -n 10 sh -s -- "$@" < "$here/$vault"; }
restic() { docker exec --env RESTIC_PROGRESS_FPS=0.1 "$container" /run/secrets/exec nice -n 10 restic --retry-lock 30m "$@"; }
die() {
  in_vault copy-failed || true
  echo "$system: nothing was copied off the host: $*; the backups here are as they were. Then: make copy" >&2
  exit 1
}

# told: of restic's lines those on how far it is, one in ten seconds, become words; the others go on.
told() {
  number() { echo "$line" | sed -n "s/.*\"$1\":\([0-9]*\).*/\1/p"; }
  while IFS= read -r line; do
    case $line in
      *'"message_type":"status"'*)
        there=$(number bytes_done) total=$(number total_bytes) seconds=$(number seconds_elapsed)
        rate=$((${there:-0} / (${seconds:-0} + 1) + 1))
        echo "$system: read $((${there:-0} / 1000000)) of $((${total:-0} / 1000000)) MB, $((rate / 1000000)) MB/s, $(((${total:-0} - ${there:-0}) / rate)) s left" >&2
        ;;
      *) printf '%s\n' "$line" ;;
    esac
  done
}

if [ "${LOCKED:-}" != 1 ]; then
  exec 9> "${TMPDIR:-/tmp}/robotoff-protea-$agent-$(id -u).lock"
  flock -n 9 || { echo "$system: another backup or restore runs on this host; wait for it" >&2; exit 75; }
fi
running=$(docker inspect --type container --format '{{.State.Running}}' "$container") || die "the container $container is missing; make up"
[ "$running" = true ] || die "the container $container is not running; make up"

# restic itself tries for a quarter of an hour to reach a server that does not answer.
code=0
found=$(docker exec "$container" /run/secrets/exec timeout 20 restic cat config 2>&1) || code=$?
case $code in
  0) ;;
  10)
    echo "$system: there is no repository yet; makes one"
    restic init --quiet || die "no repository could be made (host:backups.copy.repository); see above"
    ;;
  124 | 137 | 143) die "the server of host:backups.copy.repository does not answer within 20 s" ;;
  12) die "the repository is of another password than the secret host:copyPassword" ;;
  *) die "the repository cannot be read: $found" ;;
esac

# What is half is left out: a backup that is not published, and the segment of WAL that is being received.
# Its exit code is told by its last line: what a pipe ends with is told's.
summary=$({ restic backup --json --exclude "/backups/$system/.2*" --exclude "/backups/$system/wal/*/*.partial" "/backups/$system" || echo failed; } | told)
case $summary in *failed) die "restic could not copy all of it; see above" ;; esac
snapshot=$(echo "$summary" | sed -n 's/.*"message_type":"summary".*"snapshot_id":"\([0-9a-f]\{8\}\).*/\1/p')
[ -n "$snapshot" ] || die "restic did not say which snapshot it made: $summary"
in_vault copied "$snapshot"
added=$(echo "$summary" | sed -n 's/.*"data_added_packed":\([0-9]*\).*/\1/p')
echo "$system: the backups are copied off the host, snapshot $snapshot, $((${added:-0} / 1000000)) MB new, $(($(date +%s) - begin)) s"
