#!/bin/sh
# prepare.sh THING…: makes what the stack file lets be made on a host that does not have it (host:prepare). Goes in after machine.sh,
# before anything else of the stack. Each THING is looked at first: what is as declared is left alone, nothing is removed, and a folder
# that has contents keeps its owner. The checks have found that this user may (checks.sh). Words in one argument:
#   folder PATH OWNER, sysctl NAME LEAST    as machine.sh has them
#   volume NAME [BACKUPS], network NAME     of Docker: that one is there is enough; with BACKUPS only where there is a verified one,
#                                           from which the volume will be filled (fill-postgres.sh, fill-parts.sh)
set -uf
die() { echo "prepare: $*" >&2; exit 1; }

# exists volume|network NAME. A list that fails must not read as "not there".
exists() {
  names=$(docker "$1" ls --format '{{.Name}}') || die "docker $1 ls failed; see above"
  echo "$names" | grep -Fqx "$2"
}

for thing in "$@"; do
  # shellcheck disable=SC2086 # words of one argument; set -f keeps them as they are
  set -- $thing
  kind=$1
  shift
  case $kind in
    folder | sysctl)
      "${kind}_ready" "$@" && continue
      "${kind}_may" "$@" || die "$kind $*: not as declared (host:prepare), and not this user's to make; an administrator types: sudo sh -c '$("${kind}_way" "$@")'"
      way=$("${kind}_way" "$@")
      ;;
    volume | network)
      exists "$kind" "$1" && continue
      if [ $# -gt 1 ] && [ ! -e "$2/latest" ]; then
        die "the $kind $1 does not exist, and no verified backup in $2 could fill it; create it (docker $kind create $1)"
      fi
      way="docker $kind create $1"
      ;;
    *) die "unknown: $thing" ;;
  esac
  echo "prepare: $way"
  sh -c "$way" >&2 || die "$way failed; see above"
done
