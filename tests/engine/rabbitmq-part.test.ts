// RabbitMQ's part of a PROTEA backup (hosts/scripts/part-rabbitmq.sh) against a real RabbitMQ. What is in the queues is
// written by pika, as PROTEA writes it, and read by RabbitMQ's own management.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { failed, here, succeeded } from "./host.ts";
import { Container, setUp, tearDown } from "./images.harness.ts";
import { ALL_FOUND, backup, PartContainer, removeFolder, spoiled } from "./parts.harness.ts";

const PASSWORD = "secret-._~";
/** 256 MiB are for its own work; what a message takes is 5 kB. */
const MEMORY = 2 ** 29;

async function brokerAnew(): Promise<Container> {
  const env = { RABBITMQ_DEFAULT_USER: "app", RABBITMQ_DEFAULT_PASS: PASSWORD };
  const made = new Container("rabbitmq", { env });
  await made.until(["rabbitmqctl", "-q", "await_startup"]);
  await made.until(["sh", "-c", "rabbitmq-diagnostics -q check_port_listener 5672"]);
  return made;
}

const partOf = (broker: Container) =>
  new PartContainer("rabbitmq", "protea", {
    env: { RABBITMQ_URL: `amqp://app:${PASSWORD}@${broker.name}/`, RABBITMQ_MEMORY: String(MEMORY) },
    options: ["--memory", "128m"],
  });

const PRELUDE = `
import base64, hashlib, json, os, pika, time, urllib.request
from datetime import datetime; from decimal import Decimal; from urllib.parse import quote, urlsplit
url = urlsplit(os.environ['RABBITMQ_URL'])
def manage(method, path, body=None):
    secret = base64.b64encode(f'{url.username}:{url.password}'.encode()).decode()
    headers = {'authorization': 'Basic ' + secret, 'content-type': 'application/json'}
    data = None if body is None else json.dumps(body).encode()
    text = urllib.request.urlopen(urllib.request.Request(f'http://{url.hostname}:15672{path}', data, headers, method=method)).read()
    return json.loads(text) if text else None
def connect():
    return pika.BlockingConnection(pika.URLParameters(os.environ['RABBITMQ_URL']))
def put(channel, queue, body, **properties):
    channel.basic_publish('', queue, body, pika.BasicProperties(**properties), mandatory=True)
`;
const SEED = `${PRELUDE}
connection = connect(); channel = connection.channel(); channel.confirm_delivery()
channel.exchange_declare('protea.dlx', 'fanout', durable=True)
dead = {'x-dead-letter-exchange': 'protea.dlx'}
for name, arguments in {'protea.dead-letter': None, 'protea.jobs': dead, 'protea.embeddings.batch': dead, 'priorities': {'x-max-priority': 9},
                        'quorum': {'x-queue-type': 'quorum'}, 'odd "ü': None, 'idle': None}.items():
    channel.queue_declare(name, durable=True, arguments=arguments)
channel.queue_declare('passing', durable=False, auto_delete=True)
channel.queue_bind('protea.dead-letter', 'protea.dlx')
for n in range(300):
    put(channel, 'protea.jobs', json.dumps({'job_id': n}).encode(), delivery_mode=1 + n % 2, content_type='application/json')
put(channel, 'protea.embeddings.batch', b'this one dies', delivery_mode=2)
for n in range(20):
    put(channel, 'protea.embeddings.batch', bytes(range(256)) * (n * n), delivery_mode=2, headers={'x-attempt': n})
for n in range(30):
    put(channel, 'priorities', str(n).encode(), priority=n % 4)
put(channel, 'odd "ü', b'', headers={}, content_encoding='x', correlation_id='c"ü', reply_to='r', expiration='86400000', message_id='m',
    timestamp=1764000000, type='t', user_id='app', app_id='a')
put(channel, 'odd "ü', b'types', headers={'text': 'ü "', 'small': -1, 'large': 2**40, 'negative': -2**40, 'yes': True, 'none': None, 'bytes': b'\\xff',
    'decimal': Decimal('1.25'), 'moment': datetime(2026, 11, 25), 'table': {'$tagged': 1}, 'list': [1, 'two', {'three': [3]}]})
manage('POST', '/api/exchanges/%2F/amq.default/publish', {'routing_key': 'odd "ü', 'payload': 'x', 'payload_encoding': 'string',
    'properties': {'headers': {'fraction': 1.5, 'minus': -1e300}}})
put(channel, 'quorum', b'not read'); put(channel, 'passing', b'not durable')
method, _, _ = channel.basic_get('protea.embeddings.batch'); channel.basic_nack(method.delivery_tag, requeue=False)
manage('PUT', '/api/users/helper', {'password': 'x', 'tags': ''})
manage('PUT', '/api/permissions/%2F/helper', {'configure': '', 'write': '', 'read': '.*'})
manage('PUT', '/api/policies/%2F/lengths', {'pattern': '^none$', 'definition': {'max-length': 5}})
connection.close()`;
/** Every message of every durable queue but the quorum's, in order, without what a look changes. */
const SEEN = `${PRELUDE}
def messages(name):
    path = f'/api/queues/%2F/{quote(name, "")}'
    found = manage('POST', path + '/get', {'count': 100000, 'ackmode': 'ack_requeue_true', 'encoding': 'base64'})
    return [[m['properties'], m['payload_bytes'], hashlib.sha256(m['payload'].encode()).hexdigest()] for m in found]
print(json.dumps({q['name']: messages(q['name']) for q in manage('GET', '/api/queues') if q['durable'] and q['name'] != 'quorum'}))`;
type Seen = Record<string, [{ headers?: Record<string, unknown> }, number, string][]>;

