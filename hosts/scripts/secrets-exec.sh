#!/bin/sh
# exec COMMAND ARG…: runs a command with the files beside this one as variables, each by its name. In a container, as its entrypoint and for
# `docker exec`; by what every shell has in itself, since some images have little more.
for file in "${0%/*}"/*; do
  name=${file##*/}
  [ "$name" != exec ] || continue
  text=
  IFS= read -r text < "$file" || [ -n "$text" ] || { echo "$0: $file cannot be read: make heal" >&2; exit 1; }
  export "$name=$text"
done
unset file name text
exec "$@"
