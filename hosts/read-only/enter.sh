#!/bin/sh
# The forced command of a key that may only look (docs/previews.md): what the Docker client says to its engine goes to HAProxy's socket,
# whatever else is asked for is refused.
set -eu
if [ "${SSH_ORIGINAL_COMMAND-}" != "docker system dial-stdio" ]; then
  echo "read-only: this key is for previews; it runs nothing else" >&2
  exit 1
fi
exec docker -H "unix://$(dirname "$0")/run/docker.sock" system dial-stdio
