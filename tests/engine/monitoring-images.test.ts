// The contract that the images of monitoring keep, pulled or built here, as images.test.ts has it for servers: by the very command, user,
// files and health check that are declared, each answers Prometheus, is not healthy without its program, and stops in order.
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import type { ServiceSpec } from "../../systems/spec.ts";
import { describeStack } from "../../systems/stack.ts";
import { commandOf, Container, runOnce, setUp, tearDown, type Setting } from "./images.harness.ts";
import { flat } from "./stack.harness.ts";

const folder = mkdtempSync(join(tmpdir(), "rp-monitoring-"));
beforeAll(() => {
  setUp();
  chmodSync(folder, 0o755);
});
afterAll(() => {
  tearDown();
  rmSync(folder, { recursive: true });
});

const { config } = parse(readFileSync("Pulumi.local.yaml", "utf8")) as { config: Record<string, unknown> };
const values = flat({ ...config, "monitoring:enabled": true });
const { services } = describeStack({ stack: "local", values, secretKeys: new Set() }).systems.find(({ name }) => name === "monitoring")!; // prettier-ignore
const spec = (name: string): ServiceSpec => services.find((service) => service.name === name)!;
/** robotoff-protea/NAME:TAG */
const imageOf = ({ image }: ServiceSpec) => image.split("/")[1]!.split(":")[0]!;

/** A file of a container's, here: the images do not have the folders. */
function written({ path, content }: ServiceSpec["files"][number]): string {
  const file = join(folder, path.replaceAll("/", "_"));
  writeFileSync(file, content, { mode: 0o644 });
  return file;
}

/** As it is declared, but for its networks and other systems' folders. */
function declared(
  { entrypoint = [], command = [], environment, files, user }: ServiceSpec,
  options: string[],
): Setting {
  const [first, ...rest] = entrypoint;
  const texts = Object.entries(environment).filter((one): one is [string, string] => typeof one[1] === "string");
  return {
    env: Object.fromEntries(texts),
    args: [...rest, ...command],
    options: [
      ...(first ? ["--entrypoint", first] : []),
      ...(user ? ["--user", user] : []),
      ...files.flatMap((file) => ["--volume", `${written(file)}:${file.path}:ro`]),
      ...options,
    ],
  };
}

/** What it answers, of which this is a part, and what else it needs of the host. */
const ROWS: [service: string, page: string, told: RegExp, options?: string[]][] = [
  ["prometheus", ":9090/api/v1/rules", /"name":"ContainerDown"/],
  ["alertmanager", ":9093/api/v2/status", /group_by/],
  ["node-exporter", ":9100/metrics", /^node_filesystem_avail_bytes\{.*mountpoint="\/"/m, ["--volume", "/:/host:ro"]],
  ["blackbox-exporter", ":9115/probe?module=page&target=http://127.0.0.1:9115/", /^probe_success 1$/m],
  // Whom they ask is not there: they say so.
  ["protea-postgres-exporter", ":9187/metrics", /^pg_up 0$/m],
  ["redis-exporter", ":9121/metrics", /^redis_up 0$/m],
  ["elasticsearch-exporter", ":9114/metrics", /^elasticsearch_exporter_build_info/m],
];

/** A Go program that does not listen to SIGTERM ends by it, or with 2; 137 would be that it was killed. */
const IN_ORDER = [0, 2, 143];

test.each(ROWS)("%s answers, is not healthy without its program, and stops in order", async (name, page, told, options = []) => {
  const service = spec(name);
  const check = commandOf(service.healthcheck!.test);
  const container = new Container(imageOf(service), declared(service, options));
  await container.until(check);
  expect(container.run("wget", "-q", "-O", "-", `http://127.0.0.1${page}`)).toMatch(told);
  expect(container.run("id", "-u")).toBe("65534");
  expect(IN_ORDER).toContain(container.stop());
  container.remove();
  const [entrypoint, ...rest] = check;
  expect([0, 126, 127]).not.toContain(runOnce(imageOf(service), ["--entrypoint", entrypoint!], ...rest).code);
}); // prettier-ignore

test("cAdvisor tells of every container whether it is there and healthy, by Docker's names", async () => {
  const service = spec("cadvisor");
  const mounts = ["/sys:/sys:ro", "/var/lib/docker/image:/var/lib/docker/image:ro", "/var/run/docker.sock:/run/read-only/docker.sock:ro"];
  const container = new Container(imageOf(service), declared(service, mounts.flatMap((one) => ["--volume", one])));
  const seen = new Container("redis", { options: ["--label", "com.docker.compose.project=seen", "--health-cmd", "redis-cli ping", "--health-interval", "1s"] });
  await container.until(commandOf(service.healthcheck!.test));
  const asked = `wget -q -O - http://127.0.0.1:8080/metrics | grep -E '^(container_last_seen|container_health_state|container_memory_working_set_bytes)[{].*name="${seen.name}"'`;
  await container.until(["sh", "-c", `${asked} | grep -q 'health_state.* 1'`]);
  const lines = container.run("sh", "-c", asked);
  for (const measured of ["container_last_seen", "container_memory_working_set_bytes"])
    expect(lines).toMatch(new RegExp(`^${measured}\\{.*container_label_com_docker_compose_project="seen".*\\} [1-9]`, "m"));
  expect(IN_ORDER).toContain(container.stop());
  for (const one of [seen, container]) one.remove();
}); // prettier-ignore
