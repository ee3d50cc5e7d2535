/** The read-only way in: what would change something is refused, and so is to read what a preview does not need. */
import { Container, network, setUp, tearDown } from "./images.harness.ts";
import { here } from "./host.ts";
import { ReadOnly } from "./read-only.ts";

/** With what could be taken for the end of a list, and for its begin. */
const SECRET = 'hunter2]\\"}],"Env":["';
const REFUSED = { status: 403, body: "read-only: refused\n" };

let victim: Container;
let proxy: ReadOnly;

beforeAll(async () => {
  setUp();
  victim = new Container("haproxy", { env: { SECRET, B: "[2]" }, data: "/data", args: ["sleep", "infinity"] });
  proxy = new ReadOnly(`${network}-proxy`, ["--label", "robotoff-protea.test=read-only"]);
  await proxy.listening();
}, 600_000);

afterAll(() => {
  proxy?.remove();
  tearDown();
});

/** METHOD PATH; ID, NET, VOL and IMG stand for things that there are. */
const CHANGES = `
POST /containers/create?name=NET-made
POST /containers/ID/start
POST /containers/ID/stop
POST /containers/ID/restart
POST /containers/ID/kill
POST /containers/ID/pause
POST /containers/ID/unpause
POST /containers/ID/rename?name=NET-other
POST /containers/ID/update
POST /containers/ID/resize?h=10&w=10
POST /containers/ID/wait
POST /containers/ID/attach?stdin=1&stream=1
GET /containers/ID/attach/ws?stdin=1&stream=1
POST /containers/ID/exec
PUT /containers/ID/archive?path=/
POST /containers/prune
DELETE /containers/ID?force=1
POST /exec/ID/start
POST /exec/ID/resize?h=10&w=10
POST /images/create?fromImage=IMG
POST /images/load
POST /images/prune
POST /images/IMG/push
POST /images/IMG/tag?repo=NET&tag=1
DELETE /images/IMG?force=1
POST /build?t=NET
POST /build/prune
POST /commit?container=ID&repo=NET
POST /networks/create
POST /networks/NET/connect
POST /networks/NET/disconnect
POST /networks/prune
DELETE /networks/NET
POST /volumes/create
POST /volumes/prune
PUT /volumes/VOL
DELETE /volumes/VOL
POST /auth
POST /session
POST /grpc
POST /swarm/init
POST /swarm/join
POST /swarm/leave?force=1
POST /swarm/update?version=1
POST /swarm/unlock
POST /services/create
POST /services/NET/update?version=1
DELETE /services/NET
POST /nodes/NET/update?version=1
DELETE /nodes/NET
POST /secrets/create
POST /secrets/NET/update?version=1
DELETE /secrets/NET
POST /configs/create
DELETE /configs/NET
POST /plugins/pull?remote=NET
POST /plugins/NET/enable
DELETE /plugins/NET
POST /_ping
POST /info
POST /containers/json
POST /containers/ID/json
PUT /images/json
DELETE /volumes/VOL/json
PATCH /containers/ID/json
OPTIONS /containers/ID/json
POST //containers/ID/stop
POST /v1.44/../containers/ID/stop
POST /containers/json/../ID/stop
GET /containers/ID%2Fstop/json
GET /containers/ID/stop/../json
GET /containers/ID//json
POST /%63ontainers/ID/stop
`;

/** Reading that shows files, logs, processes, or other people's secrets. */
const SECRETIVE = `
GET /containers/ID/archive?path=/etc/passwd
HEAD /containers/ID/archive?path=/etc/passwd
GET /containers/ID/export
GET /containers/ID/logs?stdout=1
GET /containers/ID/top
GET /containers/ID/changes
GET /containers/ID/stats?stream=0
GET /exec/ID/json
GET /events
GET /images/get?names=IMG
GET /images/IMG/get
GET /distribution/IMG/json
GET /secrets
GET /configs
GET /swarm/unlockkey
GET /plugins
GET /system/df
`;

/** What the Docker provider's refresh and the verbs that look ask. */
const READING = `
GET /_ping
HEAD /_ping
GET /version
GET /info
GET /containers/json?all=1
GET /containers/ID/json
GET /images/json
GET /images/IMG/json
GET /networks
GET /networks/NET
GET /volumes
GET /volumes/VOL
`;

const volume = () =>
  JSON.parse(here.docker("inspect", "--format", "{{json .Mounts}}", victim.name)) as [{ Name: string }];

