#!/usr/bin/env bash
# RabbitMQ by the contract of the official image: see docs/images.md.
set -euo pipefail

if [[ $1 == rabbitmq* ]] && [ "$(id -u)" = 0 ]; then
  if [ "$1" = rabbitmq-server ]; then
    # Left to Erlang, the first command makes the cookie: a `docker exec NAME rabbitmqctl …` of root's that comes before the
    # server is up would own it, and the server could not read it.
    cookie=/var/lib/rabbitmq/.erlang.cookie
    if [ ! -e $cookie ]; then (umask 077 && head -c 256 /dev/urandom | tr -dc A-Z0-9 > $cookie); fi
    find /var/lib/rabbitmq \! -user rabbitmq -exec chown rabbitmq '{}' +
  fi
  export HOME=/var/lib/rabbitmq
  exec setpriv --reuid=rabbitmq --regid=rabbitmq --init-groups "$0" "$@"
fi

# The official image refuses what it no longer reads, rather than starting without it. So does this one.
for name in RABBITMQ_DEFAULT_PASS_FILE RABBITMQ_DEFAULT_USER_FILE RABBITMQ_VM_MEMORY_HIGH_WATERMARK; do
  if [ -n "${!name:-}" ]; then
    echo "error: $name is set but deprecated: use a configuration file in /etc/rabbitmq/conf.d" >&2
    exit 1
  fi
done
exec "$@"
