// What container arguments are made by, beside the whole arguments of the committed stacks.
import { containerArguments, healthArguments, patience } from "../../../engines/docker/container-args.ts";
import { configHash, labelList } from "../../../engines/docker/labels.ts";
import { connectedTo, healthcheck, listeningOn } from "../../../systems/healthchecks.ts";
import { serviceSpec } from "../../../systems/service-spec.ts";
import type { ServiceSpec } from "../../../systems/spec.ts";

const service = (change: Partial<ServiceSpec>): ServiceSpec => ({
  ...serviceSpec({ name: "api", path: "protea:services.api", image: "a" }),
  ...change,
});
const argumentsOf = (change: Partial<ServiceSpec>, keep = true) => {
  const one = service(change);
  const system = { name: "protea", project: "pro", separator: "-", services: [one], volumes: [] } as const;
  return containerArguments({ ...system, services: [one], volumes: [] }, one, 2, "local", keep);
};

test("a container may take as long as Docker needs to call it unhealthy", () => {
  const check = healthcheck(["CMD", "true"], { startPeriod: 60_000, retries: 3, interval: 20_000, timeout: 5_500 });
  expect(patience(service({ healthcheck: check }))).toBe(137);
  expect(patience(service({}))).toBeUndefined();
});

test("a port is looked for as the kernel has it, four digits of it", () => {
  const looked = (port: number) => [listeningOn(port), connectedTo(port)].map(({ test }) => test[3]);
  expect(looked(80)).toEqual([": [0-9A-F]+:0050 [0-9A-F]+:0000 0A ", ": [0-9A-F]+:[0-9A-F]{4} [0-9A-F]+:0050 01 "]);
});

test("each container of a service is waited for, as long as it may take; what has no check is not", () => {
  const checked = service({ name: "api", replicas: 2, healthcheck: healthcheck(["CMD", "true"], { startPeriod: 0 }) });
  const system = { name: "protea", project: "pro", separator: "-", services: [], volumes: [] } as const;
  const args = healthArguments({ ...system, services: [], volumes: [] }, [checked, service({ name: "tool" })]);
  expect(args).toEqual([`pro-api-1=${patience(checked)}`, `pro-api-2=${patience(checked)}`]);
});

test("a mount of a volume that is not declared is this program's mistake, and told", () => {
  const mounts = [{ source: "none", target: "/a", readOnly: false }];
  expect(() => argumentsOf({ mounts })).toThrow(new Error('protea:services.api: no volume "none"'));
});

test.each([
  [undefined, undefined],
  [1.5, "1.5"],
])("%s cores", (cpus, expected) => {
  expect(argumentsOf({ cpus }).cpus).toBe(expected);
});

test.each([
  ["service", true, false],
  ["service", false, true],
  ["job", true, true],
] as const)("a %s whose anonymous volumes are kept %s: they go with it %s", (kind, keep, gone) => {
  expect(argumentsOf({ kind }, keep)).toMatchObject({ name: "pro-api-2", removeVolumes: gone });
});

test("labels in the provider's form", () => {
  expect(labelList({ b: "1", a: "" })).toEqual([
    { label: "b", value: "1" },
    { label: "a", value: "" },
  ]);
});

test("the order of keys, and what is undefined, are nothing to the hash; the order of lists and a null are", () => {
  const hash = configHash({ a: 1, b: [{ c: 1, d: null }, 2] });
  expect(hash).toMatch(/^[0-9a-f]{64}$/);
  expect(configHash({ b: [{ d: null, c: 1 }, 2], e: undefined, a: 1 })).toBe(hash);
  expect(configHash({ a: 1, b: [2, { c: 1, d: null }] })).not.toBe(hash);
  expect(configHash({ a: 1, b: [{ c: 1 }, 2] })).not.toBe(hash);
});

