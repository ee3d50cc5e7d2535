#!/bin/sh
# lab.sh: a laptop, a proxy and two hosts in network namespaces, on one machine. Runs as the first process of namespaces of its own
# (lab.ts starts it): when it ends, all of it ends.
#
#   laptop 198.51.100.2 -- 198.51.100.1 proxy 10.1.0.1, 10.3.0.101 -- 10.1.0.200 ovh200, 10.1.0.201 ovh201
#
# Nothing here has a default route, and nobody forwards a packet: from the laptop a host is reached by SSH through the proxy alone,
# and what is sent to another address goes nowhere.
set -eu
# Names of network namespaces are files, and only this process and what it starts have these.
mount -t tmpfs tmpfs /run
ip link set lo up
for name in proxy ovh200 ovh201; do
  ip netns add "$name"
  ip -n "$name" link set lo up
done

# Of the range for documentation (RFC 5737), which no network has.
ip link add outside type veth peer name outside netns proxy
ip addr add 198.51.100.2/24 dev outside
ip link set outside up
ip -n proxy addr add 198.51.100.1/24 dev outside
ip -n proxy link set outside up

ip -n proxy link add inside type bridge
ip -n proxy addr add 10.1.0.1/24 dev inside
# What production's stack file names as Product Opener's server.
ip -n proxy addr add 10.3.0.101/24 dev inside
ip -n proxy link set inside up
for last in 200 201; do
  ip -n proxy link add "ovh$last" type veth peer name eth0 netns "ovh$last"
  ip -n proxy link set "ovh$last" master inside up
  ip -n "ovh$last" addr add "10.1.0.$last/24" dev eth0
  ip -n "ovh$last" addr add "10.3.0.$last/24" dev eth0
  ip -n "ovh$last" link set eth0 up
done
echo ready
# Waits for what ends meanwhile: whoever loses its parent is given to the first process.
while :; do
  sleep 86400 &
  wait $!
done
