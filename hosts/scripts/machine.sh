#!/bin/sh
# machine.sh: what is looked at on a host beside its engine. Functions alone, for checks.sh and prepare.sh, which go in after it; what the
# former asks for is named as there, and tells `problem TEXT` and `way COMMAND` what it found.
# SYSCTLS, SYSCTL_FILES, SYSTEMD_RUNS: other folders than the kernel's and the host's, for the tests.

# What host:prepare can have made, each a KIND with three functions:
#   KIND_ready WORDS    it is as declared
#   KIND_may WORDS      this user may make it so
#   KIND_way WORDS      the command that makes it so, for prepare.sh, or for an administrator

# folder PATH OWNER: USER or USER:GROUP, by name or number; - is whoever it belongs to, and of one that is made the user that logs in.
folder_ready() {
  [ -d "$1" ] || return 1
  [ "$2" = - ] || { one_of "${2%%:*}" "$(stat -L -c '%u %U' "$1")" && case $2 in *:*) one_of "${2#*:}" "$(stat -L -c '%g %G' "$1")" ;; esac }
}

# One that has contents keeps its owner: what a program does not know it does not give away.
folder_may() {
  if [ -e "$1" ] || [ -L "$1" ]; then [ -d "$1" ] && [ "$(id -u)" = 0 ] && [ -z "$(ls -A "$1" 2>&1)" ]; return; fi
  [ "$(id -u)" = 0 ] || [ "$2" = - ] || one_of "${2%%:*}" "$(id -u) $(id -un)" || return 1
  case $2 in *:*) [ "$(id -u)" = 0 ] || one_of "${2#*:}" "$(id -G) $(id -Gn)" || return 1 ;; esac
  above=$(dirname "$1")
  until [ -e "$above" ]; do above=$(dirname "$above"); done
  [ -d "$above" ] && [ -w "$above" ]
}

folder_way() {
  owner=$2
  [ "$owner" != - ] || owner=$(id -un)
  if [ -d "$1" ]; then echo "chown $owner $1"; else echo "mkdir -p $1 && chown $owner $1"; fi
}

# sysctl NAME LEAST: a setting of the kernel's that is a number.
sysctl_file() { echo "${SYSCTLS:-/proc/sys}/$(echo "$1" | tr . /)"; }
sysctl_ready() { [ "$(cat "$(sysctl_file "$1")" 2> /dev/null || echo -1)" -ge "$2" ] 2> /dev/null; }
sysctl_may() { [ "$(id -u)" = 0 ] && [ -w "$(sysctl_file "$1")" ]; }
# In a file as well, for the next boot.
sysctl_way() { echo "sysctl -q -w $1=$2 && echo $1=$2 >> ${SYSCTL_FILES:-/etc/sysctl.d}/90-robotoff-protea.conf"; }

# one_of WORD WORDS
one_of() { case " $2 " in *" $1 "*) ;; *) return 1 ;; esac }

# human BYTES
human() { echo "$1" | awk '{ if ($1 < 2 ^ 30) printf "%.0f MiB", $1 / 2 ^ 20; else printf "%.1f GiB", $1 / 2 ^ 30 }'; }

folder() {
  [ -d "$1" ] || problem "the folder $1 does not exist on the host; create it with its data (a bind mount would be an empty one of root's), let it be made empty (host:prepare.folders), or correct $2"
}

# An empty one on a host that was lost would say that there is nothing to bring back: it is made by a person, or not at all.
backups() {
  if [ -d "$1" ]; then full "$1" "the backups" "keep fewer (host:backups.keep), or give it a larger disk"; return; fi
  how=$(folder_way "$1" -)
  folder_may "$1" - || { way "$how" && how="see below"; }
  problem "the folder of backups $1 does not exist on the host (host:backups.directory). A new host: make it ($how). One that takes a lost one's place: make it, and bring its backups back (make fetch)"
}

