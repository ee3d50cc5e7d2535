#!/bin/sh
# Writes the configuration for this container's address and DNS server, then becomes nginx.
set -eu
dns=$(sed -n 's/^nameserver //p;' /etc/resolv.conf | head -n 1)
# As Next.js does: it listens where HOSTNAME says, which Docker sets to the container's id unless the stack file has it.
sed -e "s#@HOST@#${HOSTNAME:-0.0.0.0}#" -e "s#@DNS@#${dns:-127.0.0.11}#" /etc/nginx/nginx.conf.template > /tmp/nginx.conf
exec nginx -c /tmp/nginx.conf -e stderr
