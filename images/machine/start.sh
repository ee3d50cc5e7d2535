#!/bin/sh
# start KEY [WHAT…]: sshd with keys of its own and Debian's settings, for the user off, who may log in with KEY. WHAT runs beside it:
#   engine REGISTRY CGROUP   Docker, which pulls from REGISTRY without TLS, its containers below CGROUP; and cron
#   neighbours REDIS         a registry of images on port 5000, a Redis at the address REDIS
set -eu
ssh-keygen -q -A
mkdir -p /run/sshd
if [ -S /var/run/docker.sock ]; then
  group=$(stat -c %g /var/run/docker.sock)
  getent group "$group" > /dev/null || groupadd --gid "$group" engine
  usermod --append --groups "$group" off
fi
install -d -m 700 -o off -g off /home/off/.ssh
echo "$1" > /home/off/.ssh/authorized_keys
case ${2-} in
  engine)
    rm -f /run/docker.pid
    cron
    dockerd --insecure-registry "$3" --cgroup-parent "$4" >> /var/log/dockerd.log 2>&1 &
    ;;
  neighbours)
    docker-registry serve /etc/docker/registry/config.yml > /var/log/registry.log 2>&1 &
    redis-server --bind "$3" --protected-mode no --save '' --dir /tmp > /var/log/redis.log 2>&1 &
    ;;
esac
exec tini -s -- /usr/sbin/sshd -D -e
