/** Every rule of a single field, by the whole message a person reads. */
import { MINIMAL, problemsOf, type Values } from "../support/stack.ts";

const SIZE = "expected a size such as 512m or 2g";
const POSTGRES_SIZE = "expected PostgreSQL's form, such as 512MB or 8GB, from 128kB to 2047GB";
const DURATION = "expected a duration such as 30s or 1m30s";
const PORT = "expected a published port [ADDRESS:]HOST:CONTAINER[/PROTOCOL] such as 127.0.0.1:5501:5432";
const PATH = "letters, digits and . _ @ + = , - between slashes, without ..";
const MOUNT =
  "expected a mount VOLUME-OR-HOST-PATH:TARGET[:ro] such as backup:/opt/backup or /srv/models:/models:ro, paths of " +
  PATH;
const IMAGE =
  "expected an image reference with a tag or digest, such as postgres:16.3-alpine (never :latest), or {build: images/NAME}";
const NAME = "expected a name of at most 55 a-z, 0-9, - and _ that begins with a letter or digit";
const ENDPOINT = "expected a Docker endpoint of this machine, unix:///PATH; another machine's is host:ssh";
const SERVICE_KEYS =
  "capAdd, command, cpuShares, cpus, entrypoint, environment, gpus, healthcheck, hostname, memory, memoryReservation, networks, pidsLimit, ports, readOnly, replicas, restart, " +
  "shmSize, stopGracePeriod, stopSignal, tmpfs, ulimits, user, volumes";

const api = (settings: object): Values => ({ "robotoff:services": { api: settings } });
const images = (more: object): Values => ({ "robotoff:images": { robotoff: "example/robotoff:1", ...more } });
const pool = (settings: object): Values => ({ "robotoff:workers": [{ name: "w", queues: ["q"], ...settings }] });

const AT = "robotoff:services.api";

test("what has no default is enough", () => {
  expect(problemsOf(MINIMAL)).toEqual([]);
});

const unknown: [string, Values, string][] = [
  ["namespace", { "robotof:tld": "org" }, 'robotof:tld: unknown namespace; did you mean "robotoff"?'],
  [
    "namespace, far from any",
    { "docker:host": "x" },
    "docker:host: unknown namespace; expected one of host, monitoring, protea, robotoff",
  ],
  [
    "namespace, Object's own",
    { "constructor:x": 1 },
    "constructor:x: unknown namespace; expected one of host, monitoring, protea, robotoff",
  ],
  ["key", { "robotoff:exporter": true }, 'robotoff:exporter: unknown key; did you mean "exporters"?'],
  [
    "key, near a secret",
    { "protea:minioPasword": "x" },
    'protea:minioPasword: unknown key; did you mean "minioPassword"?',
  ],
  ["key, in other case", api({ shmsize: "1g" }), `${AT}.shmsize: unknown key; did you mean "shmSize"?`],
  ["key, far from any", api({ colour: "red" }), `${AT}.colour: unknown key; expected one of ${SERVICE_KEYS}`],
  [
    "service",
    { "protea:services": { "worker-job": {} } },
    'protea:services.worker-job: unknown key; did you mean "worker-jobs"?',
  ],
  ["key of a list's entry", pool({ memroy: "1g" }), 'robotoff:workers[0].memroy: unknown key; did you mean "memory"?'],
  [
    "key within a health check",
    api({ healthcheck: { intervall: "1s" } }),
    `${AT}.healthcheck.intervall: unknown key; did you mean "interval"?`,
  ],
  [
    "ulimit",
    api({ ulimits: { nofiles: { soft: 1, hard: 1 } } }),
    `${AT}.ulimits.nofiles: unknown key; did you mean "nofile"?`,
  ],
  [
    "key of a volume",
    { "robotoff:volumes": { backup: { extern: true } } },
    'robotoff:volumes.backup.extern: unknown key; did you mean "external"?',
  ],
];

