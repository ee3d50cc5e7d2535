#!/bin/sh
# Writes the configuration for this container's API and DNS server, then becomes nginx.
set -eu
api=${PROTEA_API_URL:-http://api:8000}
dns=$(sed -n 's/^nameserver //p;' /etc/resolv.conf | head -n 1)
sed -e "s#@API@#${api%/}#" -e "s#@DNS@#${dns:-127.0.0.11}#" /etc/nginx/nginx.conf.template > /tmp/nginx.conf
exec nginx -c /tmp/nginx.conf -e stderr
