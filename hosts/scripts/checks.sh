#!/bin/sh
# checks.sh STACK CHECK…: what must hold on a host before anything is touched. Looks, and changes nothing. Prints every
# problem, each with its way out, and exits with 1; or prints nothing. A question that docker does not answer ends it:
# what could not be listed must never read as "nothing there".
#
# A CHECK is words in one argument (hosts/checks.ts makes them; none of the words holds a blank):
#   external volume|network NAME           is there already
#   image REFERENCE                        made by set-up, in no registry
#   container|network NAME                 free, or this stack's own
#   volume NAME KEY                        free, or this stack's own; KEY: where the stack file declares it external
#   port ADDRESS NUMBER tcp|udp LOCAL HEX  free, or published by this stack; LOCAL and HEX: as /proc/net has them
#   folder PATH KEY                        exists; KEY: where the stack file names it
#   gpus KEY                               the engine has NVIDIA's runtime; KEY: where the stack file asks for it
set -uf
# Docker's API that knows a health check's start interval: Engine 25.
api_wanted=1.44
problems="" stack=$1
shift

problem() {
  problems="$problems
  $*"
}

# ask COMMAND…: $answer is what the command prints; a command that fails ends the checks.
ask() {
  answer=$("$@" 2>&1) && return
  case $3 in -*) asked="$1 $2" ;; *) asked="$1 $2 $3" ;; esac
  echo "checks, before any change: $asked failed: $(echo "$answer" | tail -n 1 | cut -c1-500)" >&2
  exit 1
}

# has LIST NAME: a line of the list begins with this name; $line is that line.
has() {
  line=$(printf '%s\n' "$1" | awk -v name="$2" '$1 == name { print; found = 1; exit } END { exit !found }')
}

# foreign LIST NAME: something of that name is there, and this stack did not make it; $owner is its compose project.
foreign() {
  has "$1" "$2" || return 1
  owner=$(echo "$line" | cut -d' ' -f3)
  [ "$(echo "$line" | cut -d' ' -f2)" != "$stack" ]
}

made_by() {
  if [ "$owner" = - ]; then echo "that this stack did not make"; else echo "that the compose project $owner made"; fi
}

external() {
  case $1 in
    volume) has "$volumes" "$2" && return ;;
    network) has "$networks" "$2" && return ;;
  esac
  problem "the $1 $2 does not exist; it is declared external: create it (docker $1 create $2), or correct the stack file"
}

image() {
  has "$images" "$1" || problem "the image $1 is not on this engine; make setup builds it"
}

container() {
  ! foreign "$containers" "$1" ||
    problem "a container $1 exists $(made_by); stop and rename or remove it (its volumes stay), or change the project name"
}

network() {
  ! foreign "$networks" "$1" ||
    problem "a network $1 exists $(made_by); remove it (docker network rm $1, once its containers are gone), or change the project name"
}

# One that exists would silently be taken over, and removed by the next destroy.
volume() {
  ! foreign "$volumes" "$1" ||
    problem "a volume $1 exists $(made_by); declare $2 external to use its data, or change the project name"
}

# port ADDRESS NUMBER PROTOCOL LOCAL HEX: taken by another's container, or by a process of the host.
port() {
  users=$(printf '%s\n' "$published" | awk -F'|' -v stack="$stack" -v address="$1" -v port="$2" -v protocol="$3" '
    function everywhere(a) { return a == "0.0.0.0" || a == "::" || a == "[::]" || a == "" }
    {
      n = split($3, entries, ", ")
      for (i = 1; i <= n; i++) {
        # 127.0.0.1:5501->5432/tcp, [::]:8000-8002->8000-8002/tcp, or 5432/tcp, which is not published
        if (split(entries[i], sides, "->") != 2 || entries[i] !~ ("/" protocol "$")) continue
        colon = match(sides[1], /:[0-9-]+$/)
        host = substr(sides[1], 1, colon - 1)
        m = split(substr(sides[1], colon + 1), range, "-")
        if (port < range[1] + 0 || port > range[m] + 0) continue
        gsub(/[][]/, "", host)
        if (host == address || everywhere(host) || everywhere(address)) print ($2 == stack ? "own" : $1)
      }
    }' | sort -u)
  if [ -n "$users" ]; then
    others=$(echo "$users" | grep -vx own | tr '\n' ' ')
    [ -z "$others" ] || problem "host port $1:$2 is taken by the container ${others% }"
    return 0
  fi
  state=0A
  [ "$3" = tcp ] || state=07
  if grep -Eqs ": $4:$5 [0-9A-F]+:0000 $state " "/proc/net/$3" "/proc/net/$3"6; then
    problem "host port $1:$2 is taken by a process of the host (ss -lnp 'sport = :$2' names it)"
  fi
}

folder() {
  [ -d "$1" ] || problem "the folder $1 does not exist on the host; create it with its data (a bind mount would be an empty one of root's), or correct $2"
}

gpus() {
  case " $runtimes " in *" nvidia "*) return ;; esac
  problem "$1 asks for GPUs, but the engine has no NVIDIA runtime (docker info); install NVIDIA's container toolkit, or take it out"
}

ask docker version --format '{{.Server.APIVersion}}'
[ "$(printf '%s\n' "$api_wanted" "$answer" | sort -V | head -n 1)" = "$api_wanted" ] ||
  problem "Docker API $answer; expected $api_wanted or later (Engine 25)"
owners='{{or (.Label "robotoff-protea.stack") "-"}} {{or (.Label "com.docker.compose.project") "-"}}'
ask docker ps --all --format "{{.Names}} $owners"
containers=$answer
ask docker network ls --format "{{.Name}} $owners"
networks=$answer
ask docker volume ls --format "{{.Name}} $owners"
volumes=$answer
ask docker ps --format '{{.Names}}|{{.Label "robotoff-protea.stack"}}|{{.Ports}}'
published=$answer
images="" runtimes=""
case " $*" in *" image "*)
  ask docker image ls --format '{{.Repository}}:{{.Tag}}'
  images=$answer
  ;;
esac
case " $*" in *" gpus "*)
  # shellcheck disable=SC2016 # Docker's template, not the shell's
  ask docker info --format '{{range $name, $_ := .Runtimes}}{{$name}} {{end}}'
  runtimes=$answer
  ;;
esac

for check in "$@"; do
  # shellcheck disable=SC2086 # words of one argument; set -f keeps them as they are
  set -- $check
  kind=$1
  shift
  case $kind in
    external) external "$@" ;;
    image) image "$@" ;;
    container) container "$@" ;;
    network) network "$@" ;;
    volume) volume "$@" ;;
    port) port "$@" ;;
    folder) folder "$@" ;;
    gpus) gpus "$@" ;;
    *)
      echo "checks.sh: unknown check: $check" >&2
      exit 2
      ;;
  esac
done
[ -z "$problems" ] && exit 0
echo "checks, before any change, found:$problems" >&2
exit 1
