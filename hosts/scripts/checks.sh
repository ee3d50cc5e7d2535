#!/bin/sh
# checks.sh STACK CHECK…: what must hold on a host before anything is touched. Goes in after machine.sh. Looks, and changes nothing.
# Prints every problem, each with its way out, and exits with 1. A question that docker does not answer ends it: what could not be
# listed must never read as "nothing there". On standard output, a line each:
#   clock SECONDS      the host's, since 1970
#   warning TEXT       what is worth knowing, and in nobody's way
#   missing THING      what prepare.sh will make
#
# A CHECK is words in one argument (hosts/checks.ts makes them; none of the words holds a blank):
#   external volume|network NAME made|FOLDER|-  is there already; or prepare.sh makes it, with FOLDER where a verified backup is there
#   image REFERENCE                        made by set-up, in no registry
#   container|network NAME                 free, or this stack's own
#   adopts NAME                            a container that this stack takes over: its name and ports are as free as its own
#   volume NAME KEY                        free, or this stack's own; KEY: where the stack file declares it external
#   port ADDRESS NUMBER tcp|udp LOCAL HEX  free, or published by this stack; LOCAL and HEX: as /proc/net has them
#   folder PATH KEY                        exists; KEY: where the stack file names it
#   backups PATH                           the folder of backups exists, and has room
#   prepare folder|sysctl WORDS            as machine.sh has them: is so, or prepare.sh may make it so
#   schedule                               something runs this user's jobs
#   layers PATH KEY                        the engine keeps its images' layers there, which root alone sees
#   gpus KEY                               the engine has NVIDIA's runtime; KEY: where the stack file asks for it
#   limit BYTES KEY                        no more memory than the host has; KEY: where the stack file says it
#   limits BYTES                           the sum of all
set -uf
# Docker's API that knows a health check's start interval: Engine 25. And the newest that the Docker provider speaks (Engine 28): an
# engine that takes only later ones is too new. 26.1 was tried.
api_wanted=1.44 api_spoken=1.51
problems="" ways="" stack=$1
shift

problem() {
  problems="$problems
  $*"
}

# way COMMAND: what root has to do, once for all of it.
way() { ways="${ways:+$ways && }$*"; }

report() {
  if [ -n "$ways" ]; then
    problem "what needs root, an administrator of $(uname -n) types there, once: sudo sh -c '$ways'"
  fi
  [ -z "$problems" ] || echo "checks, before any change, found:$problems" >&2
}

# ask COMMAND…: $answer is what the command prints; a command that fails ends the checks.
ask() {
  # docker itself waits for ever.
  answer=$(timeout 60 "$@" 2>&1) && return
  [ $? != 124 ] || answer="the engine does not answer within 60 s: it hangs, or the machine is overloaded (uptime, systemctl status docker)"
  case $3 in -*) asked="$1 $2" ;; *) asked="$1 $2 $3" ;; esac
  report
  echo "checks, before any change: $asked failed: $(echo "$answer" | tail -n 1 | cut -c1-500)" >&2
  exit 1
}

# has LIST NAME: a line of the list begins with this name and a blank; $line is the rest of that line. Looked for by the shell itself, since there
# are many names; cut out by awk, since the shell's own patterns take time by the square of the list's length: 15 s for 450 volumes.
has() {
  case "$newline$1" in *"$newline$2 "*) ;; *) return 1 ;; esac
  line=$(printf '%s\n' "$1" | awk -v name="$2" '$1 == name && !found++ { print substr($0, length($1) + 2) }')
}
newline="
"

