// Elasticsearch's part of a backup (hosts/scripts/part-elasticsearch.sh) against a real server.
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { failed, here, succeeded } from "./host.ts";
import { Container, network, setUp, tearDown } from "./images.harness.ts";
import { ALL_FOUND, backup, folder, PartContainer, removeFolder, spoiled } from "./parts.harness.ts";

let elastic: Container;
let keeper: PartContainer;

beforeAll(async () => {
  setUp();
  mkdirSync(join(folder, "backups"));
  elastic = new Container(
    "elasticsearch",
    {
      env: {
        "discovery.type": "single-node",
        "xpack.security.enabled": "false",
        "path.repo": "/usr/share/elasticsearch/snapshots",
        ES_JAVA_OPTS: "-Xms192m -Xmx192m",
      },
      data: "/usr/share/elasticsearch/snapshots",
      options: ["--memory", "1g"],
    },
    "snapshots",
  );
  keeper = new PartContainer("elasticsearch", "robotoff", {
    env: { ELASTIC_URL: `http://${elastic.name}:9200` },
    options: ["--user", "0:0", "--memory", "256m", "--volume", `${network}-snapshots:/snapshots`],
  });
  await elastic.until([
    "curl",
    "-fsS",
    "-o",
    "/dev/null",
    "http://127.0.0.1:9200/_cluster/health?wait_for_status=yellow",
  ]);
});
afterAll(() => {
  tearDown();
  removeFolder();
});

const python = (program: string) => keeper.python(CLIENT + program).trim();
const fill = (word: string) => python(`fill(${JSON.stringify(word)})`);
/** Everything of the two names that a client can see. */
const seen = () => JSON.parse(python("print(json.dumps(seen(['logo', 'known'])))")) as Record<string, unknown>;
const indices = () => (JSON.parse(python("print(json.dumps(sorted(server.indices())))")) as string[]).sort();
const left = () => python("print(server.ask('GET', '/_snapshot'), os.listdir('/snapshots'))");
const partOf = (name: string) =>
  JSON.parse(readFileSync(backup(`${name}/part.json`), "utf8")) as {
    linked: number;
    indices: { index: string; documents: number | null; sha256: string | null }[];
  };

test("documents, vectors, mappings and aliases come back; what was there is kept, and comes back too", () => {
  expect(succeeded(keeper.part("backup", "/backups/nothing/elasticsearch"))).toContain("no index");
  succeeded(keeper.part("verify", "/backups/nothing/elasticsearch"));
  fill("first");
  const before = seen();
  expect(succeeded(keeper.part("backup", "/backups/first/elasticsearch"))).toMatch(
    /logo \(1203 documents\), other \(40 documents\)/,
  );
  expect(succeeded(keeper.part("verify", "/backups/first/elasticsearch"))).toContain("every byte read and compared");
  expect(left()).toBe("{} []");

  fill("second");
  python(
    "server.ask('DELETE', '/logo/_doc/7?refresh=true'); server.ask('PUT', '/later/_doc/1?refresh=true', {'a': 1})",
  );
  const changed = seen();
  expect(changed).not.toEqual(before);
  const text = succeeded(keeper.part("restore", "/backups/first/elasticsearch"));
  expect(seen()).toEqual(before);
  expect(text).toContain("not in the backup, and left as it is: later");
  const [aside] = /logo-before-\w+/.exec(text)!;
  const kept = JSON.parse(python(`print(json.dumps(seen(["${aside}"])))`)) as Record<string, unknown>;
  expect(kept[aside]).toEqual(changed.logo);
  // Writes go on under the same name.
  python(
    "server.ask('PUT', '/logo/_doc/new?refresh=true', {'n': 1}); server.ask('DELETE', '/logo/_doc/new?refresh=true')",
  );
  expect(left()).toBe("{} []");

  // Of what a restore has made, a backup and a restore again: what is aside is in none.
  succeeded(keeper.part("backup", "/backups/again/elasticsearch", "/backups/first/elasticsearch"));
  expect(
    partOf("again/elasticsearch")
      .indices.map(({ index }) => index.replace(/-restored-.*/, ""))
      .sort(),
  ).toEqual(["later", "logo", "other"]);
  fill("third");
  const second = succeeded(keeper.part("restore", "/backups/again/elasticsearch"));
  expect(seen()).toEqual(before);
  expect(second).toMatch(/what was there is in the index later-before-\w+, logo-restored-\w+, other-restored-/);

  // Whose name somebody has taken away is not taken for what a killed restore left.
  const nameless = python("print([name for name, aliases in server.indices().items() if 'logo' in aliases][0])");
  python(`server.ask('POST', '/_aliases', {'actions': [{'remove': {'index': '${nameless}', 'alias': 'logo'}}]})`);
  succeeded(keeper.part("restore", "/backups/first/elasticsearch"));
  expect(indices()).toContain(nameless);
});