let broker: Container;
let files: PartContainer;
const seen = (by = files) => JSON.parse(by.python(SEEN)) as Seen;
/** What restores put aside: folders as in a backup. */
const asides = () =>
  existsSync(backup("before-restore"))
    ? readdirSync(backup("before-restore")).map((name) => `before-restore/${name}`)
    : [];
const part = (name: string) => JSON.parse(readFileSync(backup(`${name}/part.json`), "utf8")) as Record<string, unknown>;
/** A consumer, until it is stopped. */
function startWorker(program: string): void {
  const noted = "open('/tmp/worker', 'w').write(str(os.getpid()))";
  here.docker("exec", "--detach", files.name, "python3", "-c", `${PRELUDE}\n${noted}\n${program}`);
}
function stopWorker(): void {
  here.docker("exec", files.name, "sh", "-c", "kill $(cat /tmp/worker)");
}
const removeAsides = () => {
  for (const name of asides()) rmSync(backup(name), { recursive: true });
};

beforeAll(async () => {
  setUp();
  mkdirSync(backup(""));
  broker = await brokerAnew();
  files = partOf(broker);
  files.python(SEED);
});
afterAll(() => {
  tearDown();
  removeFolder();
});

test("every type that a header can have is read and written without loss", () => {
  const fields = [
    ...["t\\x01", "b\\xff", "B\\xff", "s\\xff\\xfe", "u\\xff\\xfe", "I\\xff\\xff\\xff\\xfe", "i\\xff\\xff\\xff\\xfe", "V"],
    ...["l\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xfe", "f\\x3f\\x80\\x00\\x01", "d\\x7f\\xf8\\x00\\x00\\x00\\x00\\x00\\x01", "d\\x3f\\xb9\\x99\\x99\\x99\\x99\\x99\\x9a"],
    ...["D\\x02\\x00\\x00\\x00\\x7d", "T\\x00\\x00\\x00\\x00\\x69\\x25\\x00\\x00", "x\\x00\\x00\\x00\\x02\\x00\\xff", "S\\x00\\x00\\x00\\x03a\\xffb"],
    ...["F\\x00\\x00\\x00\\x05\\x02$lt\\x01", "F\\x00\\x00\\x00\\x08\\x01at\\x01\\x01at\\x00", "F\\x00\\x00\\x00\\x00"],
    ...["A\\x00\\x00\\x00\\x08t\\x00I\\x00\\x00\\x00\\x01V"],
  ]; // prettier-ignore
  const program = [
    "import json, struct",
    "from amqp_values import read_properties, write_properties",
    `fields = [${fields.map((field) => `b'${field}'`).join(", ")}]`,
    "table = b''.join(bytes([2]) + b'%02d' % n + field for n, field in enumerate(fields))",
    "every = struct.pack('>H', 0xfffc) + b'\\x01a\\x01b' + struct.pack('>I', len(table)) + table + b'\\x02\\x09' + b''.join(b'\\x01' + c for c in (b'c', b'r', b'e', b'm')) + bytes(8) + b''.join(b'\\x01' + c for c in (b't', b'u', b'p', b'\\xff'))",
    "for raw in (every, bytes(2), *(struct.pack('>HI', 0x2000, len(f) + 2) + b'\\x01k' + f for f in fields)):",
    "    again = write_properties(json.loads(json.dumps(read_properties(raw))))",
    "    print('same' if again == raw else (raw, again))",
  ];
  const lines = files.python(program.join("\n")).trim().split("\n");
  expect(lines).toEqual(Array(fields.length + 2).fill("same"));
});

