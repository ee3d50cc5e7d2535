/** What monitoring is, and that nothing of it is there without being asked for. */
import { partsOf } from "../../../backups/parts.ts";
import { composeFile } from "../../../engines/compose/file.ts";
import { backedUp } from "../../../operations/backups/systems.ts";
import { backupDirectories } from "../../../systems/outputs.ts";
import { networkName } from "../../../systems/spec.ts";
import { committed, fileValues, MINIMAL, problemsOf, STACKS } from "../support/stack.ts";
import { fileOf, monitored, monitoringOf } from "./support.ts";

test.each(STACKS)("%s has none unless it says so", (stack) => {
  expect(committed(stack).systems.map(({ name }) => name)).toEqual(["robotoff", "protea"]);
});

test.each(STACKS)("%s watched: the others are as before, but for MinIO's measurements", (stack) => {
  const before = committed(stack).systems;
  const watched = monitored(stack).systems.slice(0, 2);
  const withMeasurements = before.map((system) => ({
    ...system,
    services: system.services.map((service) =>
      service.name === "minio"
        ? { ...service, environment: { ...service.environment, MINIO_PROMETHEUS_AUTH_TYPE: "public" } }
        : service,
    ),
  }));
  expect(watched).toEqual(withMeasurements);
});

test("each exporter is in the network of the one that it asks, and no other", () => {
  const stack = monitored("local");
  const [robotoff, protea] = stack.systems.map((system) => networkName(system, "servers"));
  const joined = Object.fromEntries(
    monitoringOf(stack).services.map(({ name, externalNetworks }) => [name, externalNetworks]),
  );
  expect(joined).toEqual({
    prometheus: [robotoff, protea],
    alertmanager: [],
    "docker-proxy": [],
    "node-exporter": [],
    cadvisor: [],
    "robotoff-postgres-exporter": [robotoff],
    "protea-postgres-exporter": [protea],
    "redis-exporter": [robotoff],
    "elasticsearch-exporter": [robotoff],
    "blackbox-exporter": [robotoff, protea],
  });
});

test("what is not declared is not asked", () => {
  const values = { "robotoff:enabled": false, "protea:services": { minio: { replicas: 0 } } };
  const file = JSON.parse(fileOf(monitored("local", values), "prometheus", "prometheus.yml")) as {
    scrape_configs: { job_name: string }[];
  };
  expect(file.scrape_configs.map(({ job_name }) => job_name)).toEqual([
    ...["node-exporter", "cadvisor", "postgres", "rabbitmq", "rabbitmq-queues", "prometheus", "alertmanager", "pages"],
  ]);
});

test("Docker's socket is one container's alone, and that one only reads", () => {
  const having = monitoringOf(monitored("production")).services.filter(({ mounts }) =>
    mounts.some(({ source }) => source.endsWith("docker.sock")),
  );
  expect(having.map(({ name, mounts }) => [name, mounts[0]!.readOnly])).toEqual([["docker-proxy", true]]);
});

test("published on loopback: two pages, and no exporter", () => {
  const ports = monitoringOf(monitored("staging")).services.flatMap(({ name, ports }) =>
    ports.map(({ address, host }) => `${name} ${address}:${host}`),
  );
  expect(ports).toEqual(["prometheus 127.0.0.1:9090", "alertmanager 127.0.0.1:9093"]);
});

test("secrets are asked for where somebody is told by them", () => {
  const values = {
    ...MINIMAL,
    "monitoring:enabled": true,
    "monitoring:receivers": {
      slack: { channel: "#a" },
      mail: { to: ["a@b.c"], from: "a@b.c", server: "b.c:25", user: "a" },
    },
  };
  const missing = problemsOf(values, { withoutSecrets: false }).filter((problem) => problem.startsWith("monitoring:"));
  expect(missing.map((problem) => problem.split(" (")[0])).toEqual([
    "monitoring:mailPassword: missing secret",
    "monitoring:slackUrl: missing secret",
  ]);
  const file = fileOf(
    monitored("local", { ...values, "robotoff:checkout": fileValues("Pulumi.local.yaml")["robotoff:checkout"] }),
    "alertmanager",
    "alertmanager.yml",
  );
  expect(file).toContain('"api_url_file": "/tmp/secrets/slackUrl"');
});

test.each([
  [{ "monitoring:interval": "500ms" }, "monitoring:interval: found \"500ms\", expected whole seconds from 1s to 1m"],
  [{ "monitoring:receivers": { webhook: "ftp://a" } }, "monitoring:receivers.webhook: found \"ftp://a\", expected a URL such as https://hooks.example.org/alerts"],
  [{ "monitoring:services": { grafana: {} } }, "monitoring:services.grafana"],
])("%j is wrong", (values, problem) => {
  expect(problemsOf({ ...MINIMAL, "monitoring:enabled": true, ...values })[0]).toContain(problem);
}); // prettier-ignore

test("in a compose file the others' networks are external", () => {
  const { networks } = composeFile(monitoringOf(monitored("local"))) as { networks: unknown };
  expect(networks).toEqual({
    default: { name: "monitoring_default" },
    servers: {
      name: "monitoring_servers",
      driver_opts: { "com.docker.network.bridge.enable_ip_masquerade": "false" },
    },
    robotoff_servers: { external: true },
    protea_servers: { external: true },
  });
});

test("nothing of it is kept: a backup of all systems is one of the other two", () => {
  const stack = monitored("staging");
  expect(partsOf(monitoringOf(stack))).toEqual([]);
  expect(Object.keys(backupDirectories(stack.systems, stack.host)!)).toEqual(["robotoff", "protea"]);
  expect(backedUp(stack, { stack: "staging" }).map(({ name }) => name)).toEqual(["robotoff", "protea"]);
  expect(() => backedUp(stack, { stack: "staging", system: "monitoring" })).toThrow(
    "declares no backups of monitoring",
  );
});
