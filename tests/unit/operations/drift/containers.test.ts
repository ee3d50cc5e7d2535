// What `make drift` says of a container: from a real engine's `docker inspect`, changed as a hand could have changed it.
import { declaredFacts, differences } from "../../../../engines/docker/declared-facts.ts";
import { foundFacts } from "../../../../engines/docker/facts.ts";
import { applied } from "../../../../operations/drift/applied.ts";
import type { Container } from "../../../../operations/drift/containers.ts";
import { wantedContainers } from "../../../../operations/drift/wanted.ts";
import type { ServiceSpec } from "../../../../systems/spec.ts";
import {
  engine,
  found,
  NAME,
  NETWORK,
  PASSWORD,
  rows,
  SECRETS_FOLDER,
  SECRETS_URN,
  service,
  state,
} from "../../support/drift.ts";
import { settingsOf } from "../../support/settings.ts";
import { committed, STACKS } from "../../support/stack.ts";

const REPLACE = "make heal: replaced";
const MEMORY = `docker update --memory 512m --memory-swap 512m ${NAME}`;
const RESTART = `docker update --restart unless-stopped ${NAME}`;
const PIDS = `docker update --pids-limit 512 ${NAME}`;
const SHARES = `docker update --cpu-shares 1024 ${NAME}`;
const TMPFS = "mode=1777,size=67108864";
const connect = (words = "--alias rabbitmq") => `docker network connect ${words} ${NETWORK} ${NAME}`;
const disconnect = (network = NETWORK) => `docker network disconnect ${network} ${NAME}`;

/** The rows of a changed container, without its name. */
const changed = (change: (container: Container) => void) =>
  rows(found(({ container }) => change(container))).map((row) => row.replace(`${NAME} | `, ""));
const at = (container: Container) => container.NetworkSettings.Networks![NETWORK]!;

test("as the last up left it: nothing", () => {
  expect(rows(found())).toEqual([]);
});

test.each(STACKS)("%s: every container that is made of its arguments shows no difference", (name) => {
  const stack = committed(name);
  const compared = stack.systems.flatMap((system) =>
    wantedContainers(system, name, false, applied([])).map(({ service, name: container, args }) => {
      const settings = settingsOf(system, service, Number(/\d+$/.exec(container)![0]), name);
      const shows = { Id: "0".repeat(64), Name: `/${container}`, Image: "sha256:1", ...settings };
      return [container, differences(declaredFacts(args), foundFacts(shows), false)];
    }),
  );
  expect(compared.length).toBeGreaterThan(25);
  expect(compared.filter(([, differing]) => differing!.length > 0)).toEqual([]);
});

