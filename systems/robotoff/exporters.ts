import type { RobotoffSettings } from "../../config/robotoff.ts";
import { networkName, type ServiceSpec } from "../spec.ts";
import { healthcheck } from "../healthchecks.ts";
import { healthy, imageReference, loopback, NOBODY, serviceSpec } from "../service-spec.ts";

/** How gunicorn's statsd names become Prometheus metrics: request durations and counts per application. */
const MAPPING = `mappings:
  - match: "*.gunicorn.request.status.*"
    name: gunicorn_request_status
    labels: { app: "$1", status: "$2" }
  - match: "*.gunicorn.request.duration"
    name: gunicorn_request_duration
    labels: { app: "$1" }
  - match: "*.gunicorn.workers"
    name: gunicorn_workers
    labels: { app: "$1" }
  - match: "*.gunicorn.requests"
    name: gunicorn_requests
    labels: { app: "$1" }
`;

/** What makes the API report to the statsd exporter (upstream's docker/monitor.yml); with the network's suffix, as every server. */
export const reporting = (settings: RobotoffSettings): string[] => [
  `--statsd-host=statsd.${networkName(settings, "servers")}:9125`,
  "--statsd-prefix=robotoff",
];

/** The two Prometheus exporters. Both images carry busybox, hence wget. */
export function robotoffExporters(settings: RobotoffSettings): ServiceSpec[] {
  const answers = (port: number) =>
    healthcheck(["CMD", "wget", "-q", "-O", "/dev/null", `http://127.0.0.1:${port}/metrics`]);
  return [
    serviceSpec({
      name: "statsd",
      image: imageReference(settings.images.statsd),
      command: ["--statsd.mapping-config=/statsd/statsd.conf"],
      user: NOBODY,
      readOnly: false,
      files: [{ path: "/statsd/statsd.conf", content: MAPPING }],
      ports: [loopback(9102, 9102)],
      healthcheck: answers(9102),
    }),
    serviceSpec({
      name: "postgres-exporter",
      image: imageReference(settings.images.postgresExporter),
      user: NOBODY,
      environment: {
        DATA_SOURCE_URI: `postgres:5432/${settings.postgres.database}?sslmode=disable`,
        DATA_SOURCE_USER: settings.postgres.user,
        DATA_SOURCE_PASS: { secret: "robotoff:postgresPassword" },
      },
      secrets: "files",
      ports: [loopback(9187, 9187)],
      healthcheck: answers(9187),
      needs: healthy("postgres"),
    }),
  ];
}
