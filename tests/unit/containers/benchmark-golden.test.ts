/** The benchmark's points over every container that the committed stacks declare, and docs/security.md, which is written from them. */
import { readdirSync, readFileSync } from "node:fs";
import { exceptionOf, POINTS } from "../../../engines/docker/benchmark.ts";
import { describeStack } from "../../../systems/stack.ts";
import { expectGolden } from "../support/golden.ts";
import { securityPage } from "../support/security-page.ts";
import { settingsOf } from "../support/settings.ts";
import { committed, fileValues, raw, STACKS } from "../support/stack.ts";

/** Of none of the committed stacks: backups that are copied off the host. */
const copied = describeStack(
  raw({
    ...fileValues("Pulumi.staging.yaml"),
    "host:backups": { directory: "/srv/backups", copy: { repository: "rest:https://backup.example.org/x" } },
  }),
);

const declared = [...STACKS.map((name) => [name, committed(name)] as const), ["copied", copied] as const].flatMap(
  ([name, stack]) =>
    stack.systems.flatMap((system) =>
      system.services
        .filter(({ replicas }) => replicas > 0)
        .map((service) => {
          const container = { Id: "0", Name: service.name, Image: "", ...settingsOf(system, service, 1, name) };
          return {
            where: `${name}: ${system.name}/${service.name}`,
            system: system.name,
            service: service.name,
            container,
          };
        }),
    ),
);

test("the points are those of the benchmark, in its order", () => {
  expect(POINTS.map(({ id }) => id)).toEqual(["4.1", ...Array.from({ length: 32 }, (_, index) => `5.${index + 1}`)]);
});

test.each(POINTS.filter(({ holds }) => holds))("$id $title: for every service, or with a reason", (point) => {
  const open = declared.filter(
    ({ system, service, container }) => !point.holds!(container) && !exceptionOf(point, system, service),
  );
  expect(open.map(({ where }) => where)).toEqual([]);
});

test.each(POINTS.filter(({ exceptions }) => exceptions.length > 0))("$id: no exception that none needs", (point) => {
  const needed = new Set(
    declared.flatMap(({ system, service, container }) =>
      point.holds!(container) ? [] : [exceptionOf(point, system, service)],
    ),
  );
  expect(point.exceptions.filter((one) => !needed.has(one))).toEqual([]);
});

test.each<[string, (container: (typeof declared)[number]["container"]) => unknown]>([
  ["4.1", ({ Config }) => (Config.User = "root:root")],
  ["5.2", ({ HostConfig }) => HostConfig.SecurityOpt!.push("apparmor=unconfined")],
  ["5.3", ({ HostConfig }) => HostConfig.SecurityOpt!.push("label=disable")],
  ["5.4", ({ HostConfig }) => (HostConfig.CapDrop = ["NET_RAW"])],
  ["5.4", ({ HostConfig }) => (HostConfig.CapAdd = ["CAP_CHOWN"])],
  ["5.5", ({ HostConfig }) => (HostConfig.Privileged = true)],
  ["5.6", (one) => (one.Mounts = [{ ...BIND, Source: "/etc" }])],
  ["5.6", (one) => (one.Mounts = [{ ...BIND, Source: "/" }])],
  ["5.7", ({ Config }) => (Config.Cmd = ["/usr/sbin/sshd", "-D"])],
  ["5.8", ({ HostConfig }) => (HostConfig.PortBindings = { "80/tcp": [{ HostIp: "127.0.0.1", HostPort: "80" }] })],
  ["5.9", ({ HostConfig }) => (HostConfig.PublishAllPorts = true)],
  ["5.10", ({ HostConfig }) => (HostConfig.NetworkMode = "host")],
  ["5.11", ({ HostConfig }) => (HostConfig.Memory = 0)],
  ["5.12", ({ HostConfig }) => (HostConfig.CpuShares = 0)],
  ["5.13", ({ HostConfig }) => (HostConfig.ReadonlyRootfs = false)],
  ["5.14", ({ HostConfig }) => (HostConfig.PortBindings = { "80/tcp": [{ HostIp: "", HostPort: "8080" }] })],
  ["5.15", ({ HostConfig }) => (HostConfig.RestartPolicy = { Name: "always", MaximumRetryCount: 0 })],
  ["5.16", ({ HostConfig }) => (HostConfig.PidMode = "host")],
  ["5.17", ({ HostConfig }) => (HostConfig.IpcMode = "host")],
  ["5.18", ({ HostConfig }) => (HostConfig.Devices = [{ PathOnHost: "/dev/fuse" }])],
  ["5.19", ({ HostConfig }) => (HostConfig.Ulimits = [{ Name: "nofile", Soft: 1, Hard: 1 }])],
  ["5.20", (one) => (one.Mounts = [{ ...BIND, Propagation: "rshared" }])],
  ["5.21", ({ HostConfig }) => (HostConfig.UTSMode = "host")],
  ["5.22", ({ HostConfig }) => HostConfig.SecurityOpt!.push("seccomp=unconfined")],
  ["5.25", ({ HostConfig }) => (HostConfig.CgroupParent = "/mine")],
  ["5.26", ({ HostConfig }) => (HostConfig.SecurityOpt = [])],
  ["5.27", ({ Config }) => (Config.Healthcheck = null)],
  ["5.29", ({ HostConfig }) => (HostConfig.PidsLimit = -1)],
  ["5.30", ({ NetworkSettings }) => (NetworkSettings.Networks = { bridge: { Aliases: null, IPAMConfig: null } })],
  ["5.31", ({ HostConfig }) => (HostConfig.UsernsMode = "host")],
  ["5.32", (one) => (one.Mounts = [{ ...BIND, Source: "/var/run/docker.sock" }])],
])("%s is seen where it does not hold", (id, change) => {
  const point = POINTS.find((one) => one.id === id)!;
  // One that has no exception but how often it is restarted.
  const one = structuredClone(declared.find(({ where }) => where === "local: protea/rabbitmq")!.container);
  if (id === "5.15") one.HostConfig.RestartPolicy = { Name: "on-failure", MaximumRetryCount: 5 };
  expect(point.holds!(one)).toBe(true);
  change(one);
  expect(point.holds!(one)).toBe(false);
});

const BIND = { Type: "bind", Name: "", Source: "/srv", Destination: "/x", RW: true, Propagation: "" };

test("5.23: nothing here asks docker exec for privileges", () => {
  const files = readdirSync(".", { recursive: true, encoding: "utf8" }).filter((file) =>
    /^(hosts|operations|components|backups)\/.*\.(ts|sh)$/.test(file),
  );
  expect(files.length).toBeGreaterThan(50);
  expect(files.filter((file) => /exec[^\n]*--privileged/.test(readFileSync(file, "utf8")))).toEqual([]);
});

test("docs/security.md is written from them", () => {
  expectGolden(securityPage(), "docs/security.md");
});
