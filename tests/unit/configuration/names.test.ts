/**
 * What Docker, PostgreSQL, S3, a queue server, the kernel or a shell would refuse or take for something else: refused
 * by the configuration, by the whole message.
 */
import { MINIMAL, problemsOf, type Values } from "../support/stack.ts";

const PATH = "of letters, digits and . _ @ + = , - between slashes, without ..";
const FOLDER = `an absolute path on the host, ${PATH}`;
const NAME = "a name of at most 55 a-z, 0-9, - and _ that begins with a letter or digit";
const VOLUME = "Docker's name of a volume, at least two letters, digits and . _ - that begins with a letter or digit";
const NETWORK =
  "Docker's name of a network (not host or none), letters, digits and . _ - that begins with a letter or digit";
const POSTGRES = "a-z, 0-9, _ and -, not one of PostgreSQL's own (pg_…, template0, template1, public, none)";
const BUCKET = "a bucket's name by S3's rules: 3 to 63 a-z, 0-9, - and ., a letter or digit at both ends, no address";
const QUEUE = "a queue's name of letters, digits and . _ : - that begins with a letter or digit (not amq.)";
const STREAM = "a stream's name of letters, digits and . _ : -";
const ENDPOINT = "a Docker endpoint of this machine, unix:///PATH; another machine's is host:ssh";
const URI = "HOST:PORT, such as 10.3.0.101:5504";
const MOUNT =
  "a mount VOLUME-OR-HOST-PATH:TARGET[:ro] such as backup:/opt/backup or /srv/models:/models:ro, paths " + PATH;
const IMAGE =
  "an image reference with a tag or digest, such as postgres:16.3-alpine (never :latest), or {build: images/NAME}";
const GPUS = '"all", a number above 0, or device=ID for a single one';

/** What a shell would act upon, or split a word at. */
const SHELL = [
  "x; id",
  "x id",
  "x\tid",
  "x\nid",
  "$(id)",
  "`id`",
  "x|id",
  "x&id",
  "x>y",
  "x'y",
  'x"y',
  "x\\y",
  "x*",
  "-x",
  "",
];

type Field = {
  path: string;
  /** The stack file's values with this one in place. */
  at: (value: unknown) => Values;
  expected: string;
  wrong: unknown[];
  right: unknown[];
};

const api = (settings: object): Values => ({ "robotoff:services": { api: settings } });
const triton = (uri: unknown): Values => ({ "robotoff:triton": { run: false, uri } });
const queues = (queue: unknown): Values => ({ "robotoff:workers": [{ name: "w", queues: [queue] }] });

