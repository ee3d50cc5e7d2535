import type { ServiceSpec } from "../spec.ts";
import { bashHttp, healthcheck, OPENING } from "../healthchecks.ts";
import { ONE_SERVER, serviceSpec, TMP } from "../service-spec.ts";

/** RabbitMQ with management, as the official image runs it. */
export function rabbitmq(args: {
  image: string;
  user: string;
  /** Key of the password's secret. */
  password: string;
  volume: string;
  ports: ServiceSpec["ports"];
  memory: number;
}): ServiceSpec {
  return serviceSpec({
    name: "rabbitmq",
    server: true,
    image: args.image,
    // The image's own. It has no file in the place of the password's variable; the server itself reads that.
    entrypoint: ["docker-entrypoint.sh"],
    command: ["rabbitmq-server"],
    // The node's name, and so its data's folder, is made from the host name: it must outlive the container.
    hostname: "rabbitmq",
    environment: {
      RABBITMQ_DEFAULT_USER: args.user,
      RABBITMQ_DEFAULT_PASS: { secret: args.password },
    },
    ports: args.ports,
    dataPorts: [5672, 15672],
    mounts: [{ source: args.volume, target: "/var/lib/rabbitmq", readOnly: false }],
    // The AMQP listener is opened at the end of the boot, and the management server answers while the broker runs.
    // rabbitmq-diagnostics would start an Erlang VM, a second of processor time, for each check. A connection that
    // sends nothing is not logged.
    healthcheck: healthcheck(
      ["CMD", "bash", "-c", `exec 4<>/dev/tcp/127.0.0.1/5672 || exit 1; ${bashHttp(15672, "/")}`],
      { startPeriod: OPENING },
    ),
    memory: args.memory,
    // As its entrypoint would become; the data is that user's already.
    user: "rabbitmq",
    tmpfs: [TMP, { target: "/var/log/rabbitmq", size: 2 ** 20 }],
    single: ONE_SERVER,
    stopGracePeriod: 60_000,
    urls: { "RabbitMQ management": "http://{15672}/" },
  });
}

/** Declares durable queues. The password reaches rabbitmqadmin by a file: an argument would show in the process list. */
export function queues(args: { image: string; user: string; password: string; queues: string[] }): ServiceSpec {
  const config = "/tmp/rabbitmqadmin.conf";
  const script = [
    "umask 077",
    `printf '[default]\\nhostname = rabbitmq\\nusername = %s\\npassword = %s\\n' "$USERNAME" "$PASSWORD" > ${config}`,
    // The queues are arguments, not part of this text.
    `for queue; do rabbitmqadmin -c ${config} -N default declare queue name="$queue" durable=true; done`,
  ].join("\n");
  return serviceSpec({
    name: "queues",
    kind: "job",
    image: args.image,
    entrypoint: ["sh", "-ec", script, "queues"],
    command: args.queues,
    environment: { USERNAME: args.user, PASSWORD: { secret: args.password } },
    user: "rabbitmq",
    tmpfs: [TMP],
    memory: 256 * 2 ** 20,
    needs: [{ service: "rabbitmq", condition: "service_healthy" }],
  });
}
