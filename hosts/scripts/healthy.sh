#!/bin/sh
# healthy.sh NAME=SECONDS…: waits until every one of these containers is healthy. Each may take its seconds, counted from
# now. As soon as one cannot become healthy any more (Docker calls it unhealthy, it ended, it is gone), or its time is
# over: says which, what its health check said last and its last log lines, and exits with 1.
# Lines are cut: the plug-in that reads them hangs on one of 64 KiB.
set -u
begin=$(date +%s)

# fail NAME WHAT: why a container is not healthy.
fail() {
  {
    echo "$1 $2"
    docker inspect --format '{{with .State.Error}}{{.}}{{println}}{{end}}{{if .State.OOMKilled}}killed for want of memory{{println}}{{end}}' "$1"
    docker inspect --format '{{with .State.Health}}{{range .Log}}its health check ended with exit code {{.ExitCode}} and said {{printf "%q" .Output}}{{println}}{{end}}{{end}}' "$1" | grep . | tail -n 1
    echo "its last log lines:"
    docker logs --tail 10 "$1" 2>&1 | sed 's/^/  /'
  } 2>&1 | grep . | cut -c1-1000 >&2
  exit 1
}

for one in "$@"; do
  name=${one%=*}
  seconds=${one##*=}
  while :; do
    state=$(docker inspect --type container --format '{{.State.Status}} {{with .State.Health}}{{.Status}}{{else}}unchecked{{end}}' "$name") || exit 1
    case $state in
      "running healthy") break ;;
      *" unhealthy") fail "$name" "is unhealthy" ;;
      "running unchecked") fail "$name" "has no health check" ;;
      running* | restarting* | created*) ;;
      *) fail "$name" "is ${state%% *}" ;;
    esac
    [ $(($(date +%s) - begin)) -lt "$seconds" ] || fail "$name" "was not healthy within $seconds s (${state})"
    sleep 0.3
  done
done