const fields: Field[] = [
  {
    path: "host:docker",
    at: (docker) => ({ "host:docker": docker }),
    expected: ENDPOINT,
    wrong: [
      "ssh://off@10.1.0.200", "unix://run/docker.sock", "unix:///run/../docker.sock", "unix:///run/a b", "tcp://10.1.0.200", "",
    ], // prettier-ignore
    right: ["unix:///run/docker.sock"],
  },
  {
    path: "host:ssh.address",
    at: (address) => ({ "host:ssh": { address, user: "off" } }),
    expected: "a host's name or IPv4 address",
    wrong: ["-oProxyCommand=id", "a b", "host;id", "$(id)", "host/x", "off@host", "host:22", "*", ""],
    right: ["10.1.0.200", "ovh1.example.org"],
  },
  {
    path: "host:ssh.proxy.user",
    at: (user) => ({ "host:ssh": { address: "a", user: "off", proxy: { address: "b", user } } }),
    expected: "a user's name",
    wrong: ["-l", "o ff", "off\n", "Off", "$(id)", ""],
    right: ["off", "_x.y-z"],
  },
  {
    path: "host:ssh.hostKeys[0]",
    at: (key) => ({ "host:ssh": { address: "a", user: "off", hostKeys: [key] } }),
    expected: "a host's public key: ssh-ed25519 AAAA…, as `make trust` pins it",
    wrong: [
      "ssh-ed25519",
      `ssh-dss ${"A".repeat(68)}`,
      `ssh-ed25519 ${"A".repeat(68)}\n* ssh-rsa x`,
      `host ssh-ed25519 ${"A".repeat(68)}`,
    ],
    right: [`ssh-ed25519 ${"A".repeat(68)}`, `ssh-rsa ${"A".repeat(370)}==`],
  },
  {
    path: "robotoff:project",
    at: (project) => ({ "robotoff:project": project }),
    expected: NAME,
    wrong: [...SHELL, "Robotoff", "a".repeat(56), "ü"],
    right: ["r", "0_-", "a".repeat(55)],
  },
  {
    path: "robotoff:workers[0].name",
    at: (name) => ({ "robotoff:workers": [{ name, queues: ["q"] }] }),
    expected: NAME,
    wrong: SHELL,
    right: ["w"],
  },
  {
    path: "robotoff:workers[0].queues[0]",
    at: queues,
    expected: QUEUE,
    wrong: [...SHELL, "amq.direct", "--burst", "{n}", "q{m}", "q".repeat(252)],
    right: ["robotoff-high-{n}", "protea.embeddings", "a:b_c"],
  },
  {
    path: "robotoff:volumes.backup.name",
    at: (name) => ({ "robotoff:volumes": { backup: { external: true, name } } }),
    expected: VOLUME,
    wrong: [...SHELL, "x", "_x", ".x", "a/b", "x".repeat(256)],
    right: ["dumps", "A.b_c-1"],
  },
  {
    path: "robotoff:externalNetworks[0]",
    at: (network) => ({ "robotoff:externalNetworks": [network] }),
    expected: NETWORK,
    wrong: [...SHELL, "host", "none", "_x", "a/b"],
    right: ["po_webnet", "hosts"],
  },
  {
    path: "protea:externalNetworks[0]",
    at: (network) => ({ "protea:externalNetworks": [network] }),
    expected: NETWORK,
    wrong: SHELL,
    right: ["po_webnet"],
  },
  {
    path: "robotoff:folders.models",
    at: (models) => ({ "robotoff:folders": { models } }),
    expected: FOLDER,
    wrong: [
      ...SHELL.map((text) => `/srv/${text}`).filter((text) => text !== "/srv/-x"), "/", "/srv/../etc", "/srv/.", "/..", "//srv",
      "srv", "/a:b", "~/x", "/srv/%h",
    ], // prettier-ignore
    right: ["/srv/models", "/home/off/robotoff-org/data", "/a/.hidden/b..c/-x/e@f+g=h,i"],
  },
  {
    path: "robotoff:services.api.volumes[0]",
    at: (mount) => api({ volumes: [mount] }),
    expected: MOUNT,
    wrong: [
      "/a b:/c", "/a:/b c", "/a\n:/b", "/a:/b\nc", "/a/../b:/c", "/a:/b/..", "/a:/..:ro", "/a:/", "/:/a", "/$(id):/a",
      "/a;id:/b", "data:/a;id", "data:b", "-x:/b", "$data:/a", "data:/a:z",
    ], // prettier-ignore
    right: ["/srv/a.b:/a/..b:ro", "data:/x"],
  },
  {
    path: "robotoff:services.api.gpus",
    at: (gpus) => api({ gpus }),
    expected: GPUS,
    wrong: ["banana", "0", 0, -1, 1.5, "", "device=", "device=0,1", "device=0 1", "all,driver=x", "device=0;id"],
    right: ["all", "2", 2, "device=0", "device=GPU-3a23c669-1f69-c64e-cf85-44e9b07e7a2a"],
  },
  {
    path: "robotoff:images.redis",
    at: (redis) => ({ "robotoff:images": { robotoff: "example/robotoff:1", redis } }),
    expected: IMAGE,
    wrong: [
      ...SHELL.map((text) => `${text}:1`), ...SHELL.map((text) => `redis:${text}`), "redis", "redis:latest", "redis::7",
      "a//b:1", "/a:1", "a/:1", "Redis:1", "a:1:2", `redis:${"7".repeat(129)}`, "redis@sha256:0a", "example.org:99999/a:1", "a:1@x",
    ], // prettier-ignore
    right: [
      "redis:7.0.5-alpine", "example.org:5000/team/redis:7", "localhost:9/a__b-c.d:_1", `redis@sha256:${"0a".repeat(32)}`,
      `example.org/redis:7@sha256:${"0a".repeat(32)}`,
    ], // prettier-ignore
  },
  {
    path: "host:registry",
    at: (registry) => ({ "host:registry": registry }),
    expected: "a registry HOST[:PORT][/PATH] such as 10.1.0.1:5000, its host with a dot or a port",
    wrong: [
      ...SHELL.map((text) => `${text}:5000`), ...SHELL.map((text) => `a:5000/${text}`), "mirror", "mirror/a.b", "a:5000/", "a:99999",
      "a:5000/B", "http://a:5000", "a:5000/x:1", "localhost.",
    ], // prettier-ignore
    right: ["10.1.0.1:5000", "localhost", "localhost/a", "mirror:5000/b/c.d", "harbor.example.org/mirror"],
  },
  {
    path: "robotoff:triton.uri",
    at: triton,
    expected: URI,
    wrong: [
      ...SHELL.map((text) => `${text}:1`),
      "10.3.0.101",
      "host:0",
      "host:65536",
      "host:1x",
      "http://host:1",
      "host:1 ",
    ],
    right: ["10.3.0.101:5504", "triton.po_default:8001", "h:65535"],
  },
  {
    path: "robotoff:redisUpdates.host",
    at: (host) => ({ "robotoff:redisUpdates": { host } }),
    expected: "a host's name or IPv4 address",
    wrong: [...SHELL, "a..b", "a:1", ".a", "a/b"],
    right: ["10.3.0.101", "redis.po_default", "localhost"],
  },
  {
    path: "robotoff:redisUpdates.stream",
    at: (stream) => ({ "robotoff:redisUpdates": { stream } }),
    expected: STREAM,
    wrong: SHELL,
    right: ["product_updates", "a:b.c-d"],
  },
  {
    path: "robotoff:postgres.database",
    at: (database) => ({ "robotoff:postgres": { database } }),
    expected: `a name of at most 63 ${POSTGRES}`,
    wrong: [...SHELL, "Robotoff", "template1", "a".repeat(64), "a.b"],
    right: ["robotoff", "_x", "a-b", "a".repeat(63)],
  },
  {
    path: "robotoff:postgres.user",
    at: (user) => ({ "robotoff:postgres": { user } }),
    expected: `a name of at most 63 ${POSTGRES}`,
    wrong: [...SHELL, "pg_monitor", "public", "none"],
    right: ["postgres", "pgbouncer"],
  },
  {
    path: "protea:database",
    at: (database) => ({ "protea:database": database }),
    expected: `a name of at most 63 ${POSTGRES}`,
    wrong: [...SHELL, "template0"],
    right: ["protea"],
  },
  {
    path: "protea:user",
    at: (user) => ({ "protea:user": user }),
    expected: `a name of 3 (MinIO's least) to 63 ${POSTGRES}`,
    wrong: [...SHELL, "ab", "pg_x", "a".repeat(64)],
    right: ["abc", "protea"],
  },
  {
    path: "protea:bucket",
    at: (bucket) => ({ "protea:bucket": bucket }),
    expected: BUCKET,
    wrong: [
      ...SHELL,
      "ab",
      "Protea",
      "a_b",
      "-ab",
      "ab-",
      ".ab",
      "a..b",
      "a.-b",
      "a-.b",
      "192.168.5.4",
      "xn--a",
      "a".repeat(64),
    ],
    right: ["abc", "protea.data-1", "1.2.3.4.5", "a".repeat(63)],
  },
];

/** As a problem shows it. */
function show(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

describe.each(fields)("$path", ({ path, at, expected, wrong, right }) => {
  test.each(wrong)("%j is refused", (value) => {
    expect(problemsOf({ ...MINIMAL, ...at(value) })).toEqual([`${path}: found ${show(value)}, expected ${expected}`]);
  });

  test.each(right)("%j is right", (value) => {
    expect(problemsOf({ ...MINIMAL, ...at(value) })).toEqual([]);
  });
});
