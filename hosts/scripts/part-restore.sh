#!/bin/sh
# part-restore.sh VERB CONTAINER SCRIPT FOLDER [FROM]: runs a part's verb in a copy of its container, on the host. SCRIPT is the part's,
# FOLDER a path in the container, FROM another folder of backups on the host, which the copy reads at /from. The copy is gone afterwards.
#   restore   what the container only reads is written to. With FROM, as other verbs then: the copy has its variables and its network
#   into      into another server than the container's: nothing is written to here. The copy has the host's network, of this script's variables
#             OTHER_SERVER, OTHER_BUCKET and AWS_SECRET_ACCESS_KEY, and the file that OTHER_CA names. Only one runs at a time (into-bucket.sh)
#   deep      all that it reads is empty, and thrown away with it: FOLDER is restored into that, and compared. A bucket, queues and indices
#             are restored into a server of their own, of the image of the one that runs, which nothing else reaches
set -eu
verb=$1 container=$2 script=$3 folder=$4 from=${5:-}
program=/opt/backup-parts
case $verb in deep) mark=robotoff-protea.verifies ;; into) mark=robotoff-protea.into ;; *) mark=robotoff-protea.restores ;; esac

field() { docker inspect --type container --format "$2" "$1"; }
label() { field "$container" "{{or (index .Config.Labels \"$1\") \"-\"}}"; }
die() { echo "${script##*/}: $*" >&2; exit 1; }

image=$(field "$container" '{{.Image}}')
mounts=$(field "$container" '{{range .Mounts}}{{.Source}}:{{.Destination}}{{println}}{{end}}')
stack=$(label robotoff-protea.stack)
network=none
variables=
server=
copy=
volume=
clean() {
  for one in $copy $server; do docker rm --force --volumes "$one" > /dev/null; done
  [ -z "$volume" ] || docker volume rm "$volume" > /dev/null
  case $network in none | host | container:*) ;; *) docker network rm "$network" > /dev/null ;; esac
}
trap clean EXIT
trap 'exit 130' HUP INT TERM

# What a killed run left: it may still be at work.
docker ps --all --quiet --filter "label=$mark=$container" | while read -r one; do docker rm --force --volumes "$one" > /dev/null; done
docker volume ls --quiet --filter "label=$mark=$container" | while read -r one; do docker volume rm "$one" > /dev/null; done
docker network ls --quiet --filter "label=$mark=$container" | while read -r one; do docker network rm "$one" > /dev/null; done
if [ "$verb" = into ]; then
  network=host
elif [ -n "$from" ]; then
  network=container:$container
  variables=$(field "$container" '{{range .Config.Env}}{{println .}}{{end}}')
fi
set -- --label "$mark=$container" --label "robotoff-protea.stack=$stack"

# image_of SERVICE: of the one that runs.
image_of() {
  of=$(docker ps --quiet --filter "label=com.docker.compose.project=$(label com.docker.compose.project)" --filter "label=com.docker.compose.service=$1")
  [ -n "$of" ] || die "there is no running $1 whose image a scratch one could be of; make up"
  field "$of" '{{.Image}}'
}
# said NAME: a variable of the container that is no secret, with its value.
said() { field "$container" '{{range .Config.Env}}{{println .}}{{end}}' | grep "^$1="; }

