#!/bin/sh
# disk.sh ROOT: first line, the KiB that containers' logs take below the engine's data root, or - where this user may not
# look (the folder is root's); then the root's file system. Changes nothing.
set -u
root=$1
if [ -r "$root/containers" ]; then
  du -ck "$root"/containers/*/*-json.log* 2>/dev/null | awk 'END { print $1 + 0 }'
else
  echo -
fi
df -h "$root"
