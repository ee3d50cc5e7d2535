/** What is checked on the host before anything is touched: all problems at once, then nothing or everything. */
import { STACK_LABEL } from "./container-args.ts";
import type { Port } from "../config/units.ts";
import { containerNames, networkName, type System } from "../systems/description.ts";

/** Docker's API that knows a health check's start interval: Engine 25. */
const API = "1.44";

const FUNCTIONS = `problems="" unknown=""
problem() { problems="$problems
  $*"; }
external() { docker "$1" inspect "$2" >/dev/null 2>&1 || problem "the $1 $2 does not exist; it is declared external: create it, or correct the stack file"; }
# foreign LIST NAME: something of that name is there, and this stack did not make it
foreign() {
  line=$(echo "$1" | grep -E "^$2 ") || return 1
  [ "$line" != "$2 $stack" ]
}
container() {
  if foreign "$containers" "$1"; then
    problem "a container $1 exists that this stack did not make; rename or remove it, or change the project name"
  elif [ "$first" = first ] && [ -n "$line" ]; then
    unknown="$unknown $1"
  fi
}
network() {
  ! foreign "$networks" "$1" || problem "a network $1 exists that this stack did not make; remove it, or change the project name"
}
# A volume that exists would silently be taken over, and removed by the next destroy.
volume() {
  ! foreign "$volumes" "$1" || problem "a volume $1 exists that this stack did not make; declare $2 external to use its data, or change the project name"
}
image() { docker image inspect "$1" >/dev/null 2>&1 || problem "the image $1 is not on this engine; make setup builds it"; }
# port ADDRESS PORT PROTOCOL SOCKET: taken by another's container, or by a process of the host. SOCKET finds it in the
# kernel's table of the protocol.
port() {
  users=$(docker ps --filter "publish=$2/$3" --format '{{.Names}} {{.Label "com.docker.compose.project"}}')
  if [ -n "$users" ]; then
    others=$(echo "$users" | awk -v own="$project" '$2 != own { print $1 }' | tr '\\n' ' ')
    [ -z "$others" ] || problem "host port $1:$2 is taken by the container $others"
    return 0
  fi
  if grep -Eqs "$4" "/proc/net/$3" "/proc/net/$3"6; then
    problem "host port $1:$2 is taken by a process of the host (ss -lnp 'sport = :$2' names it)"
  fi
}
if ! api=$(docker version --format '{{.Server.APIVersion}}' 2>&1); then
  echo "checks, before any change: the Docker engine does not answer: $(echo "$api" | tail -n 1 | cut -c1-500)" >&2
  exit 1
fi
[ "$(printf '%s\\n' ${API} "$api" | sort -V | head -n 1)" = ${API} ] || problem "Docker API $api; expected ${API} or later (Engine 25)"
containers=$(docker ps --all --format '{{.Names}} {{.Label "${STACK_LABEL}"}}')
networks=$(docker network ls --format '{{.Name}} {{.Label "${STACK_LABEL}"}}')
volumes=$(docker volume ls --format '{{.Name}} {{.Label "${STACK_LABEL}"}}')`;

/**
 * Finds a socket that would be in a port's way in /proc/net/tcp or udp: its address (in the machine's byte order) or
 * every address, its port, and the state LISTEN (0A) or, for udp, bound (07).
 * https://docs.kernel.org/networking/proc_net_tcp.html
 */
function socket({ address, host, protocol }: Port): string {
  const bytes = address.split(".").map((part) => Number(part).toString(16).padStart(2, "0"));
  const own = bytes.length === 4 ? bytes.reverse().join("").toUpperCase() : undefined;
  const every = own === undefined || own === "00000000";
  const local = every ? "[0-9A-F]+" : `(${own}|0{8}|0{32}|0{16}FFFF0000${own})`;
  const port = host.toString(16).toUpperCase().padStart(4, "0");
  return `: ${local}:${port} [0-9A-F]+:0000 ${protocol === "udp" ? "07" : "0A"} `;
}

/**
 * The script that checks a host for a system: the engine, external volumes and networks, local images, that whatever
 * has the name of something declared is this stack's own, and host ports. Prints every problem and exits 1, or prints
 * nothing. With `first` as its second argument, while the state knows nothing yet, no container may be there at all.
 * @param localImages references set-up makes, that no registry has
 */
export function preflightScript(system: System, stack: string, localImages: string[]): string {
  const services = system.services;
  const networks = new Set(services.flatMap((service) => service.externalNetworks));
  const checks = [
    ...system.volumes.filter((volume) => volume.external).map((volume) => `external volume ${volume.dockerName}`),
    ...[...networks].map((network) => `external network ${network}`),
    ...localImages.map((image) => `image ${image}`),
    ...containerNames(system).map((container) => `container ${container}`),
    `network ${networkName(system)}`,
    ...system.volumes
      .filter((volume) => !volume.external)
      .map((volume) => `volume ${volume.dockerName} ${system.name}:volumes.${volume.name}`),
    ...services
      .filter((service) => service.replicas > 0)
      .flatMap((service) => service.ports)
      .map((port) => `port ${port.address} ${port.host} ${port.protocol} '${socket(port)}'`),
  ];
  return `stack=${stack} project=${system.project} first=$2
${FUNCTIONS}
${checks.join("\n")}
[ -z "$unknown" ] || problem "containers of a stack $stack exist that this one's state does not know: work where they were made (another checkout? another person?), or remove them there with make destroy:$unknown"
[ -z "$problems" ] && exit 0
echo "checks of ${system.name}, before any change, found:$problems" >&2
exit 1`;
}
