#!/bin/sh
# part-git.sh backup OUT [PREVIOUS] | verify FOLDER | room FOLDER | restore FOLDER | deep FOLDER | empty FOLDER: a git repository, as a bundle of all its refs. Runs in
# the container git-backup, which has the repository, read-only, at /repository; a restore runs in a container of the same
# image that mounts it to be written. sh, git, and what Debian and busybox both have.
set -eu
umask 077
verb=$1 folder=$2 previous=${3:-}
repository=/repository bundle=repository.bundle

fail() {
  echo "git, $verb: $*" >&2
  exit 1
}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' HUP INT TERM
# The repository is somebody else's, and git asks for nothing.
export LC_ALL=C HOME="$scratch" GIT_TERMINAL_PROMPT=0 GIT_OPTIONAL_LOCKS=0
git config --global safe.directory '*'
git config --global advice.detachedHead false

sha256() {
  sum=$(sha256sum "$1")
  echo "${sum%% *}"
}

# Returns when all that was written to a folder's file system is on its disk.
flush() {
  sync -f "$1" 2>/dev/null || sync
}

# said NAME: a text or number that part.json says.
said() {
  sed -n 's/.*"'"$1"'":"\{0,1\}\(\(\\.\|[^",}\\]\)*\).*/\1/p' "$folder/part.json" | sed 's/\\\(.\)/\1/g'
}

# Every ref and what it points to, HEAD too, of a repository.
refs_of() {
  head=$(git -C "$1" rev-parse --quiet --verify HEAD) && echo "$head HEAD"
  git -C "$1" for-each-ref --format='%(objectname) %(refname)'
}

# database_of PART: the database system whose part lies beside this one; one that was made anew is another.
database_of() {
  sed -n 's/.*"system" \{0,1\}: \{0,1\}"\([0-9]*\)".*/\1/p' "${1%/*}/postgres/part.json" 2>/dev/null || true
}

