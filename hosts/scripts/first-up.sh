#!/bin/sh
# first-up.sh STACK PROJECT: while a stack's state knows nothing yet, none of its containers may be there: they would be
# another checkout's, or another person's. Changes nothing.
set -u
stack=$1
project=$2

found=$(docker ps --all --filter "label=robotoff-protea.stack=$stack" --filter "label=com.docker.compose.project=$project" --format '{{.Names}}') || exit 1
[ -z "$found" ] && exit 0
{
  echo "checks before any change: containers of $project exist that the stack $stack made, but this one's state does not know them:"
  echo "$found" | sed 's/^/  /'
  echo "work where they were made (another checkout? another person?), or remove them there with make destroy"
} >&2
exit 1
