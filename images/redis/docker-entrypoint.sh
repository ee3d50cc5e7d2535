#!/bin/sh
# Redis by the contract of the official image: options alone mean the server, which runs as the user redis.
set -e
if [ "${1#-}" != "$1" ] || [ "${1%.conf}" != "$1" ]; then set -- redis-server "$@"; fi
if [ "$1" = redis-server ]; then
  if [ "$(id -u)" = 0 ]; then
    find . \! -user redis -exec chown redis '{}' +
    exec setpriv --reuid=redis --regid=redis --clear-groups "$0" "$@"
  fi
  if [ "$(umask)" = 0022 ]; then umask 0077; fi
  # The official image is compiled without protected mode: a container is reached from its network, never from itself alone.
  # A setting of the user's comes later on the line, and wins. A configuration file has to stay the first argument.
  shift
  case ${1:-} in
    '' | -*) set -- redis-server --protected-mode no "$@" ;;
    *) file=$1; shift; set -- redis-server "$file" --protected-mode no "$@" ;;
  esac
fi
exec "$@"
