// Which checks a system asks of its host: of folders and of images.
import { checksOf } from "../../../hosts/checks.ts";
import { serviceSpec } from "../../../systems/service-spec.ts";
import type { ServiceSpec } from "../../../systems/spec.ts";

const mount = (source: string, readOnly = false) => ({ source, target: "/x", readOnly });
const service = (name: string, change: Partial<ServiceSpec>) =>
  serviceSpec({ name, path: `robotoff:services.${name}`, image: "a:1", ...change });
const asked = (kind: string, ...services: ServiceSpec[]) =>
  checksOf({ name: "robotoff", project: "robotoff", separator: "_", services, volumes: [] }).filter((check) =>
    check.startsWith(`${kind} `),
  );
const api = (...mounts: ServiceSpec["mounts"]) => service("api", { mounts });
const job = (...mounts: ServiceSpec["mounts"]) => service("checkout", { kind: "job", mounts });
const API = "robotoff:services.api.volumes";
const JOB = "robotoff:services.checkout.volumes";

test.each<[string, ServiceSpec[], string[]]>([
  ["volumes are none", [api(mount("data"), mount("srv/"))], []],
  ["one that is mounted twice is asked once", [api(mount("/srv"), mount("/srv"))], [`folder /srv ${API}`]],
  [
    "a job makes what is below its own",
    [job(mount("/srv")), api(mount("/srv/data"), mount("/srv"))],
    [`folder /srv ${JOB}`, `folder /srv ${API}`],
  ],
  [
    "and not what only begins alike, or ends so",
    [job(mount("/srv")), api(mount("/srv2/data"), mount("/other/srv/"))],
    [`folder /srv ${JOB}`, `folder /srv2/data ${API}`, `folder /other/srv/ ${API}`],
  ],
  [
    "a job makes nothing where it may not write",
    [job(mount("/srv", true)), api(mount("/srv/data"))],
    [`folder /srv ${JOB}`, `folder /srv/data ${API}`],
  ],
  [
    "a job's volume is no folder to make anything in",
    [job(mount("")), api(mount("/srv/data"))],
    [`folder /srv/data ${API}`],
  ],
  [
    "what a service may write, it does not make",
    [service("other", { mounts: [mount("/srv")] }), api(mount("/srv/data"))],
    ["folder /srv robotoff:services.other.volumes", `folder /srv/data ${API}`],
  ],
])("folders: %s", (_what, services, expected) => {
  expect(asked("folder", ...services)).toEqual(expected);
});

test("what has a check of its own is not asked for twice: the folder of backups, and what host:prepare has made", () => {
  const mounts = [{ ...mount("/srv/backups"), path: "host:backups.directory" }, mount("/srv/x"), mount("/srv/x/y")];
  const services = [service("api", { mounts })];
  const prepared = { folders: [{ path: "/srv/x" }], volumes: [], networks: [], sysctl: {} };
  const system = { name: "robotoff", project: "robotoff", separator: "_", services, volumes: [] } as const;
  const checks = checksOf({ ...system, services, volumes: [] }, prepared);
  expect(checks.filter((check) => check.startsWith("folder "))).toEqual([`folder /srv/x/y ${API}`]);
});

test("images that set-up made are asked for; others are pulled", () => {
  const image = (reference: string) => service("api", { image: reference });
  expect(asked("image", image("robotoff-protea/redis:0"))).toEqual(["image robotoff-protea/redis:0"]);
  expect(asked("image", image("redis:7"))).toEqual([]);
  expect(asked("image", image("ghcr.io/robotoff-protea/redis:7"))).toEqual([]);
});

test("a port's address as the kernel has it", () => {
  const ports = (address: string, host: number) =>
    asked("port", service("api", { ports: [{ address, host, container: 1, protocol: "tcp" }] }));
  expect(ports("10.1.0.5", 80)).toEqual(["port 10.1.0.5 80 tcp (0500010A|0{8}|0{32}|0{16}FFFF00000500010A) 0050"]);
  expect(ports("0.0.0.0", 8_000)).toEqual(["port 0.0.0.0 8000 tcp [0-9A-F]+ 1F40"]);
  expect(ports("::1", 8_000)).toEqual(["port ::1 8000 tcp [0-9A-F]+ 1F40"]);
});