test("everything a description can say, in the provider's words", () => {
  const whole = service({
    kind: "service",
    image: "postgres:16.3",
    entrypoint: ["tini"],
    command: ["postgres", "-c", "x=1"],
    hostname: "db",
    user: "999",
    externalNetworks: ["po_webnet"],
    ports: [{ address: "127.0.0.1", host: 5501, container: 5432, protocol: "udp" }],
    mounts: [{ source: "/srv/a", target: "/a", readOnly: true }],
    files: [{ path: "/etc/a", content: "text" }],
    healthcheck: {
      test: ["CMD", "x"],
      interval: 90_000,
      timeout: 1_500,
      retries: 4,
      startPeriod: 0,
      startInterval: 500,
    },
    memory: 3 * 2 ** 20,
    memoryReservation: 2 * 2 ** 20,
    shmSize: 2 ** 20,
    gpus: "all",
    ulimits: [{ name: "memlock", soft: -1, hard: 7 }],
    capAdd: ["SETUID", "CHOWN"],
    readOnly: false,
    tmpfs: [{ target: "/tmp", size: 1_024 }],
    cpuShares: 256,
    stopSignal: "SIGINT",
    stopGracePeriod: 1_500,
    restart: "no",
    needs: [
      { service: "a", condition: "service_healthy" },
      { service: "b", condition: "service_completed_successfully" },
    ],
  });
  const system = { name: "protea", project: "pro", separator: "-", services: [whole], volumes: [] } as const;
  const { labels, ...rest } = containerArguments(
    { ...system, services: [whole], volumes: [] },
    whole,
    2,
    "local",
    true,
  );
  expect(rest).toStrictEqual({
    name: "pro-api-2",
    image: "postgres:16.3",
    entrypoints: ["tini"],
    command: ["postgres", "-c", "x=1"],
    hostname: "db",
    user: "999",
    networksAdvanced: [{ name: "pro_servers", aliases: ["api"] }, { name: "po_webnet" }],
    dns: ["127.0.0.1"],
    ports: [{ internal: 5432, external: 5501, ip: "127.0.0.1", protocol: "udp" }],
    mounts: [{ type: "bind", source: "/srv/a", target: "/a", readOnly: true }],
    uploads: [{ file: "/etc/a", content: "text" }],
    healthcheck: {
      ...{
        tests: ["CMD", "x"],
        interval: "1m30s",
        timeout: "1.5s",
        retries: 4,
        startPeriod: "0ms",
        startInterval: "500ms",
      },
    },
    shmSize: 1,
    cpus: undefined,
    gpus: "all",
    ulimits: [{ name: "memlock", soft: -1, hard: 7 }],
    stopSignal: "SIGINT",
    stopTimeout: 2,
    logDriver: "json-file",
    logOpts: { "max-size": "10m", "max-file": "3" },
    securityOpts: ["no-new-privileges:true"],
    capabilities: { adds: ["CAP_CHOWN", "CAP_SETUID"], drops: ["ALL"] },
    readOnly: false,
    tmpfs: { "/tmp": "mode=1777,size=1024" },
    restart: "no",
    cpuShares: 256,
    memory: 3,
    memorySwap: 3,
    memoryReservation: 2,
    start: true,
    mustRun: true,
    destroyGraceSeconds: 2,
    removeVolumes: false,
  });
  expect(labels).toStrictEqual({
    "com.docker.compose.project": "pro",
    "robotoff-protea.stack": "local",
    "com.docker.compose.service": "api",
    "com.docker.compose.container-number": "2",
    "com.docker.compose.oneoff": "False",
    "com.docker.compose.depends_on": "a:service_healthy:false,b:service_completed_successfully:false",
    "com.docker.compose.project.config_files": "",
    "com.docker.compose.project.working_dir": "",
    "com.docker.compose.config-hash": expect.stringMatching(/^[0-9a-f]{64}$/) as string,
  });
  const none = argumentsOf({ kind: "job", restart: "no" });
  expect(none).toMatchObject({ start: false, mustRun: false, healthcheck: undefined, memoryReservation: undefined });
});
