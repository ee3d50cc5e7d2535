#!/bin/sh
# pids-limit.sh LIMIT:CONTAINER,CONTAINER…: how many processes and threads each of these containers may have. Docker keeps it
# with the container, over restarts of both; it changes in place. One that is gone, as a job that has ended after a prune, needs none.
set -u
there=$(docker container ls --all --format '{{.Names}}') || exit 1
for one in "$@"; do
  names=$(echo "${one#*:}" | tr , '\n' | while read -r name; do echo "$there" | grep -Fx -e "$name"; done)
  [ -n "$names" ] || continue
  # shellcheck disable=SC2086 # names of containers, which have no blanks
  docker update --pids-limit "${one%%:*}" $names > /dev/null || exit 1
done
