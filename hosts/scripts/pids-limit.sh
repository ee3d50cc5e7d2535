#!/bin/sh
# pids-limit.sh LIMIT:CONTAINER,CONTAINER…: how many processes and threads each of these containers may have. Docker keeps it
# with the container, over restarts of both; it changes in place.
set -u
for one in "$@"; do
  # shellcheck disable=SC2046 # names of containers, which have no blanks
  docker update --pids-limit "${one%%:*}" $(echo "${one#*:}" | tr , ' ') > /dev/null || exit 1
done
