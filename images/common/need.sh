#!/usr/bin/env bash
# Makes sure a command is there: installs its Debian packages where that can be done, else says what is missing.
# Usage: need.sh COMMAND PACKAGE...
set -euo pipefail
command=$1
shift
command -v "$command" > /dev/null && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
  # A minimal Debian leaves this folder out, and a JDK's package cannot be configured without it.
  mkdir -p /usr/share/man/man1
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"
else
  echo "\"$command\" is needed to build this image: install it (Debian: apt-get install $*), then run this again." >&2
  exit 1
fi
