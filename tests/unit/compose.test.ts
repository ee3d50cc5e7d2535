// The compose file that `make compose` writes: everything a description can say, in Compose's words.
import { composeFile, variables } from "../../engines/compose/file.ts";
import type { SystemSpec } from "../../systems/spec.ts";
import { healthcheck } from "../../systems/healthchecks.ts";
import { serviceSpec } from "../../systems/service-spec.ts";

const api = serviceSpec({
  name: "api",
  image: "robotoff-protea/robotoff:0123456789ab",
  entrypoint: ["tini", "--"],
  command: ["sh", "-c", "echo $HOME"],
  hostname: "api",
  user: "1000",
  environment: {
    PLAIN: "a $5 note",
    PASSWORD: { secret: "robotoff:postgresPassword" },
    URL: ["postgresql://off:", { secret: "robotoff:postgresPassword", encode: "url" }, "@postgres/$db"],
  },
  ports: [
    { address: "127.0.0.1", host: 5500, container: 80, protocol: "tcp" },
    { address: "::1", host: 5501, container: 81, protocol: "udp" },
  ],
  mounts: [
    { source: "data", target: "/data", readOnly: false },
    { source: "/srv/models", target: "/models", readOnly: true },
  ],
  files: [{ path: "/etc/mapping.yml", content: "match: $1\n" }],
  healthcheck: healthcheck(["CMD-SHELL", 'test "$STATE" = ready'], { interval: 90_000, startInterval: 500 }),
  memory: 512 * 2 ** 20,
  memoryReservation: 2 ** 20,
  shmSize: 2 ** 26,
  cpus: 1.5,
  gpus: "all",
  ulimits: [{ name: "memlock", soft: -1, hard: -1 }],
  capAdd: ["CHOWN"],
  readOnly: false,
  tmpfs: [{ target: "/tmp", size: 4_096 }],
  pidsLimit: 64,
  cpuShares: 256,
  stopSignal: "SIGINT",
  stopGracePeriod: 120_000,
  needs: [
    { service: "postgres", condition: "service_healthy" },
    { service: "migrate", condition: "service_completed_successfully" },
  ],
  externalNetworks: ["po_webnet"],
});
const system: SystemSpec = {
  name: "robotoff",
  project: "robotoff",
  separator: "_",
  services: [api],
  volumes: [
    { name: "data", dockerName: "robotoff_data", external: false },
    { name: "backup", dockerName: "old_backup", external: true },
  ],
};

const OWN = {
  default: { name: "robotoff_default" },
  servers: { name: "robotoff_servers", driver_opts: { "com.docker.network.bridge.enable_ip_masquerade": "false" } },
};

test("a whole file", () => {
  expect(composeFile(system)).toEqual({
    name: "robotoff",
    services: {
      api: {
        image: "robotoff-protea/robotoff:0123456789ab",
        pull_policy: "never",
        container_name: "robotoff_api_1",
        entrypoint: ["tini", "--"],
        command: ["sh", "-c", "echo $$HOME"],
        hostname: "api",
        user: "1000",
        environment: {
          PLAIN: "a $$5 note",
          PASSWORD: "${ROBOTOFF_POSTGRES_PASSWORD}",
          URL: "postgresql://off:${ROBOTOFF_POSTGRES_PASSWORD}@postgres/$$db",
        },
        ports: ["127.0.0.1:5500:80/tcp", "[::1]:5501:81/udp"],
        volumes: [
          { type: "volume", source: "data", target: "/data" },
          { type: "bind", source: "/srv/models", target: "/models", read_only: true },
        ],
        configs: [{ source: "api-1", target: "/etc/mapping.yml" }],
        networks: ["servers", "po_webnet"],
        dns: ["127.0.0.1"],
        depends_on: {
          postgres: { condition: "service_healthy" },
          migrate: { condition: "service_completed_successfully" },
        },
        healthcheck: {
          test: ["CMD-SHELL", 'test "$$STATE" = ready'],
          interval: "1m30s",
          timeout: "10s",
          retries: 3,
          start_period: expect.any(String) as string,
          start_interval: "500ms",
        },
        restart: "unless-stopped",
        mem_limit: 536_870_912,
        memswap_limit: 536_870_912,
        mem_reservation: 1_048_576,
        shm_size: 67_108_864,
        cpus: 1.5,
        deploy: {
          resources: { reservations: { devices: [{ driver: "nvidia", count: "all", capabilities: ["gpu"] }] } },
        },
        ulimits: { memlock: { soft: -1, hard: -1 } },
        stop_signal: "SIGINT",
        stop_grace_period: "2m0s",
        logging: { driver: "json-file", options: { "max-size": "10m", "max-file": "3" } },
        security_opt: ["no-new-privileges:true"],
        cap_drop: ["ALL"],
        cap_add: ["CHOWN"],
        tmpfs: ["/tmp:mode=1777,size=4096"],
        pids_limit: 64,
        cpu_shares: 256,
      },
    },
    volumes: { data: { name: "robotoff_data" }, backup: { name: "old_backup", external: true } },
    networks: { ...OWN, po_webnet: { external: true } },
    configs: { "api-1": { content: "match: $$1\n" } },
  });
});