test("is copied again only where it changed, and what is shared is not believed", () => {
  succeeded(keeper.part("backup", "/backups/one/elasticsearch"));
  succeeded(keeper.part("backup", "/backups/two/elasticsearch", "/backups/one/elasticsearch"));
  const sums = readFileSync(backup("two/elasticsearch/files.sha256"), "utf8").trim().split("\n");
  const inodes = (name: string) => {
    const at = backup(`${name}/elasticsearch/repository`);
    return new Set(readdirSync(at, { recursive: true }).map((path) => statSync(join(at, String(path))).ino));
  };
  const [one, two] = [inodes("one"), inodes("two")];
  expect([...two].filter((inode) => one.has(inode)).length).toBeGreaterThan(sums.length / 3);
  expect(partOf("two/elasticsearch").linked).toBeGreaterThan(100_000);
  keeper.run(
    "sh",
    "-c",
    "cp -r /backups/one /backups/rotten; for f in $(find /backups/rotten -name '__*'); do printf x >>$f; done",
  );
  succeeded(keeper.part("backup", "/backups/three/elasticsearch", "/backups/rotten/elasticsearch"));
  expect(failed(keeper.part("verify", "/backups/three/elasticsearch"))).toContain(
    "its bytes are not those that were backed up",
  );
  succeeded(keeper.part("backup", "/backups/three/elasticsearch"));
  succeeded(keeper.part("verify", "/backups/three/elasticsearch"));
});

test("spoiled, is found by its file's name, and never restored", () => {
  const blob = readdirSync(backup("one/elasticsearch/repository"), { recursive: true })
    .map(String)
    .find((path) => path.includes("/__"))!;
  expect(spoiled(keeper, "one/elasticsearch", `repository/${blob}`, "files.sha256")).toEqual(ALL_FOUND);
  expect(spoiled(keeper, "one/elasticsearch", "files.sha256", `repository/${blob}`)).toEqual(ALL_FOUND);
  const [now, names] = [seen(), indices()];
  expect(failed(keeper.part("restore", "/backups/rotten/elasticsearch"))).toContain(
    "/backups/rotten/elasticsearch/repository/",
  );
  // Whole, and of something else than it says: found when it is restored, before anything is swapped.
  keeper.run("cp", "-r", "/backups/one/elasticsearch", "/backups/other");
  const part = partOf("other");
  const logo = part.indices.find(({ index }) => index.startsWith("logo"))!;
  logo.sha256 = logo.sha256!.replace(/^./, (digit) => (digit === "0" ? "1" : "0"));
  writeFileSync(backup("other/part.json"), `${JSON.stringify(part)}\n`);
  for (const verb of ["restore", "deep"]) {
    expect(failed(keeper.part(verb, "/backups/other"))).toMatch(
      /restored, it has 1203 documents that are not the 1203 of the backup/,
    );
    expect(seen()).toEqual(now);
  }
  // Nothing is left of those; of this one the old is kept.
  expect(indices()).toEqual(names);
  succeeded(keeper.part("restore", "/backups/one/elasticsearch"));
  expect(seen()).toEqual(now);
  expect(indices()).toHaveLength(names.length + 3);
  expect(left()).toBe("{} []");
});