test.each<[string, string, (container: Container) => void]>([
  ["memory | 512 MiB | 1 GiB", MEMORY, ({ HostConfig }) => (HostConfig.Memory = 2 ** 30)],
  ["memory | 512 MiB | -", MEMORY, ({ HostConfig }) => (HostConfig.Memory = 0)],
  ["memory swap | 512 MiB | unlimited", MEMORY, ({ HostConfig }) => (HostConfig.MemorySwap = -1)],
  ["memory reservation | - | 536870911 B", REPLACE, ({ HostConfig }) => (HostConfig.MemoryReservation = 2 ** 29 - 1)],
  ["restart | unless-stopped | no", RESTART, ({ HostConfig }) => (HostConfig.RestartPolicy.Name = "")],
  [
    "restart | unless-stopped | on-failure, 3 times",
    RESTART,
    ({ HostConfig }) => (HostConfig.RestartPolicy = { Name: "on-failure", MaximumRetryCount: 3 }),
  ],
  ["cpus | - | 0.5", REPLACE, ({ HostConfig }) => (HostConfig.NanoCpus = 5e8)],
  ["cpu shares | 1024 | 512", SHARES, ({ HostConfig }) => (HostConfig.CpuShares = 512)],
  ["cpu shares | 1024 | -", SHARES, ({ HostConfig }) => (HostConfig.CpuShares = 0)],
  ["cpuset cpus | - | 0", REPLACE, ({ HostConfig }) => (HostConfig.CpusetCpus = "0")],
  ["pids limit | 512 | 100", PIDS, ({ HostConfig }) => (HostConfig.PidsLimit = 100)],
  ["pids limit | 512 | -", PIDS, ({ HostConfig }) => (HostConfig.PidsLimit = -1)],
  ["pids limit | 512 | -", PIDS, ({ HostConfig }) => (HostConfig.PidsLimit = null)],
  ["blkio weight | - | 10", REPLACE, ({ HostConfig }) => (HostConfig.BlkioWeight = 10)],
  ["shm size | - | 1 GiB", REPLACE, ({ HostConfig }) => (HostConfig.ShmSize = 2 ** 30)],
  ["privileged | - | true", REPLACE, ({ HostConfig }) => (HostConfig.Privileged = true)],
  ["capability SYS_ADMIN | - | added", REPLACE, ({ HostConfig }) => (HostConfig.CapAdd = ["CAP_SYS_ADMIN"])],
  ["capability SYS_ADMIN | - | added", REPLACE, ({ HostConfig }) => (HostConfig.CapAdd = ["SYS_ADMIN"])],
  ["capability ALL | dropped | -", REPLACE, ({ HostConfig }) => (HostConfig.CapDrop = null)],
  ["readonly rootfs | true | -", REPLACE, ({ HostConfig }) => (HostConfig.ReadonlyRootfs = false)],
  ["masked paths | - | none", REPLACE, ({ HostConfig }) => (HostConfig.MaskedPaths = [])],
  ["readonly paths | - | none", REPLACE, ({ HostConfig }) => (HostConfig.ReadonlyPaths = null)],
  ["pid mode | - | host", REPLACE, ({ HostConfig }) => (HostConfig.PidMode = "host")],
  ["uts mode | - | host", REPLACE, ({ HostConfig }) => (HostConfig.UTSMode = "host")],
  ["ipc mode | private | host", REPLACE, ({ HostConfig }) => (HostConfig.IpcMode = "host")],
  ["runtime | runc | nvidia", REPLACE, ({ HostConfig }) => (HostConfig.Runtime = "nvidia")],
  ["network mode | bridge | host", REPLACE, ({ HostConfig }) => (HostConfig.NetworkMode = "host")],
  ["auto remove | - | true", REPLACE, ({ HostConfig }) => (HostConfig.AutoRemove = true)],
  ["init | - | true", REPLACE, ({ HostConfig }) => (HostConfig.Init = true)],
  ['extra hosts | - | ["minio:10.0.0.9"]', REPLACE, ({ HostConfig }) => (HostConfig.ExtraHosts = ["minio:10.0.0.9"])],
  ['dns | ["127.0.0.1"] | ["10.0.0.9"]', REPLACE, ({ HostConfig }) => (HostConfig.Dns = ["10.0.0.9"])],
  ["tmpfs /run | - | ", REPLACE, ({ HostConfig }) => (HostConfig.Tmpfs!["/run"] = "")],
  [`tmpfs /tmp | ${TMPFS} | -`, REPLACE, ({ HostConfig }) => delete HostConfig.Tmpfs!["/tmp"]],
  [`tmpfs /tmp | ${TMPFS} | mode=1777`, REPLACE, ({ HostConfig }) => (HostConfig.Tmpfs!["/tmp"] = "mode=1777")],
  ['sysctls | - | {"net.core.somaxconn":"1"}', REPLACE, ({ HostConfig }) => (HostConfig.Sysctls = { "net.core.somaxconn": "1" })], // prettier-ignore
  ['devices | - | [{"PathOnHost":"/dev/fuse"}]', REPLACE, ({ HostConfig }) => (HostConfig.Devices = [{ PathOnHost: "/dev/fuse" }])], // prettier-ignore
  ["gpus | - | all", REPLACE, ({ HostConfig }) => (HostConfig.DeviceRequests = [{ Count: -1, DeviceIDs: null, Capabilities: [["gpu"]] }])], // prettier-ignore
  ["gpus | - | device=0,1", REPLACE, ({ HostConfig }) => (HostConfig.DeviceRequests = [{ Count: 0, DeviceIDs: ["0", "1"], Capabilities: [["gpu"]] }])], // prettier-ignore
  ["something new | - | 7", REPLACE, ({ HostConfig }) => (HostConfig.SomethingNew = 7)],
  ["security option no-new-privileges:true | set | -", REPLACE, ({ HostConfig }) => (HostConfig.SecurityOpt = null)],
  [
    "security option seccomp=unconfined | - | set",
    REPLACE,
    ({ HostConfig }) => (HostConfig.SecurityOpt = ["no-new-privileges:true", "seccomp=unconfined"]),
  ],
  ["log driver | json-file | none", REPLACE, ({ HostConfig }) => (HostConfig.LogConfig.Type = "none")],
  ["log option max-file | 3 | -", REPLACE, ({ HostConfig }) => (HostConfig.LogConfig.Config = { "max-size": "10m" })],
  ["ulimit nofile | - | 10:20", REPLACE, ({ HostConfig }) => (HostConfig.Ulimits = [{ Name: "nofile", Soft: 10, Hard: 20 }])], // prettier-ignore
  ["port 5672/tcp | 127.0.0.1:5672 | 0.0.0.0:5672", REPLACE, ({ HostConfig }) => (HostConfig.PortBindings!["5672/tcp"]![0]!.HostIp = "")], // prettier-ignore
  ["port 15672/tcp | 127.0.0.1:15672 | -", REPLACE, ({ HostConfig }) => delete HostConfig.PortBindings!["15672/tcp"]],
  ["port 25672/tcp | - | 127.0.0.1:1", REPLACE, ({ HostConfig }) => (HostConfig.PortBindings!["25672/tcp"] = [{ HostIp: "127.0.0.1", HostPort: "1" }])], // prettier-ignore
  ["hostname | rabbitmq | other", REPLACE, ({ Config }) => (Config.Hostname = "other")],
  ["domainname | - | example.org", REPLACE, ({ Config }) => (Config.Domainname = "example.org")],
  ["user | rabbitmq | 0:0", REPLACE, ({ Config }) => (Config.User = "0:0")],
  ["working dir | - | /tmp", REPLACE, ({ Config }) => (Config.WorkingDir = "/tmp")],
  ["tty | - | true", REPLACE, ({ Config }) => (Config.Tty = true)],
  ['command | ["rabbitmq-server"] | ["sleep","1"]', REPLACE, ({ Config }) => (Config.Cmd = ["sleep", "1"])],
  [
    'entrypoint | ["/run/secrets/exec","docker-entrypoint.sh"] | -',
    REPLACE,
    ({ Config }) => (Config.Entrypoint = null),
  ],
  ["mount /data | - | bind /srv, rslave", REPLACE, ({ Mounts }) => Mounts.push({ Type: "bind", Source: "/srv", Destination: "/data", RW: true, Propagation: "rslave" })], // prettier-ignore
  // As the engine makes it by itself, of what its own folder is in.
  ["mount /data | - | bind /, read-only", REPLACE, ({ Mounts }) => Mounts.push({ Type: "bind", Source: "/", Destination: "/data", RW: false, Propagation: "rslave" })], // prettier-ignore
  ["stop signal | - | SIGKILL", REPLACE, ({ Config }) => (Config.StopSignal = "SIGKILL")],
  ["stop timeout | 60 s | 1 s", REPLACE, ({ Config }) => (Config.StopTimeout = 1)],
  ["stop timeout | 60 s | -", REPLACE, ({ Config }) => delete Config.StopTimeout],
  ["env RABBITMQ_DEFAULT_PASS | - | (set)", REPLACE, ({ Config }) => Config.Env!.push("RABBITMQ_DEFAULT_PASS=other")],
  [`mount /run/secrets | bind ${SECRETS_FOLDER}, read-only | -`, REPLACE, ({ Mounts }) => Mounts.pop()],
  [`mount /run/secrets | bind ${SECRETS_FOLDER}, read-only | bind /tmp/mine, read-only`, REPLACE, ({ Mounts }) => (Mounts.at(-1)!.Source = "/tmp/mine")], // prettier-ignore
  ["env RABBITMQ_DEFAULT_USER | protea | (another value)", REPLACE, ({ Config }) => (Config.Env = Config.Env!.map((one) => one.replace("=protea", "=guest")))], // prettier-ignore
  ["env LANG | C.UTF-8 | -", REPLACE, ({ Config }) => (Config.Env = Config.Env!.filter((one) => !one.startsWith("LANG")))], // prettier-ignore
  ["env DEBUG | - | (set)", REPLACE, ({ Config }) => (Config.Env = [...Config.Env!, "DEBUG=hunter2"])],
  ["label mine | - | yes", REPLACE, ({ Config }) => (Config.Labels!.mine = "yes")],
  ["label com.docker.compose.service | rabbitmq | -", REPLACE, ({ Config }) => delete Config.Labels!["com.docker.compose.service"]], // prettier-ignore
  ["label com.docker.compose.config-hash | HASH | 0", REPLACE, ({ Config }) => (Config.Labels!["com.docker.compose.config-hash"] = "0")], // prettier-ignore
  ["mount /var/lib/rabbitmq | volume protea_rabbitmq_data | volume protea_other", REPLACE, ({ Mounts }) => (Mounts[0]!.Name = "protea_other")], // prettier-ignore
  ["mount /var/lib/rabbitmq | volume protea_rabbitmq_data | anonymous volume", REPLACE, ({ Mounts }) => (Mounts[0]!.Name = "0a".repeat(32))], // prettier-ignore
  ["mount /var/lib/rabbitmq | volume protea_rabbitmq_data | volume protea_rabbitmq_data, read-only", REPLACE, ({ Mounts }) => (Mounts[0]!.RW = false)], // prettier-ignore
  ["mount /data | - | bind /srv, rshared", REPLACE, ({ Mounts }) => Mounts.push({ Type: "bind", Source: "/srv", Destination: "/data", RW: true, Propagation: "rshared" })], // prettier-ignore
  [`network ${NETWORK} | as rabbitmq | -`, connect(), ({ NetworkSettings }) => (NetworkSettings.Networks = {})],
  [
    `network ${NETWORK} | as rabbitmq | without an alias`,
    `${disconnect()} && ${connect()}`,
    (container) => (at(container).Aliases = null),
  ],
  [`network ${NETWORK} | as rabbitmq | as mq, rabbitmq`, `${disconnect()} && ${connect()}`, (container) => (at(container).Aliases = ["rabbitmq", "mq"])], // prettier-ignore
  [`network ${NETWORK} | as rabbitmq | as rabbitmq, {"IPv4Address":"10.0.0.9"}`, `${disconnect()} && ${connect()}`, (container) => (at(container).IPAMConfig = { IPv4Address: "10.0.0.9" })], // prettier-ignore
  ["network other | - | without an alias", disconnect("other"), ({ NetworkSettings }) => (NetworkSettings.Networks!.other = { Aliases: [], IPAMConfig: null })], // prettier-ignore
  ["image id | 87930113f3df | 0123456789ab", REPLACE, (container) => (container.Image = "sha256:0123456789abcdef")],
  ["state | running, healthy | paused", `docker unpause ${NAME}`, ({ State }) => (State.Status = "paused")],
  ["state | running, healthy | exited", "make up", ({ State }) => (State.Status = "exited")],
  ["state | running, healthy | restarting", "make up: make why says why", ({ State }) => (State.Status = "restarting")],
  [
    "state | running, healthy | unhealthy",
    "make up: make why says why",
    ({ State }) => (State.Health!.Status = "unhealthy"),
  ],
])("%s", (expected, mend, change) => {
  const hash = engine().container.Config.Labels!["com.docker.compose.config-hash"]!;
  expect(changed(change)).toEqual([`${expected.replace("HASH", hash)} | ${mend}`]);
});