test("a backup keeps every message that waits, and leaves each in its place", async () => {
  // A worker with a message at hand.
  startWorker(`
connection = connect(); channel = connection.channel(); channel.basic_qos(prefetch_count=1)
channel.basic_consume('protea.jobs', lambda *_: None); channel.start_consuming()`);
  await broker.until([
    "sh", "-c", "rabbitmqctl -q list_queues --no-table-headers name messages_unacknowledged | grep -q '^protea.jobs.*1$'",
  ]); // prettier-ignore
  // As old as RabbitMQ's statistics get.
  await pause(11_000);
  const before = seen();
  const text = succeeded(files.part("backup", "/backups/first/rabbitmq", "/backups/none/rabbitmq"));
  expect(text).toContain("rabbitmq: 353 messages of 6 queues");
  expect(text).toContain("1 more are held by consumers");
  expect(text).toContain("warning: 1 of queue quorum are not kept: it is a quorum queue");
  expect(text).toContain("warning: 1 of queue passing are not kept: it is not durable");
  expect(succeeded(files.part("verify", "/backups/first/rabbitmq"))).toContain("353 messages of 6 queues");
  expect(seen()).toEqual(before);
  expect(before["protea.dead-letter"]![0]![0].headers).toMatchObject({
    "x-death": [{ queue: "protea.embeddings.batch" }],
  });
  expect(part("first/rabbitmq")).toMatchObject({ messages: 353, held: 1 });
  // Killed at any moment it takes nothing along either: what its connection had goes back.
  for (let seconds = 0.2; seconds < 1; seconds += 0.2)
    files.partKilledAfter(seconds, "backup", "/backups/killed/rabbitmq");
  stopWorker();
  await pause(500);
  const all = seen();
  expect(all["protea.jobs"]).toHaveLength(300);
  expect({ ...all, "protea.jobs": all["protea.jobs"]!.slice(1) }).toEqual(before);
  expect(succeeded(files.part("backup", "/backups/whole/rabbitmq", "/backups/first/rabbitmq"))).toMatch(
    /354 messages of 6 queues, [\d.]+ kB\n/,
  );
});

test("is read by plain tools", () => {
  const listing = backup("whole/rabbitmq/messages.jsonl");
  const jq = (filter: string, file = listing) => execFileSync("jq", ["-rc", filter, file], { encoding: "utf8" });
  expect(jq('select(.queue == "protea.jobs") | .payload | @base64d').split("\n").slice(0, 2)).toEqual([
    '{"job_id": 0}',
    '{"job_id": 1}',
  ]);
  expect(jq("select(.properties.headers.fraction) | .properties.headers")).toBe(
    '{"fraction":{"$d":1.5},"minus":{"$d":-1e+300}}\n',
  );
  expect(jq(".users[].name", backup("whole/rabbitmq/definitions.json"))).toBe("app\nhelper\n");
  // Back by RabbitMQ's own means, as docs/backups/parts.md says.
  const filter =
    '{routing_key: .queue, payload, payload_encoding: "base64", properties: (.properties | del(.headers))}';
  writeFileSync(
    backup("back.jsonl"),
    jq(`select(.queue == "idle" or .queue == "protea.embeddings.batch") | ${filter}`),
  );
  const before = seen();
  files.python(
    `${PRELUDE}\nfor line in open('/backups/back.jsonl'): manage('POST', '/api/exchanges/%2F/amq.default/publish', json.loads(line))`,
  );
  const twice = before["protea.embeddings.batch"]!;
  const now = seen();
  expect(now["protea.embeddings.batch"]!.slice(twice.length).map(([, ...body]) => body)).toEqual(
    twice.map(([, ...body]) => body),
  );
  expect(now["protea.embeddings.batch"]![twice.length]![0]).toMatchObject({ delivery_mode: 2 });
  files.python(
    `${PRELUDE}\nmanage('POST', '/api/definitions', json.load(open('/backups/whole/rabbitmq/definitions.json')))`,
  );
  // What is there again is known to be there already: it is put aside, and what was there before comes back.
  succeeded(files.part("restore", "/backups/whole/rabbitmq"));
  expect(seen()).toEqual(before);
  removeAsides();
});

