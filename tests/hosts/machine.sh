#!/bin/sh
# machine.sh NAME FOLDER ROOTFS SHARED START…: one machine of the lab, its own first process: its files are those of ROOTFS, and what it
# writes is on its disk, FOLDER/NAME.disk. SHARED is a folder of this machine's, seen as /var/lib/docker-registry.
# Started by lab.ts in namespaces of its own, but that of its network, which lab.sh made.
set -eu
name=$1 folder=$2 rootfs=$3 shared=$4
shift 4
hostname "$name"
disk=$folder/$name
mkdir -p "$disk"
mount -o loop "$disk.disk" "$disk"
mkdir -p "$disk/files" "$disk/work" "$disk/root" "$disk/docker"
mount -t overlay overlay -o "lowerdir=$rootfs,upperdir=$disk/files,workdir=$disk/work" "$disk/root"
cd "$disk/root"
mkdir -p var/lib/docker var/lib/docker-registry
mount -t proc proc proc
mount -t sysfs sysfs sys
mount --rbind /sys/fs/cgroup sys/fs/cgroup
mount --rbind /dev dev
mount -t tmpfs tmpfs run
mount -t tmpfs tmpfs tmp
# An engine's data cannot be on an overlay.
mount --bind "$disk/docker" var/lib/docker
mount --bind "$shared" var/lib/docker-registry
pivot_root . mnt
umount -l /mnt
# The files of a machine that is run as a container name its resolver; here nothing resolves.
: > /etc/resolv.conf
# What Robotoff's stack files name as MongoDB, which Debian has not: a port that takes connections is all that the miniature asks of it.
case $name in
  proxy) mongodb=10.3.0.101 ;;
  ovh200) mongodb=10.1.0.200 ;;
  *) mongodb= ;;
esac
[ -z "$mongodb" ] || perl -MIO::Socket::INET -e '
  my $port = IO::Socket::INET->new(LocalAddr => "$ARGV[0]:27017", Listen => 5, ReuseAddr => 1) or die "port 27017: $@";
  close($port->accept) while 1' "$mongodb" &
exec start "$@"