test("every time of a health check, and whether there is one", () => {
  const check = (change: (check: NonNullable<Container["Config"]["Healthcheck"]>) => void) =>
    changed(({ Config }) => change(Config.Healthcheck!)).map((row) => row.split(" | ")[2]!.replace(/^\[.*\]/, "TEST"));
  const times = "every 30s, timeout 10s, start period 5m0s, start interval 500ms, retries 3";
  expect(check((one) => (one.Interval = 1e9))).toEqual([`TEST, ${times.replace("30s", "1s")}`]);
  expect(check((one) => (one.Timeout = 1e9))).toEqual([`TEST, ${times.replace("10s", "1s")}`]);
  expect(check((one) => (one.StartPeriod = 1e9))).toEqual([`TEST, ${times.replace("5m0s", "1s")}`]);
  expect(check((one) => (one.StartInterval = 1e9))).toEqual([`TEST, ${times.replace("500ms", "1s")}`]);
  expect(check((one) => (one.Retries = 30))).toEqual([`TEST, ${times.replace("retries 3", "retries 30")}`]);
  expect(check((one) => (one.Test = ["NONE"]))).toEqual([`TEST, ${times}`]);
  expect(changed(({ Config }) => (Config.Healthcheck = null))[0]).toMatch(
    /^health check \| \["CMD",.* \| - \| make heal/,
  );
});

test.each<[string, (container: Container) => void]>([
  ["an older engine lists the short id among the aliases", (one) => at(one).Aliases!.push(one.Id.slice(0, 12))],
  ["who made it looked at a terminal", ({ HostConfig }) => (HostConfig.ConsoleSize = [24, 80])],
  ["the order of variables", ({ Config }) => Config.Env!.reverse()],
  ["what only privileges hide", ({ HostConfig, Config }) => {
    HostConfig.MaskedPaths = [...HostConfig.MaskedPaths!, "/proc/new"];
    Config.AttachStdout = true;
  }],
])("no difference: %s", (_, change) => {
  expect(changed(change)).toEqual([]);
}); // prettier-ignore

test("where it was privileged, the paths that are not masked are not told as well", () => {
  const privileged = changed(({ HostConfig }) => {
    Object.assign(HostConfig, { Privileged: true, MaskedPaths: null, ReadonlyPaths: null });
  });
  expect(privileged).toEqual([`privileged | - | true | ${REPLACE}`]);
});

describe("whose container it is", () => {
  const impostor = (container: Container) => {
    container.Id = "f00".padEnd(64, "0");
    container.HostConfig.Privileged = true;
  };

  test("another under its name, with our label or without, is set aside; the rest goes with it", () => {
    expect(changed(impostor)).toEqual([
      "container | af0a59011b09 | f00000000000, which this stack did not make | make heal: stopped, renamed and kept; another in its place",
      "privileged | - | true | with the container",
    ]);
  });

  test("missing; renamed; renamed and another in its place", () => {
    expect(rows({ ...found(), containers: [] })).toEqual([`${NAME} | container | there | missing | make up`]);
    const renamed = found(({ container }) => (container.Name = "/old"));
    const row = `${NAME} | name | ${NAME} | old | docker rename old ${NAME}`;
    expect(rows(renamed)).toEqual([row]);
    const other = engine().container;
    impostor(other);
    const both = rows({ ...renamed, containers: [...renamed.containers, other] });
    expect(both.map((one) => one.split(" | ")[1])).toEqual(["name", "container", "privileged"]);
  });

  test("one that no up has made", () => {
    const resources = state().filter(({ type }) => !type!.includes("Container"));
    expect(rows(found(), service(), resources)[0]).toMatch(
      /\| container \| - \| af0a59011b09, which this stack did not/,
    );
  });
});

describe("a stack file that was changed since the last up", () => {
  const declared = (change: Partial<ServiceSpec>): ServiceSpec => ({ ...service(), ...change });

  test("is not by hand, and said to be not applied", () => {
    const [one, ...others] = rows(found(), declared({ memory: 2 ** 30 }));
    expect([one, others.length]).toEqual([`${NAME} | memory | 1 GiB | 512 MiB | make up: not applied yet`, 1]);
    expect(rows(found(), declared({ hostname: "mq", user: "999" }))).toEqual([
      `${NAME} | user | 999 | rabbitmq | make up: not applied yet`,
      `${NAME} | hostname | mq | rabbitmq | make up: not applied yet`,
    ]);
  });

  test("what is found may be neither of both", () => {
    const host = found(({ container }) => (container.Config.Hostname = "third"));
    expect(rows(host, declared({ hostname: "mq" }))).toEqual([`${NAME} | hostname | mq | third | ${REPLACE}`]);
  });

  test("a secret that was declared since", () => {
    const environment = { ...service().environment, MORE: { secret: "protea:adminToken" } };
    const [row, ...more] = rows(found(), declared({ environment }));
    expect(row).toMatch(/^protea-rabbitmq-1 \| label com.docker.compose.config-hash .* make up: not applied yet$/);
    expect(more).toEqual([]);
  });

  test("an image that no up has looked for has any content; its own settings are not known", () => {
    expect(rows(found(), declared({ image: "rabbitmq:9" })).map((row) => row.split(" | ")[1])).toEqual(["image"]);
  });
});

describe("secrets", () => {
  const FILE = "rabbitmq-0123456789ab/RABBITMQ_DEFAULT_PASS";
  const row = (what: string, is: string) =>
    `protea/rabbitmq-0123456789ab | secret ${what} | (secret) | ${is} | make heal: replaced`;
  const withFiles = (change: (files: Map<string, string>) => unknown) => {
    const host = found();
    change(host.secrets.get("protea")!);
    return host;
  };

  test.each<[string, (files: Map<string, string>) => unknown, string[]]>([
    ["as they were written", () => undefined, []],
    ["another file", (files) => files.set(FILE, "0".repeat(64)), [row("RABBITMQ_DEFAULT_PASS", "(another value)")]],
    ["a file that is gone", (files) => files.delete(FILE), [row("RABBITMQ_DEFAULT_PASS", "missing")]],
    [
      "another program to read them",
      (files) => files.set("rabbitmq-0123456789ab/exec", "0".repeat(64)),
      [row("exec", "(another value)")],
    ],
    ["a whole folder", (files) => files.clear(), [row("RABBITMQ_DEFAULT_PASS", "missing"), row("exec", "missing")]],
  ])("on the host: %s", (_what, change, expected) => {
    expect(rows(withFiles(change))).toEqual(expected);
  });

  test("that were not decrypted may be anything", () => {
    const host = withFiles((files) => files.set(FILE, "0".repeat(64)));
    expect(rows(host, service(), state(service(), false))).toEqual([]);
  });

  test("as variables, by an earlier version: not applied yet", () => {
    const before = ({ container }: ReturnType<typeof engine>) => {
      container.Config.Env!.push(`RABBITMQ_DEFAULT_PASS=${PASSWORD}`);
      container.Mounts.pop();
    };
    const resources = state().map((one) => {
      if (!one.type!.includes("Container")) return one;
      const inputs = one.inputs as { envs: string[]; mounts: unknown[] };
      const envs = [...inputs.envs, `RABBITMQ_DEFAULT_PASS=${PASSWORD}`];
      return { ...one, inputs: { ...inputs, envs, mounts: inputs.mounts.slice(0, -1) } };
    });
    expect(rows(found(before), service(), resources)).toEqual([
      `${NAME} | mount /run/secrets | there | - | make up: not applied yet`,
      `${NAME} | env RABBITMQ_DEFAULT_PASS | - | (set) | make up: not applied yet`,
    ]);
  });

  test("are shown nowhere, wherever somebody has put them", () => {
    const host = found(({ container }) => {
      container.Config.Cmd = ["login", PASSWORD];
      container.Config.Labels![`of-${PASSWORD}`] = `amqp://protea:${PASSWORD}@rabbitmq`;
      container.Config.Env!.push(`COPY=${PASSWORD}`);
    });
    const told = rows(host);
    expect(told).toHaveLength(3);
    expect(told.join("\n")).not.toContain(PASSWORD);
    expect(told.join("\n")).toContain('["login","(secret)"]');
  });

  test("within a URL are as secret", () => {
    const url = ["amqp://protea:", { secret: "protea:rabbitmqPassword", encode: "url" as const }, "@rabbitmq/"];
    const declared = { ...service(), environment: { URL: url } };
    const resources = state(declared);
    const files = resources.find((one) => one.urn === SECRETS_URN)!;
    files.inputs!.stdin = `rabbitmq-0123456789ab\tURL\tamqp://protea:${PASSWORD}@rabbitmq/\n`;
    const told = rows(
      found(({ container: one }) => (one.Config.Cmd = [PASSWORD])),
      declared,
      resources,
    );
    expect(told.join("\n")).toContain('["(secret)"]');
    expect(told.join("\n")).not.toContain(PASSWORD);
  });
});

describe("a job", () => {
  const job = (): ServiceSpec => ({ ...service(), kind: "job", healthcheck: undefined });
  const host = (change: (container: Container) => void = () => undefined) =>
    found(({ container }) => {
      Object.assign(container.State, { Status: "exited", ExitCode: 0, Health: undefined });
      container.Config.Healthcheck = null;
      container.Config.Labels!["com.docker.compose.config-hash"] = labelsOf(job());
      change(container);
    });
  const labelsOf = (one: ServiceSpec) => {
    const { inputs } = state(one).find(({ type }) => type!.includes("Container"))!;
    const labels = inputs!.labels as { label: string; value: string }[];
    return labels.find(({ label }) => label === "com.docker.compose.config-hash")!.value;
  };

  test("that has ended, also where somebody removed its container since", () => {
    expect(rows(host(), job(), state(job()))).toEqual([]);
    const pruned = { ...host(), containers: [] };
    expect(rows(pruned, job(), state(job()), new Map([[NAME, "id"]]))).toEqual([]);
  });

  test.each<[string, Partial<Container["State"]>]>([
    ["failed with exit code 3", { ExitCode: 3 }],
    ["has not run", { Status: "created" }],
    ["has not ended", { Status: "running" }],
  ])("that %s", (what, state_) => {
    const told = rows(
      host((container) => Object.assign(container.State, state_)),
      job(),
      state(job()),
    );
    expect(told).toEqual([`${NAME} | state | ended with exit code 0 | ${what} | make up`]);
  });
});
