#!/bin/sh
# secrets.sh folder|write|keep|remove PROJECT …: the secrets of a system, as files that its containers have read-only. Below this user's
# home, in a folder that nobody else but root enters; inside, anybody of the container reads them.
#   folder PROJECT                where they are, in one line, without a link in it: Docker is told of it
#   write PROJECT EXEC            lines of standard input, FOLDER tab NAME tab TEXT: each file appears whole. EXEC, the script beside this
#                                 one, is in every folder as `exec`
#   keep PROJECT FOLDER…          removes all others: no container has them any more
#   remove PROJECT                removes all
set -eu
verb=$1 project=$2
shift 2
umask 077
all=$HOME/.local/share/robotoff-protea/secrets
mkdir -p "$all"
folder=$(cd "$all" && pwd -P)/$project

# put FILE MODE: standard input.
put() {
  cat > "$1.$$"
  chmod "$2" "$1.$$"
  mv "$1.$$" "$1"
}

case $verb in
  folder)
    mkdir -p "$folder"
    printf %s "$folder"
    ;;
  write)
    mkdir -p "$folder"
    exec=$(dirname "$0")/$1
    tab=$(printf '\t')
    while IFS=$tab read -r name file text; do
      mkdir -p "$folder/$name"
      chmod 755 "$folder/$name"
      if [ ! -x "$folder/$name/exec" ] || ! cmp -s "$exec" "$folder/$name/exec"; then put "$folder/$name/exec" 555 < "$exec"; fi
      printf %s "$text" | put "$folder/$name/$file" 444
    done
    ;;
  keep)
    for one in "$folder"/*/; do
      [ -d "$one" ] || continue
      name=$(basename "$one")
      case " $* " in *" $name "*) ;; *) rm -rf "$one" ;; esac
    done
    ;;
  remove) rm -rf "$folder" ;;
esac