test("a restore looks for room before it does anything: on its disk, and below the mark where the server takes no more", () => {
  const [now, names] = [seen(), indices()];
  expect(succeeded(keeper.part("room", "/backups/one/elasticsearch"))).toBe("");
  const small = new PartContainer("elasticsearch", "robotoff", {
    env: { ELASTIC_URL: `http://${elastic.name}:9200` },
    options: ["--user", "0:0", "--tmpfs", "/snapshots:size=64k"],
  });
  expect(failed(small.part("room", "/backups/one/elasticsearch"))).toMatch(
    /^elasticsearch, room: \d MB are needed on the disk of Docker's volumes, and 0 MB are free\n$/,
  );
  const mark = (low: string | null, high: string | null) => {
    const at = (name: string) => `cluster.routing.allocation.disk.watermark.${name}`;
    const settings = { [at("low")]: low, [at("high")]: high, [at("flood_stage")]: high };
    python(`server.ask('PUT', '/_cluster/settings', json.loads('${JSON.stringify({ persistent: settings })}'))`);
  };
  try {
    mark("1%", "99%");
    for (const verb of ["room", "restore"])
      expect(failed(keeper.part(verb, "/backups/one/elasticsearch"))).toMatch(
        /MB have to be free on the disk of the server's data, and \d+ MB are: of these it keeps \d+ MB free \(cluster/,
      );
    mark("1b", "1b");
    expect(succeeded(keeper.part("room", "/backups/one/elasticsearch"))).toBe("");
  } finally {
    mark(null, null);
  }
  expect([seen(), indices(), left()]).toEqual([now, names, "{} []"]);
});

test("a restore killed at any moment leaves the old or the new, and ends when it is run again", () => {
  fill("old");
  const old = seen();
  succeeded(keeper.part("backup", "/backups/old/elasticsearch"));
  python("for name in server.live(): server.ask('DELETE', '/' + name)");
  fill("now");
  const now = seen();
  let killed = 0;
  for (let seconds = 0.3; ; seconds *= 1.25) {
    const { code, text } = keeper.partKilledAfter(seconds, "restore", "/backups/old/elasticsearch");
    if (code === 0) break;
    expect([code, text]).toEqual([137, expect.anything()]);
    killed += 1;
    expect([old, now]).toContainEqual(seen());
  }
  expect(killed).toBeGreaterThan(3);
  expect(seen()).toEqual(old);
  const aside = JSON.parse(
    python(
      "print(json.dumps([seen([name])[name] for name in server.indices() if name.startswith('logo-') and 'before' in name]))",
    ),
  ) as unknown[];
  expect(aside).toContainEqual(now.logo);
  expect(left()).toBe("{} []");
  expect(
    python("print([name for name, aliases in server.indices().items() if 'restored' in name and not aliases])"),
  ).toBe("[]");
  fill("goes on");
});

test("a backup that was killed leaves nothing that stands before the next", () => {
  for (let seconds = 0.2; seconds < 2; seconds += 0.3)
    keeper.partKilledAfter(seconds, "backup", "/backups/killed/elasticsearch");
  succeeded(keeper.part("backup", "/backups/killed/elasticsearch"));
  succeeded(keeper.part("verify", "/backups/killed/elasticsearch"));
  expect(left()).toBe("{} []");
});

test("while documents are written, what is in the snapshot is said only where it is known", () => {
  here.docker(
    "exec",
    "--detach",
    keeper.name,
    "python3",
    "-c",
    `import sys; sys.path.insert(0, '/opt/backup-parts')\n${CLIENT}${WRITER}`,
  );
  python("while 'written' not in server.indices(): time.sleep(0.1)");
  succeeded(keeper.part("backup", "/backups/busy/elasticsearch"));
  keeper.run("sh", "-c", "touch /tmp/enough; while [ -e /tmp/enough ]; do sleep 0.1; done");
  succeeded(keeper.part("verify", "/backups/busy/elasticsearch"));
  const { indices: found } = partOf("busy/elasticsearch");
  const written = found.find(({ index }) => index === "written")!;
  succeeded(keeper.part("restore", "/backups/busy/elasticsearch"));
  const back = Number(python("print(server.count('written'))"));
  if (written.documents !== null) expect(back).toBe(written.documents);
  expect(back).toBeGreaterThan(0);
  // The others are compared as ever.
  expect(found.filter(({ sha256 }) => sha256 === null).length).toBeLessThanOrEqual(1);
});

