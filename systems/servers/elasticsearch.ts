import { SECRETS, type ServiceSpec } from "../spec.ts";
import { healthcheck, OPENING } from "../healthchecks.ts";
import { ONE_SERVER, serviceSpec } from "../service-spec.ts";

/** The service in whose container it is backed up. */
export const ELASTICSEARCH_BACKUP = "elasticsearch-backup";

/** The volume that a backup's snapshots go through, and where the server sees it. */
export const SNAPSHOTS = { volume: "es-snapshots", target: "/usr/share/elasticsearch/snapshots" };

/** A single Elasticsearch node, as the official image runs it. */
export function elasticsearch(args: {
  image: string;
  /** Ask for a user and password. */
  security: boolean;
  /** Key of the secret with the password of the user `elastic`. */
  password: string;
  /** Java's heap: bytes, and where the stack file says so. */
  heap: { bytes: number; path: string };
  mounts: ServiceSpec["mounts"];
  /** Whether it can write snapshots: a folder for them is a setting of its start. */
  snapshots: boolean;
  ports: ServiceSpec["ports"];
  memory: number;
}): ServiceSpec {
  const heap = `${Math.floor(args.heap.bytes / 2 ** 20)}m`;
  const url = "http://127.0.0.1:9200/_cluster/health?wait_for_status=yellow&timeout=5s";
  // The password goes to curl by standard input: an argument would show in the process list.
  const secured = `printf 'user = "elastic:%s"' "\${ELASTIC_PASSWORD:-$(cat ${SECRETS}/ELASTIC_PASSWORD)}" | curl -fsS -o /dev/null -K - '${url}'`;
  return serviceSpec({
    name: "elasticsearch",
    server: true,
    image: args.image,
    // The image's own. It reads ELASTIC_PASSWORD_FILE only where that file is its user's alone, which the host's user cannot make it.
    ...(args.security
      ? { entrypoint: ["/bin/tini", "--", "/usr/local/bin/docker-entrypoint.sh"], command: ["eswrapper"] }
      : {}),
    environment: {
      "discovery.type": "single-node",
      "bootstrap.memory_lock": "true",
      ES_JAVA_OPTS: `-Xms${heap} -Xmx${heap}`,
      "xpack.security.http.ssl.enabled": "false",
      ...(args.snapshots ? { "path.repo": SNAPSHOTS.target } : {}),
      ...(args.security ? { ELASTIC_PASSWORD: { secret: args.password } } : { "xpack.security.enabled": "false" }),
    },
    ports: args.ports,
    dataPorts: [9200, 9300],
    mounts: [
      ...args.mounts,
      ...(args.snapshots ? [{ source: SNAPSHOTS.volume, target: SNAPSHOTS.target, readOnly: false }] : []),
    ],
    ulimits: [
      { name: "memlock", soft: -1, hard: -1 },
      { name: "nofile", soft: 262_144, hard: 262_144 },
    ],
    healthcheck: healthcheck(args.security ? ["CMD-SHELL", secured] : ["CMD", "curl", "-fsS", "-o", "/dev/null", url], {
      startPeriod: OPENING,
    }),
    memory: args.memory,
    readOnly: false,
    memoryNeeds: [{ what: "Java's heap", ...args.heap }],
    single: ONE_SERVER,
    stopGracePeriod: 60_000,
  });
}