const wrong: [string, Values, ...string[]][] = [
  ["type", { "robotoff:fasttext": "yes" }, 'robotoff:fasttext: found "yes", expected a value of type boolean'],
  ["type, a list expected", api({ command: "run" }), `${AT}.command: found "run", expected a value of type array`],
  ["whole number", pool({ replicas: 1.5 }), "robotoff:workers[0].replicas: found 1.5, expected a value of type int"],
  ["number, too small", pool({ replicas: -1 }), "robotoff:workers[0].replicas: found -1, expected at least 0"],
  ["empty list", pool({ queues: [] }), "robotoff:workers[0].queues: found [], expected at least 1 entry"],
  ["choice", { "robotoff:instance": "production" }, 'robotoff:instance: found "production", expected one of dev, prod'],
  [
    "choice, nearly",
    { "robotoff:instance": "Prod" },
    'robotoff:instance: found "Prod", expected one of dev, prod (did you mean "prod"?)',
  ],
  [
    "long value",
    { "robotoff:exporters": "x".repeat(90) },
    `robotoff:exporters: found "${"x".repeat(56)}..., expected a value of type boolean`,
  ],
  ["size", api({ memory: "6 gigs" }), `${AT}.memory: found "6 gigs", ${SIZE}`],
  ["size of another type", api({ memory: true }), `${AT}.memory: found true, ${SIZE}`],
  ["size below 0", api({ shmSize: -1 }), `${AT}.shmSize: found -1, ${SIZE}`],
  [
    "size below 1 MiB, which Docker would take for none",
    api({ shmSize: 512 }),
    `${AT}.shmSize: found 512, expected a size of at least 1m`,
  ],
  [
    "memory below Docker's least",
    api({ memory: "6143k", memoryReservation: "5m" }),
    `${AT}.memory: found "6143k", expected a size of at least 6m`,
    `${AT}.memoryReservation: found "5m", expected a size of at least 6m`,
  ],
  [
    "memory of PostgreSQL, with which it would not start",
    { "robotoff:postgres": { sharedBuffers: "127kB", workMem: "2TB" } },
    `robotoff:postgres.sharedBuffers: found "127kB", ${POSTGRES_SIZE}`,
    `robotoff:postgres.workMem: found "2TB", ${POSTGRES_SIZE}`,
  ],
  [
    "capability that opens a host",
    api({ capAdd: ["CHOWN", "SYS_ADMIN"] }),
    `${AT}.capAdd[1]: found "SYS_ADMIN", expected one of AUDIT_WRITE, CHOWN, DAC_OVERRIDE, FOWNER, FSETID, IPC_LOCK, KILL, MKNOD, NET_BIND_SERVICE, NET_RAW, SETFCAP, SETGID, SETPCAP, SETUID, SYS_CHROOT`,
  ],
  ["too few processes", api({ pidsLimit: 3 }), `${AT}.pidsLimit: found 3, expected at least 16`],
  ["cores below Docker's least", api({ cpus: 0.001 }), `${AT}.cpus: found 0.001, expected at least 0.01`],
  ["duration", api({ stopGracePeriod: "30" }), `${AT}.stopGracePeriod: found "30", ${DURATION}`],
  ["duration of another type", api({ stopGracePeriod: 30 }), `${AT}.stopGracePeriod: found 30, ${DURATION}`],
  ["port", api({ ports: ["5500"] }), `${AT}.ports[0]: found "5500", ${PORT}`],
  [
    "duration of a check, which Docker would take for its default",
    api({ healthcheck: { interval: "0s" } }),
    `${AT}.healthcheck.interval: found "0s", expected a duration above 0`,
  ],
  [
    "duration below what PROTEA counts in",
    { "protea:reaper": { jobTimeout: "4m59s" } },
    'protea:reaper.jobTimeout: found "4m59s", expected a duration of at least 300s',
  ],
  [
    "silence below what PROTEA counts in",
    { "protea:reaper": { stall: "59s" } },
    'protea:reaper.stall: found "59s", expected a duration of at least 60s',
  ],
  [
    "queue of a worker",
    { "protea:workers": [{ name: "training", queue: "training" }] },
    'protea:workers[0].queue: found "training", expected a queue\'s name, protea.…',
  ],
  [
    "allowed origin",
    { "protea:allowedOrigins": ["protea.example.org"] },
    'protea:allowedOrigins[0]: found "protea.example.org", expected an origin such as https://protea.example.org, or *',
  ],
  ["port above 65535", api({ ports: ["70000:5500"] }), `${AT}.ports[0]: found "70000:5500", ${PORT}`],
  ["mount", api({ volumes: ["backup"] }), `${AT}.volumes[0]: found "backup", ${MOUNT}`],
  ["mount of a relative path", api({ volumes: ["./a:/b"] }), `${AT}.volumes[0]: found "./a:/b", ${MOUNT}`],
  [
    "host folder",
    { "robotoff:folders": { data: "data" } },
    'robotoff:folders.data: found "data", expected an absolute path on the host, of ' + PATH,
  ],
  ["name", { "robotoff:project": "Robotoff" }, `robotoff:project: found "Robotoff", ${NAME}`],
  ["name of a volume", { "robotoff:volumes": { "Back up": {} } }, `robotoff:volumes.Back up: found {}, ${NAME}`],
  [
    "variable's name",
    api({ environment: { "A-B": "1" } }),
    `${AT}.environment.A-B: found "1", expected a variable name`,
  ],
  [
    "variable's value",
    api({ environment: { A: ["1"] } }),
    `${AT}.environment.A: found ["1"], expected text, a number or true/false`,
  ],
  ["variables as text", api({ environment: "A=1" }), `${AT}.environment: found "A=1", expected variables, NAME: value`],
  [
    "health check's test",
    api({ healthcheck: { test: ["curl", "x"] } }),
    `${AT}.healthcheck.test: found ["curl","x"], expected a list that begins with "CMD" or "CMD-SHELL"`,
  ],
  [
    "ulimit: soft above hard",
    api({ ulimits: { nproc: { soft: 2, hard: 1 }, memlock: { soft: -1, hard: 1 }, core: { soft: 1, hard: -1 } } }),
    `${AT}.ulimits.memlock.soft: found -1, expected a limit not above the hard one (-1: unlimited)`,
    `${AT}.ulimits.nproc.soft: found 2, expected a limit not above the hard one (-1: unlimited)`,
  ],
  [
    "ulimit: files without end",
    api({ ulimits: { nofile: { soft: 1, hard: -1 } } }),
    `${AT}.ulimits.nofile.hard: found -1, expected a number: the kernel has no unlimited nofile`,
  ],
  [
    "ulimit below -1",
    api({ ulimits: { cpu: { soft: -2, hard: 1 } } }),
    `${AT}.ulimits.cpu.soft: found -2, expected at least -1`,
  ],
  [
    "two mounts of one target",
    api({ volumes: ["/a:/x", "/b:/x"] }),
    `${AT}.volumes: found ["/a:/x","/b:/x"], expected mounts of which no two have one target`,
  ],
  [
    "network twice",
    { "robotoff:externalNetworks": ["a", "a"] },
    'robotoff:externalNetworks: found ["a","a"], expected each network once',
  ],
  [
    "port number",
    { "robotoff:redisUpdates": { port: 65_536 } },
    "robotoff:redisUpdates.port: found 65536, expected at most 65535",
  ],
  [
    "text with a NUL",
    api({ command: ["a\0b"], environment: { A: "\0" } }),
    `${AT}.command[0]: found "a\\u0000b", expected text without a NUL character`,
    `${AT}.environment.A: found "\\u0000", expected text without a NUL character`,
  ],
  [
    "a key's file that ssh would take for several words",
    { "host:ssh": { address: "a", user: "off", identity: "~/.ssh/id -oProxyCommand=id" } },
    `host:ssh.identity: found "~/.ssh/id -oProxyCommand=id", expected a private key's file, absolute or below ~/`,
  ],
  [
    "restart policy",
    api({ restart: "allways" }),
    `${AT}.restart: found "allways", expected one of no, always, unless-stopped, on-failure (did you mean "always"?)`,
  ],
  [
    "time of the schedule",
    { "host:backups": { directory: "/srv/backups", schedule: { backup: "24:00", verify: "sun 05:00" } } },
    'host:backups.schedule.backup: found "24:00", expected a time of day such as 03:15, or with a weekday: Sun 05:00',
    'host:backups.schedule.verify: found "sun 05:00", expected a time of day such as 03:15, or with a weekday: Sun 05:00',
  ],
  [
    "address of the dead man's switch",
    { "host:backups": { directory: "/srv/backups", ping: "hc.example.org" } },
    'host:backups.ping: found "hc.example.org", expected a URL such as https://hc.example.org/ping/robotoff',
  ],
  [
    "what is made on a new host",
    {
      "host:prepare": {
        folders: [{ path: "srv" }, { path: "/srv/x", owner: "off staff" }],
        volumes: ["x"],
        networks: ["host"],
        sysctl: { "vm.max_map_count": -1 },
      },
    },
    'host:prepare.folders[0].path: found "srv", expected an absolute path on the host, of letters, digits and . _ @ + = , - between slashes, without ..',
    'host:prepare.folders[1].owner: found "off staff", expected USER or USER:GROUP, by name or number',
    'host:prepare.volumes[0]: found "x", expected Docker\'s name of a volume, at least two letters, digits and . _ - that begins with a letter or digit',
    'host:prepare.networks[0]: found "host", expected Docker\'s name of a network (not host or none), letters, digits and . _ - that begins with a letter or digit',
    "host:prepare.sysctl.vm.max_map_count: found -1, expected at least 0",
  ],
  [
    "a kernel's setting that is a path",
    { "host:prepare": { sysctl: { "../../etc/x": 1 } } },
    "host:prepare.sysctl.../../etc/x: found 1, expected a kernel's setting, such as vm.max_map_count",
  ],
  ["Docker endpoint", { "host:docker": "tcp://10.1.0.200" }, `host:docker: found "tcp://10.1.0.200", ${ENDPOINT}`],
  ["image :latest", images({ redis: "redis:latest" }), `robotoff:images.redis: found "redis:latest", ${IMAGE}`],
  ["image without a tag", images({ redis: "redis" }), `robotoff:images.redis: found "redis", ${IMAGE}`],
  [
    "image of a registry with a port, without a tag",
    images({ redis: "example.org:5000/redis" }),
    `robotoff:images.redis: found "example.org:5000/redis", ${IMAGE}`,
  ],
  [
    "image folder",
    images({ redis: { build: "images/nowhere" } }),
    'robotoff:images.redis.build: found "images/nowhere", expected a folder images/NAME of this repository, with a Dockerfile',
  ],
  ...(
    [
      [
        "a branch",
        { commit: "main" },
        'commit: found "main", expected the commit that the image was built from, 40 hexadecimal digits',
      ],
      [
        "an address by ssh",
        { commit: "0".repeat(40), repository: "git@x:y" },
        'repository: found "git@x:y", expected the https:// address of a git repository, or an absolute path',
      ],
      [
        "a folder that is not absolute",
        { commit: "0".repeat(40), folder: "robotoff" },
        'folder: found "robotoff", expected an absolute path on the host, of letters, digits and . _ @ + = , - between slashes, without ..',
      ],
    ] as const
  ).map(([name, checkout, text]): [string, Values, string] => [
    `checkout, ${name}`,
    { "robotoff:checkout": checkout },
    `robotoff:checkout.${text}`,
  ]),
  ["signal", api({ stopSignal: "INT" }), `${AT}.stopSignal: found "INT", expected a signal such as SIGINT`],
  ["image, missing", { "robotoff:images": {} }, `robotoff:images.robotoff: found nothing, ${IMAGE}`],
  [
    "Triton: neither here nor elsewhere",
    { "robotoff:triton": { run: false } },
    "robotoff:triton.uri: found nothing, expected HOST:PORT of a Triton elsewhere, since triton.run is false",
  ],
  [
    "fasttext without an image",
    { "robotoff:fasttext": true },
    "robotoff:images.fasttext: found nothing, expected an image reference with a tag or digest, since fasttext is true",
  ],
];

