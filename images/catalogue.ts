// Every image of the stack `local`, by the name of its folder in images/.

export interface Image {
  /** The upstream image, pulled and tagged where an image registry is reachable. Absent: always built here. */
  official?: string;
  /** Folders of images/NAME/artefacts, else of images/common/artefacts, whose output the Dockerfile copies from artefacts/NAME/. */
  artefacts?: string[];
}

export const catalogue: Record<string, Image> = {
  postgres: { official: "postgres:16.3-alpine" },
  pgvector: { official: "pgvector/pgvector:pg16" },
  redis: { official: "redis:7.0.5-alpine" },
  rabbitmq: { official: "rabbitmq:3-management" },
  minio: { official: "minio/minio:RELEASE.2025-09-07T16-13-09Z", artefacts: ["minio", "mc"] },
  mc: { official: "minio/mc:RELEASE.2025-08-13T08-35-41Z", artefacts: ["mc"] },
  elasticsearch: { official: "elasticsearch:8.5.3", artefacts: ["elasticsearch"] },
  // The official image is over 10 GB: `local` always uses the small one.
  triton: {},
  // Carries the repository that `local` checks out; elsewhere alpine/git does.
  git: {},
  // With a server for the tests beside it; elsewhere restic/restic does.
  restic: {},
  // In front of Docker's socket, for who may only look.
  haproxy: { official: "haproxy:3.0" },
  // For the tests alone: another machine, the proxy before it, and what staging and production run that local does not.
  machine: {},
  exporters: { artefacts: ["statsd-exporter"] },
  // Of the system monitoring: Prometheus, Alertmanager and the exporters that are in Debian; and cAdvisor, which is not.
  monitoring: {},
  cadvisor: { official: "ghcr.io/google/cadvisor:0.56.2", artefacts: ["cadvisor"] },
  // Miniatures of the two applications.
  robotoff: {},
  protea: {},
  "protea-frontend": {},
};

/** Debian releases that Dockerfiles start from: `ARG TRIXIE` + `FROM ${TRIXIE}`, the same for BOOKWORM. */
export const bases: Record<string, string> = {
  trixie: "debian:13.1-slim",
  bookworm: "debian:12.12-slim",
};
