#!/bin/sh
# aside.sh away SECONDS CONTAINER… | back NAME… | join NETWORK NAME CONTAINER | leave NETWORK CONTAINER…: containers that others take the place
# of, and the way back. Removes nothing.
#   away   each container, by its id, is renamed to NAME-set-aside-TIME, does not start again by itself, and is stopped, within SECONDS; what it
#          was started again for is kept in a file, for the way back. Once more, it changes nothing
#   join   the container answers to NAME in a network that it is not declared to be in: who is not handed over yet asks there
#   leave  and does no more. Both once more change nothing
#   back   each container NAME-set-aside-TIME gets its name and its restart policy back, and is started if it ran
set -eu
verb=$1
shift
kept="$HOME/.local/share/robotoff-protea/aside"

# children CONTAINER: a shell as process 1 (an entrypoint in shell form) passes no signal on, and the container would be killed when its
# time is over: what it runs is told.
children() {
  signal=$(docker inspect --format '{{or .Config.StopSignal "SIGTERM"}}' "$1")
  # shellcheck disable=SC2016 # for the shell in the container
  docker exec "$1" sh -c '
    IFS= read -r name < /proc/1/comm
    case $name in sh | dash | bash | ash) ;; *) exit 0 ;; esac
    for one in /proc/[0-9]*; do
      own=${one#/proc/}
      while read -r key value; do
        if [ "$key" = PPid: ] && [ "$value" = 1 ] && [ "$own" != "$$" ]; then kill -"$0" "$own"; fi
      done < "$one/status" 2> /dev/null || :
    done' "${signal#SIG}" 2> /dev/null || :
}

away() {
  name=$(docker inspect --type container --format '{{.Name}}' "$1")
  name=${name#/}
  case $name in
    *-set-aside-*) ;;
    *)
      aside=$name-set-aside-$(date +%s)
      mkdir -p "$kept"
      # Before anything of it is changed: it is what the way back has.
      docker inspect --format '{{.HostConfig.RestartPolicy.Name}} {{.State.Running}}' "$1" > "$kept/$aside"
      docker rename "$1" "$aside"
      ;;
  esac
  # With `always` it would start again with the engine, beside the one in its place.
  docker update --restart no "$1" > /dev/null
  [ "$(docker inspect --format '{{.State.Running}}' "$1")" = true ] || return 0
  children "$1"
}

back() {
  name=${1%-set-aside-*}
  read -r policy ran < "$kept/$1" || { policy=unless-stopped ran=true; }
  docker rename "$1" "$name"
  docker update --restart "${policy:-no}" "$name" > /dev/null
  [ "$ran" != true ] || docker start "$name" > /dev/null
  rm -f "$kept/$1"
  echo "$name: back"
}

# networks_of CONTAINER: each with a blank around it
networks_of() { docker inspect --format ' {{range $name, $one := .NetworkSettings.Networks}}{{$name}} {{end}}' "$1"; }

case $verb in
  away)
    seconds=$1
    shift
    for container in "$@"; do away "$container"; done
    # All at once: none waits for another's time.
    docker stop --time "$seconds" "$@" > /dev/null
    ;;
  join)
    networks=$(networks_of "$3")
    case $networks in *" $1 "*) ;; *) docker network connect --alias "$2" "$1" "$3" ;; esac
    ;;
  leave)
    network=$1
    shift
    for container in "$@"; do
      networks=$(networks_of "$container")
      case $networks in *" $network "*) docker network disconnect "$network" "$container" ;; esac
    done
    ;;
  back) for container in "$@"; do back "$container"; done ;;
  *) echo "aside.sh: expected away, back, join or leave" >&2; exit 2 ;;
esac
