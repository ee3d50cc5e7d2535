#!/bin/sh
# healthy.sh NAME=SECONDS…: waits until every one of these containers is healthy. Each may take its seconds, counted from
# now. As soon as one cannot become healthy any more (Docker calls it unhealthy, it ended, it is gone), or its time is
# over: says which, what its health check said last and its last log lines, and exits with 1.
# It waits for the engine's events: asking again and again, by a docker process each time, took most of a core from the
# servers that start meanwhile. Lines are cut: the plug-in that reads them hangs on one of 64 KiB.
set -u
begin=$(date +%s)
events=$(mktemp -u)
mkfifo -m 600 "$events" || exit 1
listener=
# What is told on the way out is told by fail().
trap '[ -z "$listener" ] || kill "$listener" 2>/dev/null; rm -f "$events"' EXIT

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

# look NAME: returns 0 when it is healthy, 1 while it may become so, and fails when it cannot.
look() {
  state=$(docker inspect --type container --format '{{.State.Status}} {{with .State.Health}}{{.Status}}{{else}}unchecked{{end}}' "$1") || exit 1
  case $state in
    "running healthy") return 0 ;;
    *" unhealthy") fail "$1" "is unhealthy" ;;
    "running unchecked") fail "$1" "has no health check" ;;
    running* | restarting* | created*) return 1 ;;
    *) fail "$1" "is ${state%% *}" ;;
  esac
}

for one in "$@"; do
  name=${one%=*}
  seconds=${one##*=}
  until look "$name"; do
    left=$((begin + seconds - $(date +%s)))
    [ "$left" -gt 0 ] || fail "$name" "was not healthy within $seconds s (${state})"
    # From the beginning on: nothing that happened since the look is missed.
    timeout "$left" docker events --since "$begin" --filter type=container --filter "container=$name" \
      --filter event=health_status --filter event=die --filter event=destroy --format event > "$events" &
    listener=$!
    while read -r _ && ! look "$name"; do :; done < "$events"
    kill "$listener" 2>/dev/null && listener=
    # Ended before its time: the connection was lost.
    [ -z "$listener" ] || sleep 0.3
    listener=
  done
done
