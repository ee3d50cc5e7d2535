/** What is checked on the host before anything is touched: all problems at once, then nothing or everything. */
import { STACK_LABEL } from "./container-args.ts";
import { containerName, type System } from "../systems/description.ts";

/** Docker's API that knows a health check's start interval: Engine 25. */
const API = "1.44";

const FUNCTIONS = `problems=""
problem() { problems="$problems
  $*"; }
external() { docker "$1" inspect "$2" >/dev/null 2>&1 || problem "the $1 $2 does not exist; it is declared external: create it, or correct the stack file"; }
name() {
  line=$(echo "$containers" | grep -E "^$1 ") || return 0
  [ "$line" = "$1 $stack" ] || problem "a container $1 exists that this stack did not make; rename or remove it, or change the project name"
}
image() { docker image inspect "$1" >/dev/null 2>&1 || problem "the image $1 is not on this engine; make setup builds it"; }
# port ADDRESS PORT PROTOCOL: taken by another's container, or by a process of the host (sockets in state LISTEN, 0A).
port() {
  users=$(docker ps --filter "publish=$2/$3" --format '{{.Names}} {{.Label "com.docker.compose.project"}}')
  if [ -n "$users" ]; then
    others=$(echo "$users" | awk -v own="$project" '$2 != own { print $1 }' | tr '\\n' ' ')
    [ -z "$others" ] || problem "host port $1:$2 is taken by the container $others"
    return 0
  fi
  if grep -Eqs ": [0-9A-F]+:$(printf %04X "$2") [0-9A-F]+:0000 0A " /proc/net/tcp /proc/net/tcp6; then
    problem "host port $1:$2 is taken by a process of the host (ss -ltnp 'sport = :$2' names it)"
  fi
}
if ! api=$(docker version --format '{{.Server.APIVersion}}' 2>&1); then
  echo "checks, before any change: the Docker engine does not answer: $(echo "$api" | tail -n 1 | cut -c1-500)" >&2
  exit 1
fi
[ "$(printf '%s\\n' ${API} "$api" | sort -V | head -n 1)" = ${API} ] || problem "Docker API $api; expected ${API} or later (Engine 25)"
containers=$(docker ps --all --format '{{.Names}} {{.Label "${STACK_LABEL}"}}')`;

/**
 * The script that checks a host for a system: the engine, external volumes and networks, container names, host
 * ports and local images. Prints every problem and exits 1, or prints nothing.
 * @param localImages references set-up makes, that no registry has
 */
export function preflightScript(system: System, stack: string, localImages: string[]): string {
  const services = system.services;
  const networks = new Set(services.flatMap((service) => service.externalNetworks));
  const checks = [
    ...system.volumes.filter((volume) => volume.external).map((volume) => `external volume ${volume.dockerName}`),
    ...[...networks].map((network) => `external network ${network}`),
    ...localImages.map((image) => `image ${image}`),
    ...services.flatMap((service) =>
      Array.from({ length: service.replicas }, (_, index) => `name ${containerName(system, service.name, index + 1)}`),
    ),
    ...services.flatMap((service) => service.ports).map((port) => `port ${port.address} ${port.host} ${port.protocol}`),
  ];
  return `stack=${stack} project=${system.project}
${FUNCTIONS}
${checks.join("\n")}
[ -z "$problems" ] && exit 0
echo "checks of ${system.name}, before any change, found:$problems" >&2
exit 1`;
}
