import type { Service } from "../description.ts";
import { healthcheck, ONE_SERVER, OPENING, service } from "../service.ts";

/** A single Elasticsearch node, as the official image runs it. */
export function elasticsearch(args: {
  image: string;
  /** Ask for a user and password. */
  security: boolean;
  /** Key of the secret with the password of the user `elastic`. */
  password: string;
  /** Bytes of Java heap. */
  heap: number;
  mounts: Service["mounts"];
  ports: Service["ports"];
  memory: number;
}): Service {
  const heap = `${Math.floor(args.heap / 2 ** 20)}m`;
  const url = "http://127.0.0.1:9200/_cluster/health?wait_for_status=yellow&timeout=5s";
  // The password goes to curl by standard input: an argument would show in the process list.
  const secured = `printf 'user = "elastic:%s"' "$ELASTIC_PASSWORD" | curl -fsS -o /dev/null -K - '${url}'`;
  return service({
    name: "elasticsearch",
    image: args.image,
    environment: {
      "discovery.type": "single-node",
      "bootstrap.memory_lock": "true",
      ES_JAVA_OPTS: `-Xms${heap} -Xmx${heap}`,
      "xpack.security.http.ssl.enabled": "false",
      ...(args.security ? { ELASTIC_PASSWORD: { secret: args.password } } : { "xpack.security.enabled": "false" }),
    },
    ports: args.ports,
    dataPorts: [9200, 9300],
    mounts: args.mounts,
    ulimits: [
      { name: "memlock", soft: -1, hard: -1 },
      { name: "nofile", soft: 262_144, hard: 262_144 },
    ],
    healthcheck: healthcheck(args.security ? ["CMD-SHELL", secured] : ["CMD", "curl", "-fsS", "-o", "/dev/null", url], {
      startPeriod: OPENING,
    }),
    memory: args.memory,
    single: ONE_SERVER,
    stopGracePeriod: 60_000,
  });
}