# A server's password is made for it, and handed on in the environment.
user=scratch password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
answers=
case $verb:${script##*/} in
  deep:part-bucket*)
    server_image=$(image_of minio)
    network=$(docker network create --internal "$@" "$container-verify")
    export MINIO_ROOT_USER=$user MINIO_ROOT_PASSWORD="$password" MC_HOST_server="http://$user:$password@minio:9000"
    server=$(docker run --detach "$@" --network "$network" --network-alias minio --memory 1g --volume /data --env MINIO_ROOT_USER --env MINIO_ROOT_PASSWORD \
      "$server_image" server /data)
    set -- "$@" --env MC_HOST_server --env "$(said BUCKET)"
    answers='import urllib.request; urllib.request.urlopen("http://minio:9000/minio/health/ready", timeout=2)'
    ;;
  deep:part-rabbitmq*)
    server_image=$(image_of rabbitmq)
    network=$(docker network create --internal "$@" "$container-verify")
    export RABBITMQ_DEFAULT_USER=$user RABBITMQ_DEFAULT_PASS="$password" RABBITMQ_URL="amqp://$user:$password@rabbitmq/"
    server=$(docker run --detach "$@" --network "$network" --network-alias rabbitmq --hostname rabbitmq --memory 1g --volume /var/lib/rabbitmq \
      --env RABBITMQ_DEFAULT_USER --env RABBITMQ_DEFAULT_PASS "$server_image")
    memory=$(said RABBITMQ_MEMORY)
    set -- "$@" --env RABBITMQ_URL --env "$memory"
    # Both listen at the end of its start.
    answers='import socket; [socket.create_connection(("rabbitmq", port), 2) for port in (5672, 15672)]'
    ;;
  deep:part-elasticsearch*)
    server_image=$(image_of elasticsearch)
    network=$(docker network create --internal "$@" "$container-verify")
    # Of both: the one writes the repository there that the other reads.
    volume=$(docker volume create "$@")
    server=$(docker run --detach "$@" --network "$network" --network-alias elasticsearch --memory 2g --volume "$volume:/snapshots" \
      --env discovery.type=single-node --env path.repo=/snapshots --env xpack.security.enabled=false --env ingest.geoip.downloader.enabled=false \
      --env 'ES_JAVA_OPTS=-Xms512m -Xmx512m' "$server_image")
    set -- "$@" --env ELASTIC_URL=http://elasticsearch:9200
    answers='import urllib.request; urllib.request.urlopen("http://elasticsearch:9200", timeout=2)'
    ;;
  into:*)
    set -- "$@" --env OTHER_SERVER --env OTHER_BUCKET --env AWS_SECRET_ACCESS_KEY
    [ ! -s "$OTHER_CA" ] || set -- "$@" --env OTHER_CA=/tmp/authority.pem
    ;;
esac
# What is put aside goes beside the stack's own backups.
own=:ro
case $verb:$from in restore:/*) own= ;; esac
disk=
for mount in $mounts; do
  case $verb:$mount in
    *:/backups) set -- "$@" --volume "$mount$own" ;;
    # Of the container's own servers, which only a restore speaks to.
    deep:*:/run/secrets | into:*) ;;
    *:/run/secrets) set -- "$@" --volume "$mount:ro" ;;
    deep:*:/snapshots) disk=/snapshots; set -- "$@" --volume "$volume:/snapshots" ;;
    deep:*) disk=${mount#*:}; set -- "$@" --volume "$disk" ;;
    *) set -- "$@" --volume "$mount" ;;
  esac
done
[ -z "$from" ] || set -- "$@" --volume "$from:/from:ro"
[ "$verb" != deep ] || set -- "$@" --memory 2g
case $verb in
  # It has another server's key, so nothing of it waits: it is the run, and gone when that ends, also where this script was killed.
  into) set -- "$@" --rm --interactive --entrypoint sh "$image" -s -- into "$folder" ;;
  *) set -- "$@" --entrypoint tail "$image" -f /dev/null ;;
esac
# No variable is in an argument: passwords are among them.
copy=$(printf '%s\n' "$variables" | docker create --env-file /dev/stdin --network "$network" --user 0:0 --security-opt no-new-privileges:true "$@")
if docker cp "$container:$program" - >/dev/null 2>&1; then
  docker cp "$container:$program" - | docker cp - "$copy:${program%/*}"
fi
if [ "$verb" = into ]; then
  docker cp "$OTHER_CA" "$copy:/tmp/authority.pem" > /dev/null 2>&1 || die "the certificate in CA= cannot be handed on"
  code=0
  docker start --attach --interactive "$copy" < "$script" || code=$?
  copy=
  exit "$code"
fi
docker start "$copy" >/dev/null

if [ "$verb" = deep ]; then
  need=$(docker exec "$copy" du -sk "$folder" | cut -f1)
  free=$(docker exec "$copy" df -Pk "${disk:-/}" | tail -n 1 | tr -s ' ' | cut -d' ' -f4)
  [ "$free" -gt "$((need + need / 5))" ] || die "a deep verification needs $((need / 1024)) MiB on Docker's disk, which has $((free / 1024)) MiB free"
fi
if [ -n "$server" ]; then
  until docker exec "$copy" python3 -c "$answers" 2> /dev/null; do
    [ "$(field "$server" '{{.State.Running}}')" = true ] || { docker logs --tail 20 "$server" >&2; die "the scratch server ended"; }
    sleep 0.3
  done
fi
priority=0
[ "$verb" != deep ] || priority=10
docker exec --interactive "$copy" nice -n "$priority" sh -s -- "$verb" "$folder" <"$script"
# Its health check tells of a folder that was lost; now, and not at its next turn.
if [ "$verb" = restore ] && [ "$(field "$container" '{{with .State.Health}}{{.Status}}{{end}}')" = unhealthy ]; then
  docker restart "$container" > /dev/null
fi
