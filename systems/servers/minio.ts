import type { EnvironmentValue, Need, ServiceSpec } from "../spec.ts";
import { healthcheck, OPENING } from "../healthchecks.ts";
import { healthy, ONE_SERVER, serviceSpec, TMP } from "../service-spec.ts";

/** MinIO, one drive, console included. */
export function minio(args: {
  image: string;
  user: string;
  /** Key of the password's secret. */
  password: string;
  volume: string;
  ports: ServiceSpec["ports"];
  memory: number;
  /** Its measurements are for whoever reaches it; else each question needs a signed token. */
  monitored?: boolean;
}): ServiceSpec {
  return serviceSpec({
    name: "minio",
    server: true,
    image: args.image,
    command: ["server", "/data", "--console-address", ":9001"],
    environment: {
      MINIO_ROOT_USER: args.user,
      MINIO_ROOT_PASSWORD: { secret: args.password },
      ...(args.monitored ? { MINIO_PROMETHEUS_AUTH_TYPE: "public" } : {}),
    },
    secrets: "files",
    ports: args.ports,
    dataPorts: [9000, 9001],
    mounts: [{ source: args.volume, target: "/data", readOnly: false }],
    healthcheck: healthcheck(["CMD", "curl", "-fsS", "-o", "/dev/null", "http://127.0.0.1:9000/minio/health/ready"], {
      startPeriod: OPENING,
    }),
    memory: args.memory,
    tmpfs: [TMP, { target: "/root/.minio", size: 2 ** 20 }],
    single: ONE_SERVER,
    stopGracePeriod: 30_000,
    urls: { "MinIO console": "http://{9001}/" },
  });
}

/** The server with its user, as MinIO's client takes it from MC_HOST_server. */
export function address(args: { user: string; password: string }): EnvironmentValue {
  return [`http://${args.user}:`, { secret: args.password, encode: "url" }, "@minio:9000"];
}

/**
 * Makes a bucket, unless it is there.
 * @param args.after what it waits for besides the server
 */
export function bucket(args: {
  image: string;
  user: string;
  password: string;
  bucket: string;
  after: Need[];
}): ServiceSpec {
  return serviceSpec({
    name: "bucket",
    kind: "job",
    image: args.image,
    entrypoint: ["mc"],
    command: ["mb", "--ignore-existing", `server/${args.bucket}`],
    user: "1000:1000",
    environment: { MC_HOST_server: address(args), MC_CONFIG_DIR: `${TMP.target}/mc` },
    tmpfs: [TMP],
    memory: 256 * 2 ** 20,
    needs: [...healthy("minio"), ...args.after],
  });
}
