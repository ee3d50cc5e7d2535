// What a stack tells of a system.
import { backupDirectories, systemOutputs } from "../../systems/outputs.ts";
import { serviceSpec } from "../../systems/service-spec.ts";
import type { ServiceSpec, SystemSpec } from "../../systems/spec.ts";
import { committed } from "./support/stack.ts";

const port = (address: string, host: number, container: number) =>
  ({ address, host, container, protocol: "tcp" }) as const;
const service = (change: Partial<ServiceSpec>): ServiceSpec => ({
  ...serviceSpec({ name: "api", image: "a" }),
  ...change,
});
const system = (...services: ServiceSpec[]): SystemSpec => ({
  name: "protea",
  project: "pro",
  separator: "-",
  services,
  volumes: [],
});

test("where each system's backups are, where there are any", () => {
  const { host, systems } = committed("staging");
  expect(backupDirectories(systems, host)).toEqual({
    robotoff: "/srv/backups/robotoff",
    protea: "/srv/backups/protea",
  });
  expect(backupDirectories(systems, { ...host, backups: undefined })).toBeUndefined();
});

test("URLs where they are published, every container, and how to see logs", () => {
  const api = service({
    replicas: 2,
    ports: [port("127.0.0.1", 8001, 8000), port("10.1.0.200", 9000, 9000)],
    urls: { api: "http://{8000}/health", console: "http://{9000}/" },
  });
  const rabbitmq = service({
    name: "rabbitmq",
    ports: [port("0.0.0.0", 15672, 15672)],
    urls: { queues: "http://{15672}/" },
  });
  expect(systemOutputs(system(api, rabbitmq))).toEqual({
    urls: {
      api: "http://127.0.0.1:8001/health",
      console: "http://10.1.0.200:9000/",
      queues: "http://127.0.0.1:15672/",
    },
    containers: ["pro-api-1", "pro-api-2", "pro-rabbitmq-1"],
    logs: "docker compose -p pro logs -f --tail 100 [SERVICE]",
  });
});

test("a service of no containers has none", () => {
  expect(systemOutputs(system(service({ replicas: 0 }))).containers).toEqual([]);
});

test.each<[string, Partial<ServiceSpec>]>([
  ["is not published", { urls: { api: "http://{8000}/" } }],
  ["is another than what is published", { ports: [port("127.0.0.1", 8000, 8001)], urls: { api: "http://{8000}/" } }],
  ["names no port", { ports: [port("127.0.0.1", 8000, 8000)], urls: { api: "http://example/" } }],
])("a URL whose port %s is not told", (_what, change) => {
  expect(systemOutputs(system(service(change))).urls).toStrictEqual({});
});