# foreign LIST NAME: something of that name is there, and this stack did not make it; $owner is its compose project.
foreign() {
  has "$1" "$2" || return 1
  owner=${line#* }
  owner=${owner%% *}
  [ "${line%% *}" != "$stack" ]
}

made_by() {
  if [ "$owner" = - ]; then echo "that this stack did not make"; else echo "that the compose project $owner made"; fi
}

external() {
  case $1 in
    volume) ! has "$volumes" "$2" || return 0 ;;
    network) ! has "$networks" "$2" || return 0 ;;
  esac
  # Of a lost disk: it comes back with what the backup has. Without one, an empty volume would be taken for the data.
  if [ "$3" = made ] || [ -e "$3/latest" ]; then echo "missing $1 $2"; return; fi
  problem "the $1 $2 does not exist; it is declared external: create it (docker $1 create $2), let it be made on a new host (host:prepare.$1s), or correct the stack file"
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
  users=$(printf '%s\n' "$containers" | awk -v stack="$stack" -v address="$1" -v port="$2" -v protocol="$3" '
    function everywhere(a) { return a == "0.0.0.0" || a == "::" || a == "[::]" || a == "" }
    {
      name = $1; own = $2
      sub(/^[^ ]+ [^ ]+ [^ ]+ ?/, "")
      n = split($0, entries, ", ")
      for (i = 1; i <= n; i++) {
        # 127.0.0.1:5501->5432/tcp, [::]:8000-8002->8000-8002/tcp, or 5432/tcp, which is not published
        if (split(entries[i], sides, "->") != 2 || entries[i] !~ ("/" protocol "$")) continue
        colon = match(sides[1], /:[0-9-]+$/)
        host = substr(sides[1], 1, colon - 1)
        m = split(substr(sides[1], colon + 1), range, "-")
        if (port < range[1] + 0 || port > range[m] + 0) continue
        gsub(/[][]/, "", host)
        if (host == address || everywhere(host) || everywhere(address)) print (own == stack ? "own" : name)
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

# adopts NAME: from here on it counts as this stack's own.
adopts() {
  containers=$(printf '%s\n' "$containers" | awk -v name="$1" -v stack="$stack" '$1 == name { $2 = stack } { print }')
}

# By containerd's store, whose driver is called overlayfs, they are elsewhere.
layers() {
  if [ "$driver" = overlayfs ]; then
    problem "cAdvisor would see no container: this engine keeps layers in containerd's store (docker info: storage driver overlayfs), and it looks for them in Docker's own; switch the engine to overlay2, or leave it out (replicas: 0 beside $2)"
  elif [ "$1" != "$root/image" ]; then
    problem "cAdvisor would see no container: it is given $1, and this engine keeps its data in $root; $2: [$root/image:/var/lib/docker/image:ro]"
  fi
}

gpus() {
  case " $runtimes " in *" nvidia "*) return ;; esac
  problem "$1 asks for GPUs, but the engine has no NVIDIA runtime (docker info); install NVIDIA's container toolkit, or take it out"
}

limit() {
  [ "$1" -le "$memory" ] || problem "$2 is $(human "$1"), more than the host has: $(human "$memory"); lower it"
}

# Limits are upper bounds, and nobody takes his whole: above the host's memory they are no mistake, but worth knowing.
limits() {
  [ "$1" -le "$memory" ] ||
    echo "warning the containers' memory limits add up to $(human "$1"), and the host has $(human "$memory"): should many take theirs at once, the kernel ends processes. docker stats shows what they take"
}

engine() {
  # The last line: docker may warn of its own settings before it.
  # shellcheck disable=SC2046 # three words
  set -- $(echo "$answer" | tail -n 1)
  [ "$(printf '%s\n' "$api_wanted" "$2" | sort -V | head -n 1)" = "$api_wanted" ] ||
    problem "Docker API $2; expected $api_wanted or later (Engine 25)"
  [ "$(printf '%s\n' "$3" "$api_spoken" | sort -V | head -n 1)" = "$3" ] ||
    problem "Docker Engine $1 takes API $3 or later; expected an engine that takes $api_spoken, which is what this program speaks (25 to 29 do)"
}

# each KINDS CHECK…: those of these kinds, in their order.
each() {
  kinds=$1
  shift
  for check in "$@"; do
    # shellcheck disable=SC2086 # words of one argument; set -f keeps them as they are
    set -- $check
    if one_of "$1" "$kinds"; then "$@"; fi
  done
}

of_machine="folder backups prepare schedule"
of_engine="adopts external image container network volume port layers gpus limit limits"
for check in "$@"; do
  if ! one_of "${check%% *}" "$of_machine $of_engine"; then
    echo "checks.sh: unknown check: $check" >&2
    exit 2
  fi
done
echo "clock $(date +%s)"
# What the engine need not be asked for is told even when it does not answer.
each "$of_machine" "$@"
ask docker version --format '{{.Server.Version}} {{.Server.APIVersion}} {{.Server.MinAPIVersion}}'
engine
# shellcheck disable=SC2016 # Docker's template, not the shell's
ask docker info --format '{{.MemTotal}} {{.Driver}} {{.DockerRootDir}}{{range $name, $_ := .Runtimes}} {{$name}}{{end}}'
answer=$(echo "$answer" | tail -n 1)
memory=${answer%% *} driver=${answer#* }
root=${driver#* } driver=${driver%% *}
runtimes=${root#* } root=${root%% *}
owners='{{or (.Label "robotoff-protea.stack") "-"}} {{or (.Label "com.docker.compose.project") "-"}}'
# Of one that does not run Docker tells no ports.
ask docker ps --all --format "{{.Names}} $owners {{.Ports}}"
containers=$answer
ask docker network ls --format "{{.Name}} $owners"
networks=$answer
ask docker volume ls --format "{{.Name}} $owners"
volumes=$answer
images=""
case " $*" in *" image "*)
  ask docker image ls --format '{{.Repository}}:{{.Tag}} {{.ID}}'
  images=$answer
  ;;
esac
full "$root" "Docker's data" "make disk shows what takes it, make reclaim frees images that nothing needs"
each "$of_engine" "$@"
report
[ -z "$problems" ]