test("only a server without a document is empty", () => {
  const isEmpty = () => succeeded(keeper.part("empty", "/backups/old/elasticsearch"));
  expect(isEmpty()).toBe("");
  // What is aside counts for nothing.
  python("for name in server.live(): server.ask('DELETE', '/' + name)");
  expect(isEmpty()).toBe("empty\n");
  python("server.ask('PUT', '/logo')");
  expect(isEmpty()).toBe("empty\n");
  expect(succeeded(keeper.part("empty", "/backups/nothing/elasticsearch"))).toBe("");
  expect(succeeded(keeper.part("restore", "/backups/old/elasticsearch"))).not.toContain("what was there");
  expect(isEmpty()).toBe("");
});

test("says what is wrong", () => {
  const script = readFileSync("hosts/scripts/part-elasticsearch.sh", "utf8");
  const said = (variable: string) =>
    failed(here.tryDocker("exec", "--env", variable, keeper.name, "sh", "-c", script, "sh", "backup", "/backups/none"));
  expect(said("ELASTIC_URL=http://127.0.0.1:1")).toMatch(
    /^elasticsearch, backup: http:\/\/127.0.0.1:1 does not answer: .*refused\n$/,
  );
  expect(failed(keeper.part("verify", "/backups/nowhere"))).toContain("/backups/nowhere/part.json: missing");
});

const CLIENT = `
import hashlib, json, math, os, time, urllib.request
from elasticsearch_server import Server
server = Server()
def bulk(index, documents):
    lines = []
    for name, routing, source in documents:
        lines += [json.dumps({"index": {"_index": index, "_id": name, **({"routing": routing} if routing else {})}}), json.dumps(source)]
    request = urllib.request.Request(server.url + "/_bulk?refresh=true", ("\\n".join(lines) + "\\n").encode(), {"content-type": "application/x-ndjson"})
    answer = json.load(urllib.request.urlopen(request))
    assert not answer["errors"], answer
def made(path, body):
    try: server.ask("GET", path)
    except Exception: server.ask("PUT", path, body)
def fill(word):
    vector = {"type": "dense_vector", "dims": 64, "index": True, "similarity": "cosine"}
    made("/logo", {"settings": {"number_of_replicas": 0}, "mappings": {"properties": {"v": vector, "word": {"type": "keyword"}}}})
    made("/other", {"settings": {"number_of_shards": 2, "number_of_replicas": 0}, "aliases": {"known": {"filter": {"range": {"n": {"lt": 30}}}}}})
    salt = len(word)
    bulk("logo", [(str(n), None, {"word": word, "n": n, "v": [math.sin(n * d + salt) + 1e-3 for d in range(64)]}) for n in range(1200)])
    bulk("logo", [("Å ✓/ 1", "there", {"word": word}), ("\\"q'\\\\", None, {"word": [word, None], "odd": {"a": 1.0}}), ("big", None, {"n": 2**53 + 1, "e": 1e-300})])
    bulk("other", [(f"other {n}", None, {"word": word, "n": n}) for n in range(40)])
def seen(names):
    found = {}
    for name in names:
        hits = server.ask("POST", f"/{name}/_search", {"size": 5000})["hits"]["hits"]
        lines = sorted(json.dumps([hit["_id"], hit.get("_routing"), hit["_source"]], sort_keys=True) for hit in hits)
        mapping = list(server.ask("GET", f"/{name}/_mapping").values())[0]["mappings"]
        settings = list(server.ask("GET", f"/{name}/_settings").values())[0]["settings"]["index"]
        found[name] = [len(lines), hashlib.sha256("".join(lines).encode()).hexdigest(), mapping, settings["number_of_shards"], settings["number_of_replicas"]]
        if "v" in mapping.get("properties", {}):
            near = {"field": "v", "query_vector": [math.sin(5 * d) for d in range(64)], "k": 3, "num_candidates": 1300}
            found[name].append([hit["_id"] for hit in server.ask("POST", f"/{name}/_search", {"knn": near, "size": 3})["hits"]["hits"]])
    return found
`;

const WRITER = `
n = 0
while not os.path.exists("/tmp/enough"):
    server.ask("PUT", f"/written/_doc/{n}", {"n": n})
    n += 1
os.remove("/tmp/enough")
`;