test("several containers of a service are Compose's to name; a job has no health check and is not restarted", () => {
  const services = [
    serviceSpec({ name: "worker", image: "example.org/worker:1", replicas: 3 }),
    serviceSpec({ name: "off", image: "example.org/worker:1", replicas: 0 }),
    serviceSpec({ name: "migrate", image: "example.org/worker:1", kind: "job" }),
  ];
  const file = composeFile({ ...system, services }) as { services: Record<string, Record<string, unknown>> };
  expect(file.services.worker).toMatchObject({ scale: 3 });
  expect(file.services.worker).not.toHaveProperty("container_name");
  expect(file.services.off).toMatchObject({ scale: 0 });
  expect(file.services.migrate).toMatchObject({ restart: "no" });
  expect(file.services.migrate).not.toHaveProperty("healthcheck");
});

test("the secrets that are needed are named, once", () => {
  expect(variables(system)).toEqual(["ROBOTOFF_POSTGRES_PASSWORD"]);
});

test("several secrets are named in order, each word apart", () => {
  const environment = {
    B: { secret: "protea:rabbitmqPassword" },
    A: ["x", { secret: "protea:a-b--c" }],
    C: { secret: "protea:rabbitmqPassword" },
  };
  const services = [serviceSpec({ name: "a", image: "a", environment })];
  expect(variables({ ...system, services })).toEqual(["PROTEA_A_B_C", "PROTEA_RABBITMQ_PASSWORD"]);
});

test("what is not said is left out", () => {
  const services = [serviceSpec({ name: "redis", image: "redis:7", mounts: [] })];
  expect(composeFile({ ...system, services, volumes: [] })).toStrictEqual({
    name: "robotoff",
    services: {
      redis: {
        image: "redis:7",
        container_name: "robotoff_redis_1",
        restart: "unless-stopped",
        mem_limit: 536_870_912,
        memswap_limit: 536_870_912,
        stop_grace_period: "10s",
        logging: { driver: "json-file", options: { "max-size": "10m", "max-file": "3" } },
        cap_drop: ["ALL"],
        read_only: true,
        pids_limit: 512,
        cpu_shares: 512,
        networks: ["servers"],
        dns: ["127.0.0.1"],
        security_opt: ["no-new-privileges:true"],
      },
    },
    networks: OWN,
  });
});

test.each<[string, object]>([
  ["all", { count: "all" }],
  ["2", { count: 2 }],
  ["device=0", { device_ids: ["0"] }],
  ["device=0,GPU-1a", { device_ids: ["0", "GPU-1a"] }],
])("GPUs by docker's %s", (gpus, which) => {
  const services = [serviceSpec({ name: "a", image: "a", gpus })];
  const file = composeFile({ ...system, services }) as { services: { a: { deploy: object } } };
  expect(file.services.a.deploy).toEqual({
    resources: { reservations: { devices: [{ driver: "nvidia", ...which, capabilities: ["gpu"] }] } },
  });
});