/** Each by its line, as it is sent: by a container's name and by its id, with a version and without. */
function* lines(text: string): Generator<[line: string, method: string, path: string]> {
  const id = here.docker("inspect", "--format", "{{.Id}}", victim.name);
  const image = here.docker("inspect", "--format", "{{.Config.Image}}", victim.name);
  for (const line of text.trim().split("\n")) {
    const [method, path] = line.split(" ") as [string, string];
    for (const [version, name] of [
      ["", victim.name],
      ["/v1.44", id],
    ] as const) {
      const named = path
        .replaceAll("ID", name)
        .replaceAll("NET", network)
        .replaceAll("VOL", volume()[0].Name)
        .replaceAll("IMG", image);
      yield [line, method, `${version}${named}`];
    }
  }
}

/** All that could have changed. */
const everything = () => ({
  container: here.docker("inspect", victim.name),
  network: here.docker("network", "inspect", network),
  volume: here.docker("volume", "inspect", volume()[0].Name),
  names: here.tryDocker("ps", "--all", "--filter", `name=${network}`, "--format", "{{.Names}}").text,
  images: here.docker("images", "--quiet", "--filter", `reference=${network}*`),
});

test("what would change something is refused, however it is written; nothing has changed", async () => {
  expect(CHANGES.trim().split("\n").length).toBeGreaterThanOrEqual(60);
  const before = everything();
  for (const [line, method, path] of lines(CHANGES)) {
    for (const body of [undefined, "{}"])
      expect({ line, ...(await proxy.ask(method, path, body)) }).toEqual({ line, ...REFUSED });
  }
  // A method by another name, another protocol, a body where none belongs.
  const id = victim.name;
  const other = { "x-http-method-override": "POST", upgrade: "tcp", connection: "upgrade" };
  expect(await proxy.ask("GET", `/containers/${id}/json`, undefined, other)).toEqual(REFUSED);
  // Of HTTP/2 the engine is not told: HAProxy takes the word away, and it stays a question.
  const http2 = { upgrade: "h2c", connection: "upgrade, http2-settings", "http2-settings": "AAMAAABkAAQAAP__" };
  expect(await proxy.ask("GET", "/version", undefined, http2)).toMatchObject({ status: 200 });
  expect(await proxy.ask("GET", `/containers/${id}/json`, "POST / HTTP/1.1\r\n\r\n")).toEqual(REFUSED);
  expect(everything()).toEqual(before);
});

test("a second request behind one that may pass is asked for itself", async () => {
  const before = everything();
  const stop = `POST /containers/${victim.name}/stop?t=0 HTTP/1.1\r\nHost: d\r\n\r\n`;
  for (const first of [
    "GET /_ping HTTP/1.1\r\nHost: d\r\n\r\n",
    "GET http://d/_ping HTTP/1.1\r\nHost: d\r\n\r\n",
    `GET /containers/${victim.name}/json HTTP/1.1\r\nHost: d\r\n\r\n`,
    "GET /_ping HTTP/1.1\r\nHost: d\r\nContent-Length: 0\r\n\r\n",
    "GET /_ping HTTP/1.1\r\nHost: d\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "get /_ping HTTP/1.1\r\nHost: d\r\n\r\n",
    "GET /_ping HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
  ])
    expect(await proxy.raw(first + stop.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"))).not.toContain(
      "HTTP/1.1 204",
    );
  expect(await proxy.raw(stop.replace("HTTP/1.1\r\n", "HTTP/1.1\r\nConnection: close\r\n"))).toMatch(/^HTTP\/1\.1 403/);
  expect(everything()).toEqual(before);
});

test("files, logs and processes of containers, and images themselves, are not to be read", async () => {
  for (const [line, method, path] of lines(SECRETIVE)) {
    const { status } = await proxy.ask(method, path);
    expect({ line, status }).toEqual({ line, status: 403 });
  }
});

test("what a preview asks passes, as the engine answers it, but for the variables", async () => {
  for (const [line, method, path] of lines(READING)) {
    const { status } = await proxy.ask(method, path);
    expect({ line, status }).toEqual({ line, status: 200 });
  }
  const { body } = await proxy.ask("GET", `/containers/${victim.name}/json`);
  expect(body).not.toContain("hunter2");
  const [real] = JSON.parse(here.docker("inspect", victim.name)) as [{ Config: { Env: string[] } }];
  expect(real.Config.Env.length).toBeGreaterThan(1);
  real.Config.Env = [];
  expect(JSON.parse(body)).toEqual(real);
  expect(await proxy.ask("GET", `/containers/${network}-none/json`)).toMatchObject({ status: 404 });
});
