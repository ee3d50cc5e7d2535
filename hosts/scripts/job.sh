#!/bin/sh
# job.sh CONTAINER [AGENT VAULT]: runs a created container to its end; its exit code decides. Running it again is the way to try
# again, so a job must be idempotent. On failure the last log lines go where Pulumi shows them, cut to lines that its
# plug-in can read (it hangs on one of 64 KiB).
set -u
container=$1

# What changes the database: first a name for the moment before it, by the container that receives its WAL.
if [ $# -gt 1 ]; then
  docker exec -i -u root "$2" sh -s -- before migration < "$(dirname "$0")/$3" >&2 || {
    echo "job $container was not started: no checkpoint could be set before it; see above" >&2
    exit 1
  }
fi
docker start "$container" >/dev/null || exit 1
code=$(docker wait "$container") || exit 1
[ "$code" = 0 ] && exit 0
echo "job $container failed with exit code $code; its last log lines:" >&2
docker logs --tail 20 "$container" 2>&1 | cut -c1-1000 >&2
exit 1