const CHANGES = `${PRELUDE}
connection = connect(); channel = connection.channel(); channel.confirm_delivery()
for n in range(40):
    method, _, _ = channel.basic_get('protea.jobs'); channel.basic_ack(method.delivery_tag)
put(channel, 'protea.jobs', b'came since', headers={'new': True})
channel.queue_purge('priorities'); channel.queue_delete('odd "ü')
channel.queue_declare('later', durable=True); put(channel, 'later', b'only there', delivery_mode=2)
manage('DELETE', '/api/policies/%2F/lengths')
manage('PUT', '/api/users/helper', {'password': 'y', 'tags': ''})
connection.close()`;

test("a restore brings back exactly those, keeps what was there, and passwords stay as they are", () => {
  const before = seen();
  expect(succeeded(files.part("restore", "/backups/whole/rabbitmq"))).toContain("354 messages of 6 queues");
  expect(asides()).toEqual([]);
  files.python(CHANGES);
  const [changed, hashes] = [seen(), broker.run("rabbitmqctl", "-q", "export_definitions", "-")];
  expect(changed).not.toEqual(before);
  const text = succeeded(files.part("restore", "/backups/whole/rabbitmq"));
  const [aside, ...more] = asides();
  expect(more).toEqual([]);
  expect(text).toContain(`262 that were there are in /backups/${aside}`);
  expect(text).toContain('left as they are, though the backup has others: users ["helper"]');
  const { later, ...restored } = seen();
  expect(restored).toEqual(before);
  expect(later).toEqual([]);
  const hash = (text: string) => /"name":"helper","password_hash":"([^"]*)"/.exec(text)?.[1];
  expect(hash(broker.run("rabbitmqctl", "-q", "export_definitions", "-"))).toBe(hash(hashes));
  expect(broker.run("rabbitmqctl", "-q", "list_policies", "--no-table-headers")).toContain("lengths");
  // Back again to what was there, from what was put aside.
  succeeded(files.part("restore", `/backups/${aside}`));
  expect(seen()).toEqual({ ...changed, 'odd "ü': [] });
  succeeded(files.part("restore", "/backups/whole/rabbitmq"));
  expect(seen()).toEqual({ ...before, later: [] });
  // Asked for twice, it has the same: nothing is put aside that is there already.
  removeAsides();
  expect(succeeded(files.part("restore", "/backups/whole/rabbitmq"))).toContain("0 of them written");
  expect(asides()).toEqual([]);
});

test("a restore does not begin while anything uses a queue", () => {
  const before = seen();
  startWorker(`
connection = connect(); connection.channel().basic_consume('idle', lambda *_: None); connection.channel().start_consuming()
while True: connection.process_data_events(1)`);
  files.python(
    `${PRELUDE}\nwhile connect().channel().queue_declare('idle', passive=True).method.consumer_count == 0: time.sleep(0.1)`,
  );
  expect(failed(files.part("restore", "/backups/first/rabbitmq"))).toContain("idle have consumers: stop them");
  stopWorker();
  expect(seen()).toEqual(before);
  expect(asides()).toEqual([]);
});

test("spoiled, is found by its file's name", () => {
  expect(spoiled(files, "first/rabbitmq", "messages.jsonl", "definitions.json")).toEqual(ALL_FOUND);
  expect(spoiled(files, "first/rabbitmq", "definitions.json", "messages.jsonl")).toEqual(ALL_FOUND);
});

const many = (word: string) => `${PRELUDE}
connection = connect(); channel = connection.channel(); channel.confirm_delivery()
for queue in ('protea.jobs', 'idle'):
    channel.queue_purge(queue)
    for n in range(1500): put(channel, queue, f'${word} {queue} {n}'.encode(), delivery_mode=2, headers={'n': n})
connection.close()`;

