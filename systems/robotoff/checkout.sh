#!/bin/sh
# checkout.sh REPOSITORY COMMIT FOLDER: brings the folders that Robotoff's image lacks (data, cache, datasets, models) to a
# commit of its repository, LFS files included, as upstream's deployment does. It looks first: what is right is left alone,
# and what somebody changed by hand is never overwritten (git names it and refuses).
set -eu
repository=$1 commit=$2 folder=$3
# Files of LFS are fetched below: those of data/ alone, not the pictures of the tests.
export HOME=/tmp GIT_TERMINAL_PROMPT=0 GIT_LFS_SKIP_SMUDGE=1
# Runs as root over the folder of another user.
git config --global safe.directory '*'
git config --global advice.detachedHead false
cd "$folder"

# Docker makes no container whose folder is missing, and a checkout that others made need not have them all. Of the user that Robotoff runs as.
folders() {
  for one in data cache datasets models models/triton; do
    [ -d "$one" ] || { mkdir "$one" && chown 1000:1000 "$one"; }
  done
}

pointers() {
  git lfs ls-files --include data | grep '^[0-9a-f]* - ' || true
}

if [ "$(git rev-parse --quiet --verify HEAD 2>/dev/null)" = "$commit" ] &&
  [ -z "$(git ls-files --deleted -- data cache datasets models)" ] && [ -z "$(pointers)" ]; then
  folders
  echo "$folder is at $commit"
  exit 0
fi

[ -d .git ] || git init --quiet .
git lfs install --local >/dev/null
git remote get-url origin >/dev/null 2>&1 || git remote add origin "$repository"
git remote set-url origin "$repository"
git fetch --quiet --depth 1 origin "$commit"
# Where the folders are volumes they outlive .git, which goes with the container: what is there as the commit has it is right.
if ! git rev-parse --quiet --verify HEAD >/dev/null; then
  git read-tree "$commit"
  if git diff --quiet --diff-filter=d; then
    git update-ref --no-deref HEAD "$commit"
    git ls-files --deleted -z | xargs -0 -r git checkout --quiet --
  else
    git read-tree --empty
  fi
fi
git checkout --quiet --detach "$commit"
# A checkout of the commit that is there restores nothing.
git ls-files --deleted -z -- data cache datasets models | xargs -0 -r git checkout --quiet --
git lfs pull --include data
left=$(pointers)
if [ -n "$left" ]; then
  printf 'LFS left pointers in the place of files:\n%s\n' "$left" >&2
  exit 1
fi
folders
# The user that Robotoff runs as (and, on upstream's hosts, the one who deploys).
chown -R 1000:1000 .
changed=$(git status --short -- data)
[ -z "$changed" ] || printf 'changed by hand, kept:\n%s\n' "$changed"
echo "$folder is now at $commit"
