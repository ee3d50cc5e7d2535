/** A host that is watched: `monitoring` beside both systems there, its page through a tunnel, and what is told when something is wrong. */
import { succeeded } from "../engine/host.ts";
import type { Lab } from "../hosts/lab.ts";
import { Rehearsal } from "../hosts/rehearsal.ts";
import { until } from "../http.ts";

let lab: Lab;
let rehearsal: Rehearsal;

beforeAll(async () => {
  ({ lab, rehearsal } = await Rehearsal.forTest("staging"));
  rehearsal.change("staging", { "monitoring:enabled": true, "monitoring:interval": "1s" });
}, 600_000);

afterAll(() => lab.down());

const make = (target: string, ...variables: string[]) => succeeded(rehearsal.make(target, "staging", ...variables));
const on = (...words: string[]) => lab.on("ovh200", ...words);
const alertmanager = (...words: string[]) =>
  on("docker", "exec", "monitoring-alertmanager-1", "amtool", "--alertmanager.url=http://127.0.0.1:9093", ...words);
/** What burns now, each once. */
const burning = () => [...new Set(alertmanager("alert", "query", "--output=extended").match(/alertname="\w+"/g))];

test("all three systems are healthy, as declared, with no drift, and every target answers", async () => {
  make("up");
  expect(make("status")).toContain("as declared");
  expect(make("drift")).toContain("no drift");
  const up = () => {
    const asked = ["wget", "-qO-", "http://127.0.0.1:9090/api/v1/query?query=up%3D%3D0"];
    return on("docker", "exec", "monitoring-prometheus-1", ...asked);
  };
  await until("every target answers", 120, () => up().includes(`"result":[]`));
}, 900_000);

test("its page is read on the laptop, through the proxy, and says what the host has", async () => {
  const { process: child, ended, said } = rehearsal.spawn(["make", "dashboard", "STACK=staging"]);
  try {
    await until("it is served", 60, () => /^http:\S+$/m.test(said()) || child.exitCode !== null);
    const [url] = /http:\S+/.exec(said())!;
    const page = succeeded(rehearsal.run("curl", "--silent", "--show-error", "--fail", url));
    for (const service of ["update-listener", "worker-embeddings", "prometheus"]) expect(page).toContain(service);
    expect(page).toContain("Nothing is wrong.");
    expect(page).not.toContain('class="state unknown"');
  } finally {
    process.kill(-child.pid!, "SIGINT");
    await ended;
  }
  expect(make("report")).toMatch(/^robotoff api +\d+\.\d\d %$/m);
}, 300_000);

test("a server that is stopped there is told, alone; then it is over", async () => {
  const before = burning();
  on("docker", "stop", "protea-rabbitmq-1");
  await until("it is told", 150, () => burning().length > before.length);
  expect(burning().filter((one) => !before.includes(one))).toEqual(['alertname="ContainerDown"']);
  on("docker", "start", "protea-rabbitmq-1");
  await until("it is over", 240, () => !burning().includes('alertname="ContainerDown"'));
}, 600_000);