/** A restore, killed as soon as the queue `idle` has between so many and so many messages: how it ended. */
const killedWhen = (by: PartContainer, from: number, to: number) =>
  by
    .python(
      `${PRELUDE}
import subprocess
child = subprocess.Popen(['python3', '-B', '/opt/backup-parts/rabbitmq.py', 'restore', '/backups/many/rabbitmq'], stdout=subprocess.DEVNULL)
connection = connect(); channel = connection.channel()
while child.poll() is None:
    try:
        count = channel.queue_declare('idle', passive=True).method.message_count
    except pika.exceptions.ChannelClosedByBroker:
        channel = connection.channel()
        continue
    if ${from} <= count <= ${to}:
        child.kill()
        break
print(child.wait())`,
    )
    .trim();

test("killed while it is restored, again and again, ends complete: no message is lost, none is there twice", () => {
  files.python(many("wanted"));
  succeeded(files.part("backup", "/backups/many/rabbitmq"));
  const wanted = seen();
  files.python(many("old"));
  removeAsides();
  // While what was there is taken out, and while the backup's is put in.
  expect(killedWhen(files, 1, 1400)).toBe("-9");
  expect(killedWhen(files, 0, 0)).toBe("-9");
  expect(killedWhen(files, 1, 1000)).toBe("-9");
  let killed = 0;
  for (let seconds = 0.1; ; seconds *= 1.15) {
    const { code, text } = files.partKilledAfter(seconds, "restore", "/backups/many/rabbitmq");
    if (code === 0) break;
    expect([code, text]).toEqual([137, expect.anything()]);
    killed += 1;
  }
  expect(killed).toBeGreaterThan(2);
  expect(seen()).toEqual(wanted);
  // What was put aside is all of the old, whichever run it was that did.
  const kept = asides().flatMap((name) =>
    readFileSync(backup(`${name}/messages.jsonl`), "utf8")
      .split("\n")
      .filter(Boolean),
  );
  const payloads = new Set(
    kept.map((line) => Buffer.from((JSON.parse(line) as { payload: string }).payload, "base64").toString()),
  );
  for (const queue of ["protea.jobs", "idle"])
    for (let n = 0; n < 1500; n += 1) expect(payloads).toContain(`old ${queue} ${n}`);
  expect(readdirSync(backup("")).filter((name) => name.startsWith("."))).toEqual([]);
  removeAsides();
}, 600_000);

describe("a broker that was made anew", () => {
  let anew: Container;
  let there: PartContainer;
  const isEmpty = (by: PartContainer) => succeeded(by.part("empty", "/backups/many/rabbitmq")).trim() === "empty";

  beforeAll(async () => {
    anew = await brokerAnew();
    there = partOf(anew);
  });

  test("is told from one whose queues are done with, and no backup of it takes the place of the last good one", () => {
    files.python(
      `${PRELUDE}\nchannel = connect().channel(); [channel.queue_purge(q['name']) for q in manage('GET', '/api/queues') if q['durable']]`,
    );
    expect(isEmpty(files)).toBe(false);
    expect(isEmpty(there)).toBe(true);
    mkdirSync(backup("many/postgres"));
    mkdirSync(backup("next/postgres"), { recursive: true });
    for (const name of ["many", "next"]) writeFileSync(backup(`${name}/postgres/part.json`), '{"system" : "1"}');
    expect(failed(there.part("backup", "/backups/next/rabbitmq", "/backups/many/rabbitmq"))).toMatch(
      /RabbitMQ was made anew: it is empty, and the backup before has \d+ in it: bring them back \(make restore .* ONLY=rabbitmq\)/,
    );
    expect(succeeded(files.part("backup", "/backups/next/rabbitmq", "/backups/many/rabbitmq"))).toContain(
      ": 0 messages",
    );
    there.python(
      `${PRELUDE}\nchannel = connect().channel(); channel.queue_declare('idle', durable=True); put(channel, 'idle', b'new')`,
    );
    expect(isEmpty(there)).toBe(false);
    there.python(`${PRELUDE}\nconnect().channel().queue_delete('idle')`);
    expect(isEmpty(there)).toBe(true);
  });

  test("is filled, also when that is interrupted; then it is as any other", () => {
    expect(killedWhen(there, 1, 1000)).toBe("-9");
    expect(isEmpty(there)).toBe(true);
    expect(killedWhen(there, 1, 1400)).toBe("-9");
    for (let seconds = 0.2; ; seconds *= 1.2) {
      if (there.partKilledAfter(seconds, "restore", "/backups/many/rabbitmq").code === 0) break;
      const count = Object.values(seen(there)).flat().length;
      if (count > 0 && isEmpty(there))
        expect(failed(there.part("backup", "/backups/half/rabbitmq"))).toContain(
          "being filled by a restore that did not end",
        );
    }
    const listing = readFileSync(backup("many/rabbitmq/messages.jsonl"), "utf8");
    succeeded(there.part("backup", "/backups/filled/rabbitmq"));
    expect(readFileSync(backup("filled/rabbitmq/messages.jsonl"), "utf8")).toBe(listing);
    expect(asides()).toEqual([]);
    expect(anew.run("rabbitmqctl", "-q", "list_users", "--no-table-headers")).toContain("helper");
    // Its queues are done with: no later up brings the same messages once more, and a backup of it is one.
    there.python(
      `${PRELUDE}\nchannel = connect().channel(); [channel.queue_purge(q['name']) for q in manage('GET', '/api/queues') if q['durable']]`,
    );
    expect(isEmpty(there)).toBe(false);
    expect(succeeded(there.part("backup", "/backups/next/rabbitmq", "/backups/many/rabbitmq"))).toContain(
      ": 0 messages",
    );
  }, 600_000);
});