prepare() {
  kind=$1
  shift
  ! "${kind}_ready" "$@" || return 0
  if "${kind}_may" "$@"; then echo "missing $kind $1"; return; fi
  case $kind in
    sysctl)
      if [ -f "$(sysctl_file "$1")" ]; then
        problem "$1 is $(cat "$(sysctl_file "$1")"); expected $2 or more (host:prepare.sysctl)"
        way "$(sysctl_way "$@")"
      else
        problem "the host's kernel has no $1 (host:prepare.sysctl)"
      fi
      ;;
    folder)
      if [ ! -e "$1" ] && [ ! -L "$1" ]; then
        problem "the folder $1 does not exist, and is not this user's to make (host:prepare.folders)"
        way "$(folder_way "$@")"
      elif [ ! -d "$1" ]; then
        problem "$1 is there, and is no folder (host:prepare.folders)"
      elif [ -z "$(ls -A "$1" 2>&1)" ]; then
        problem "the folder $1 belongs to $(stat -L -c %U:%G "$1"); expected $2 (host:prepare.folders)"
        way "$(folder_way "$@")"
      else
        problem "the folder $1 belongs to $(stat -L -c %U:%G "$1"), expected $2 (host:prepare.folders); it has contents, and is left alone. If they may go to $2: sudo $(folder_way "$@")"
      fi
      ;;
  esac
}

# As schedule.sh has it.
schedule() {
  if [ -d "${SYSTEMD_RUNS:-/run/systemd/system}" ]; then
    [ "$(id -u)" != 0 ] || return 0
    [ "$(loginctl show-user "$(id -un)" --property Linger 2> /dev/null)" != Linger=yes ] || return 0
    how="loginctl enable-linger $(id -un)"
  else
    how="apt-get install -y cron"
  fi
  ! command -v crontab > /dev/null 2>&1 || return 0
  problem "nothing runs jobs of $(id -un) on this host while nobody is logged in: neither systemd nor cron (host:backups.schedule)"
  way "$how"
}

# Nearly full is less than 5 % or 10 GiB, whichever is less: from 95 % on Elasticsearch writes no more, and images are of this size.
# https://www.elastic.co/docs/reference/elasticsearch/configuration-reference/cluster-level-shard-allocation-routing-settings
enough=10737418240
# So it is of inodes, of which each file takes one; an image of Python has tens of thousands.
inodes_enough=100000
disks=""

# room PATH: $size and $free, in bytes, of the file system that it is on, $inodes and $unused, and $disk, which names that; fails where it
# cannot be seen.
room() {
  at=$1
  # What lies in a folder that only root may enter (/var/lib/docker with a folder for each of its users) is on that folder's disk.
  until [ -e "$at" ] || [ -x "$(dirname "$at")" ]; do at=$(dirname "$at"); done
  numbers=$(stat -f -c '%i %S %b %a %c %d' "$at" 2> /dev/null) || return 1
  disk=${numbers%% *} unused=${numbers##* }
  inodes=${numbers% *} inodes=${inodes##* }
  size=$(echo "$numbers" | awk '{ printf "%.0f", $2 * $3 }')
  free=$(echo "$numbers" | awk '{ printf "%.0f", $2 * $4 }')
}

# full PATH WHOSE WAY: the disk that it is on is nearly full, or soon; said once of each.
full() {
  if ! room "$1"; then echo "warning the disk of $2, $1, cannot be seen from here"; return; fi
  ! one_of "$disk" "$disks" || return 0
  disks="$disks $disk"
  least=$((size / 20 < enough ? size / 20 : enough))
  left "$free" "$least" "the disk of $2, $1, has $(human "$free") of $(human "$size") free" "$(human "$least")" "$3"
  # btrfs makes them as it needs them, and says that it has 0.
  least=$((inodes / 20 < inodes_enough ? inodes / 20 : inodes_enough))
  left "$unused" "$least" "the disk of $2, $1, has $unused of $inodes inodes free (df -i)" "$least" "$3"
}

# left FREE LEAST TOLD EXPECTED WAY
left() {
  if [ "$1" -lt "$2" ]; then problem "$3; expected $4 at least: $5"
  elif [ "$1" -lt $((2 * $2)) ]; then echo "warning $3: $5"; fi
}