backup() {
  git -C "$repository" rev-parse --git-dir >/dev/null 2>&1 ||
    fail "found no git repository in the folder that protea:repository names"
  bare=$(git -C "$repository" rev-parse --is-bare-repository)
  [ "$(git -C "$repository" rev-parse --is-shallow-repository)" = false ] ||
    fail "found a shallow clone, expected a repository with its history: git fetch --unshallow"
  again=$([ ! -e "$folder" ] || echo again)
  mkdir -p "$folder"
  rm -f "$folder"/*
  linked=false
  # Begun again in the same folder, it is a verification that did not like what was linked.
  if [ -z "$again" ] && [ -f "$previous/refs.txt" ] && refs_of "$repository" | sort | cmp -s - "$previous/refs.txt" &&
    ln "$previous/$bundle" "$folder/$bundle" 2>/dev/null; then
    linked=true
  elif [ -n "$(refs_of "$repository")" ]; then
    git -C "$repository" bundle create --quiet "$folder/$bundle" --all || fail "git bundle create failed"
  fi
  # What the bundle has, not what the repository has by now.
  if [ -f "$folder/$bundle" ]; then
    git bundle list-heads "$folder/$bundle" | sort >"$folder/refs.txt"
  else
    : >"$folder/refs.txt"
  fi
  # A disk that was lost comes back empty: a backup of that, as the newest, would stand before the last good one. Where the
  # database was made anew too, all begins anew.
  [ -s "$folder/refs.txt" ] || [ ! -s "$previous/refs.txt" ] || [ "$(database_of "$folder")" != "$(database_of "$previous")" ] ||
    fail "the repository has no refs, and the backup before has: bring them back (make restore SYSTEM=protea AT=latest ONLY=git), or, where that is meant, make one"
  loose=0
  [ "$bare" = true ] || loose=$(git -C "$repository" status --porcelain | wc -l)
  part
  flush "$folder"
  count=$(wc -l <"$folder/refs.txt")
  how=$([ $linked = true ] && echo "as in the backup before" || echo copied)
  echo "git: $((count)) refs, $how$([ "$loose" -eq 0 ] || echo "; $((loose)) changed or new files of its work tree are in no commit, so not kept")"
  # Only the newest has a ref.
  stashes=$(git -C "$repository" stash list | wc -l)
  [ "$stashes" -lt 2 ] || echo "git: of $((stashes)) stashes the newest is kept, the others are in no ref" >&2
  [ ! -d "$repository/.git/lfs/objects" ] && [ ! -d "$repository/lfs/objects" ] ||
    echo "git: files of Git LFS are not in a bundle, so not kept" >&2
}

part() {
  head=$(git -C "$repository" symbolic-ref --quiet HEAD | sed 's/["\\]/\\&/g') || true
  size=0 digest=""
  if [ -f "$folder/$bundle" ]; then
    size=$(wc -c <"$folder/$bundle")
    digest=$(sha256 "$folder/$bundle")
  fi
  printf '{"part":"git","format":1,"bare":%s,"head":"%s","refs":%d,"bytes":%d,"bundle":"%s","listing":"%s","linked":%s,"uncommitted":%d,"tool":"%s"}\n' \
    "$bare" "$head" "$(wc -l <"$folder/refs.txt")" "$size" "$digest" "$(sha256 "$folder/refs.txt")" $linked "$loose" \
    "$(git --version)" >"$folder/.part.json.new"
  mv "$folder/.part.json.new" "$folder/part.json"
}

differs() {
  echo "$folder/$1" >&2
  exit 1
}

# Clones the bundle to $1, as a repository without a work tree: of a bundle, only a clone reads every byte.
clone() {
  if [ -z "$(said bundle)" ]; then
    git init --quiet --bare "$1"
  else
    git clone --quiet --mirror "$folder/$bundle" "$1" 2>"$scratch/said" || differs "$bundle: $(tail -n 1 "$scratch/said")"
  fi
  git -C "$1" for-each-ref --format='%(objectname) %(refname)' | sort >"$scratch/cloned"
  grep -v ' HEAD$' "$folder/refs.txt" | cmp -s - "$scratch/cloned" || differs "$bundle: its clone has other refs than refs.txt"
  head=$(sed -n 's/ HEAD$//p' "$folder/refs.txt")
  [ -z "$head" ] || git -C "$1" cat-file -e "$head^{commit}" 2>/dev/null || differs "$bundle: its clone lacks the commit of HEAD"
}

verify() {
  [ -f "$folder/part.json" ] || differs "part.json: missing"
  [ "$(said part) $(said format)" = "git 1" ] || differs "part.json: found something else than one line of JSON of part git, format 1"
  for file in refs.txt "$bundle"; do
    case $file in refs.txt) wanted=$(said listing) ;; *) wanted=$(said bundle) ;; esac
    if [ -z "$wanted" ]; then
      [ ! -e "$folder/$file" ] || differs "$file: expected none"
      continue
    fi
    [ -f "$folder/$file" ] || differs "$file: missing"
    [ "$(sha256 "$folder/$file")" = "$wanted" ] || differs "$file: its sha256 is not the one in part.json"
  done
  [ "$(($(wc -l <"$folder/refs.txt")))" = "$(said refs)" ] || differs "part.json: its number of refs is not that of refs.txt"
  clone "$scratch/clone"
}

# Prints `empty` where the repository's folder has nothing of one, a restore that did not end aside.
empty() {
  if [ -e "$repository/.restoring" ] || [ -z "$(refs_of "$repository" 2>/dev/null)" ]; then echo empty; fi
}

# Fails where the repository's disk has not the room for another one.
room() {
  need=$(du -sk "$folder" | cut -f1)
  free=$(df -Pk "$repository" | tail -n 1 | tr -s ' ' | cut -d' ' -f4)
  [ "$free" -gt "$((need + need / 5))" ] || fail "the new data needs $((need / 1024)) MiB beside the old; its disk has $((free / 1024)) MiB free"
}

# The new is made beside, in .restoring; then all that is there moves to .before-TIME, then the new to its place. `step`
# says how far it came, and of which backup.
restore() {
  touch "$repository/.writable" 2>/dev/null ||
    fail "the repository is mounted read-only here: run this in a container that mounts it to be written"
  rm -f "$repository/.writable"
  verify
  beside=$repository/.restoring
  step="" before="" of=""
  [ ! -f "$beside/step" ] || read -r step before of <"$beside/step" || true
  if [ -z "$step" ] || [ "$of" != "$(said listing)" ]; then
    build
    before=.before-$(date -u +%Y%m%dT%H%M%SZ)
    while [ -e "$repository/$before" ]; do
      sleep 1
      before=.before-$(date -u +%Y%m%dT%H%M%SZ)
    done
    step=out of=$(said listing)
    say_step
  fi
  if [ "$step" = out ]; then
    mkdir -p "$repository/$before"
    move "$repository" "$repository/$before"
    step=in
    say_step
  fi
  [ ! -d "$beside/new" ] || move "$beside/new" "$repository"
  flush "$repository"
  rm -rf "$beside/new"
  rm -rf "$beside"
  # What was there was nothing.
  rmdir "$repository/$before" 2>/dev/null && before=""
  echo "git: $(said refs) refs${before:+; what was there is in $before}"
}

say_step() {
  echo "$step $before $of" >"$beside/step.new"
  mv "$beside/step.new" "$beside/step"
}

# move FROM TO: everything in a folder but what this script keeps there.
move() {
  find "$1" -mindepth 1 -maxdepth 1 ! -name .restoring ! -name '.before-*' -exec mv {} "$2/" \;
  [ -z "$(find "$1" -mindepth 1 -maxdepth 1 ! -name .restoring ! -name '.before-*')" ] || fail "not everything in $1 could be moved"
}

build() {
  rm -rf "$beside"
  mkdir "$beside"
  new=$beside/new
  git_folder=$new
  [ "$(said bare)" = true ] || git_folder=$new/.git
  # A repository's files are as readable as its users have them; a backup's are not.
  umask 022
  clone "$git_folder"
  mkdir -p "$git_folder/info"
  # A clone is of the bundle; the repository was of nothing.
  git -C "$git_folder" config --remove-section remote.origin 2>/dev/null || true
  head=$(said head) commit=$(sed -n 's/ HEAD$//p' "$folder/refs.txt")
  if [ -n "$head" ]; then
    git -C "$git_folder" symbolic-ref HEAD "$head"
  elif [ -n "$commit" ]; then
    git -C "$git_folder" update-ref --no-deref HEAD "$commit"
  fi
  if [ "$(said bare)" != true ]; then
    git -C "$git_folder" config core.bare false
    [ -z "$commit" ] || git -C "$new" reset --quiet --hard
  fi
  echo '/.before-*' >>"$git_folder/info/exclude"
  # As its folder's.
  chown -R "$(stat -c %u:%g "$repository")" "$new"
  flush "$repository"
}

case $verb in
  backup) backup ;;
  verify)
    verify
    echo "git: $(said refs) refs, cloned and compared"
    ;;
  room) room ;;
  restore) restore ;;
  deep)
    restore
    git -C "$repository" fsck --full --strict >"$scratch/fsck" 2>&1 || differs "$bundle: restored, git fsck says: $(tail -n 1 "$scratch/fsck")"
    refs_of "$repository" | sort | cmp -s - "$folder/refs.txt" || differs "$bundle: restored, it has other refs than refs.txt"
    ;;
  empty) empty ;;
  *) fail "expected backup, verify, room, restore, deep or empty" ;;
esac