test("more messages than RabbitMQ's memory allows to read are said, and not taken out by a restore", () => {
  files.python(many("old"));
  const before = seen();
  const small = (verb: string, path: string) =>
    here.tryDocker(
      ...["exec", "--env", `RABBITMQ_MEMORY=${2 ** 28 + 1_000_000}`, files.name],
      ...["python3", "-B", "/opt/backup-parts/rabbitmq.py"],
      verb,
      path,
    );
  const text = succeeded(small("backup", "/backups/bounded/rabbitmq"));
  expect(text).toMatch(
    /warning: 1\d\d\d of queue idle are not kept: it has more than RabbitMQ's memory allows to read/,
  );
  succeeded(files.part("verify", "/backups/bounded/rabbitmq"));
  expect(failed(small("restore", "/backups/first/rabbitmq"))).toContain("idle, protea.jobs has more messages than");
  expect(seen()).toEqual(before);
});

test("says what is wrong, and no secret", () => {
  const said = (variable: string, verb = "backup") =>
    failed(
      here.tryDocker(
        "exec",
        "--env",
        variable,
        files.name,
        "python3",
        "-B",
        "/opt/backup-parts/rabbitmq.py",
        verb,
        "/backups/none/rabbitmq",
      ),
    );
  expect(said(`RABBITMQ_URL=amqp://app:wrong-word@${broker.name}/`)).toMatch(
    /^rabbitmq, backup: GET \/api\/\S+ on \S+:15672: 401 /,
  );
  expect(said(`RABBITMQ_URL=amqp://app:wrong-word@${broker.name}/`)).not.toContain("wrong-word");
  expect(said("RABBITMQ_URL=amqp://app:wrong-word@nowhere.invalid/")).toMatch(/^rabbitmq, backup: .*nowhere\.invalid/);
  expect(failed(files.part("verify", "/backups/nowhere"))).toContain("/backups/nowhere/part.json: missing");
  // More than any disk has, of which there are two.
  mkdirSync(backup("vast/rabbitmq"), { recursive: true });
  const room = (bytes: number, listing: number) => {
    const part = { part: "rabbitmq", format: 1, bytes, listing: { bytes: listing } };
    writeFileSync(backup("vast/rabbitmq/part.json"), JSON.stringify(part));
    return files.part("room", "/backups/vast/rabbitmq");
  };
  succeeded(room(1, 1));
  expect(failed(room(1, 2 ** 60))).toMatch(/the backups' disk: the new data needs 10995116277\d\d MiB/);
  expect(failed(room(2 ** 60, 1))).toMatch(/RabbitMQ's disk: the new data needs 10995116277\d\d MiB/);
  files.python(
    `${PRELUDE}\nchannel = connect().channel(); channel.confirm_delivery(); channel.queue_purge('idle'); put(channel, 'idle', b'x', headers={'CC': ['protea.jobs']})`,
  );
  succeeded(files.part("backup", "/backups/carbon/rabbitmq"));
  const before = seen();
  expect(failed(files.part("restore", "/backups/carbon/rabbitmq"))).toContain(
    "message 1 of queue idle has a header CC",
  );
  expect(seen()).toEqual(before);
});