test.each(unknown)("unknown %s", (_, values, expected) => {
  expect(problemsOf({ ...MINIMAL, ...values })).toEqual([expected]);
});

test.each(wrong)("wrong %s", (_, values, ...expected) => {
  expect(problemsOf({ ...MINIMAL, ...values })).toEqual(expected);
});

test("a namespace that is missing altogether", () => {
  const { "protea:images": _, ...rest } = MINIMAL;
  expect(problemsOf(rest)).toEqual(["protea:images: found nothing, expected a value of type object"]);
  expect(problemsOf({ ...rest, "protea:enabled": false })).toEqual([]);
});

test.each([
  "redis:7.0.5-alpine",
  "example.org:5000/team/redis:7",
  `redis@sha256:${"0a".repeat(32)}`,
  { build: "images/redis" },
])("the image %j is right", (redis) => {
  expect(problemsOf({ ...MINIMAL, ...images({ redis }) })).toEqual([]);
});

test("Robotoff without what its image lacks: a checkout, or the folder", () => {
  const { "robotoff:checkout": _, ...rest } = MINIMAL;
  expect(problemsOf(rest)).toEqual([
    "robotoff:checkout: found nothing, expected the commit of images.robotoff (or folders.data): it does not start " +
      "without its data folder",
  ]);
  expect(problemsOf({ ...rest, "robotoff:folders": { data: "/data" } })).toEqual([]);
});
