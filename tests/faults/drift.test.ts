/**
 * What a hand can do to a host behind this program's back, kind by kind: `make drift` sees each and names it, and its looks change nothing;
 * one `make heal` mends all of it, and every row is still there.
 */
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { standInTag } from "../../images/builder/tag.ts";
import { table } from "../engine/chance.ts";
import { ByHand, MADE_AGAIN, told } from "../engine/drift-kinds.ts";
import { fill, runningStack } from "../engine/filled-stack.ts";
import { failed, succeeded } from "../engine/host.ts";
import { changed, type TestStack } from "../engine/stack.harness.ts";
import { watched, watching } from "../engine/watch.ts";

let stack: TestStack;
let byHand: ByHand;
let image: string;

/** A home of its own: what is installed there is everybody's of this machine. And a crontab: this machine may have none. */
function ownHome(one: TestStack): void {
  const programs = join(one.folder, "programs");
  const home = join(one.folder, "home");
  for (const folder of [programs, home]) mkdirSync(folder);
  const crontab = `#!/bin/sh\ncase $1 in\n-l) cat '${home}/crontab' 2> /dev/null || { echo "no crontab for me" >&2; exit 1; } ;;\n-r) rm '${home}/crontab' ;;\n-) cat > '${home}/crontab' ;;\nesac\n`;
  writeFileSync(join(programs, "crontab"), crontab, { mode: 0o755 });
  Object.assign(one.environment, { HOME: home, PATH: `${programs}:${process.env.PATH}` });
}

beforeAll(async () => {
  stack = await runningStack((one) => {
    ownHome(one);
    // A tag of its own, to be moved: those of the others are everybody's.
    image = `${one.name}/frontend:1`;
    one.docker("tag", standInTag("images/protea-frontend"), image);
    const images = one.config["protea:images"] as Record<string, unknown>;
    one.config["protea:images"] = { ...images, frontend: image };
    one.config["host:backups"] = { directory: ".local/backups", schedule: { backup: "03:15" } };
  });
  byHand = new ByHand(stack);
  fill(stack, 1);
});

afterAll(() => {
  byHand?.removeOthers();
  stack.remove();
});

const protea = (service: string) => stack.container("protea", service);
const tried: [string, string, string][] = [];

/** The places that are not as they should be so far. */
const expected = new Set<string>();
/** Does something, and has it looked for. @param places what is different now besides */
function sees(kind: string, places: string[], act: () => void): void {
  act();
  for (const one of places) expected.add(one);
  const { code, rows } = byHand.look();
  expect([kind, told(rows)]).toEqual([kind, [...expected].sort()]);
  expect(code).toBe(2);
  const own = (text: string) => text.replaceAll(stack.name, "T").replaceAll(" | ", ": ");
  const mends = rows.filter((row) => places.includes(`${row.where} | ${row.what}`)).map(({ mend }) => own(mend));
  tried.push([kind, own(places.join("; ")), [...new Set(mends)].join("; ")]);
}

test("as the up left it there is no drift, also not for make status and make why", () => {
  const { code, rows } = byHand.look();
  expect(rows).toEqual([]);
  expect(code).toBe(0);
  expect(succeeded(stack.operation("drift"))).toContain("no drift");
  expect(succeeded(stack.operation("status"))).toContain("all as declared");
  expect(succeeded(stack.operation("why"))).toContain("as declared");
});

test("what docker changes of a container that is there", () => {
  const update = (...words: string[]) => stack.docker("update", ...words);
  const network = `${stack.name}-protea_default`;
  const [ping, reaper, writer, api] = ["worker-ping", "worker-reaper", "worker-embeddings-write", "api"].map(protea);
  const [frontend, batch, predictions] = ["frontend", "worker-embeddings-batch", "worker-predictions-write"].map(
    protea,
  );
  stack.docker("network", "create", ...stack.marked, byHand.other);

  sees("paused", [`${ping} | state`], () => stack.docker("pause", ping!));
  sees("stopped", [`${reaper} | state`], () => stack.docker("stop", "--time", "1", reaper!));
  sees("removed", [`${writer} | container`], () => stack.docker("rm", "--force", writer!));
  sees("renamed", [`${batch} | name`], () => stack.docker("rename", batch!, `${stack.name}-renamed`));
  sees("memory", ["memory", "memory swap"].map((what) => `${predictions} | ${what}`), () => update("--memory", "500m", "--memory-swap", "600m", predictions!)); // prettier-ignore
  sees("restart policy", [`${predictions} | restart`], () => update("--restart", "no", predictions!));
  sees("a network lost", [`${predictions} | network ${network}`], () => stack.docker("network", "disconnect", network, predictions!)); // prettier-ignore
  sees("a network more", [`${api} | network ${byHand.other}`], () => stack.docker("network", "connect", byHand.other, api!)); // prettier-ignore
  sees("an alias lost", [`${protea("minio")} | network ${network}`], () => {
    stack.docker("network", "disconnect", network, protea("minio"));
    stack.docker("network", "connect", network, protea("minio"));
  });
  sees("an alias more", [`${protea("rabbitmq")} | network ${network}`], () => {
    stack.docker("network", "disconnect", network, protea("rabbitmq"));
    stack.docker("network", "connect", "--alias", "rabbitmq", "--alias", "mq", network, protea("rabbitmq"));
  });
  sees("memory kept for it", [`${frontend} | memory reservation`], () => update("--memory-reservation", "100m", frontend!)); // prettier-ignore
  sees("cores", [`${frontend} | cpus`], () => update("--cpus", "0.9", frontend!));
  sees("shares of the cores", [`${frontend} | cpu shares`], () => update("--cpu-shares", "300", frontend!));
  sees("which cores", [`${frontend} | cpuset cpus`], () => update("--cpuset-cpus", "0", frontend!));
  sees("a limit of processes", [`${frontend} | pids limit`], () => update("--pids-limit", "200", frontend!));
});

test("what somebody puts beside it, and files", () => {
  const network = `${stack.name}-protea_default`;
  const sleeping = (name: string, ...words: string[]) =>
    stack.docker("run", "--detach", "--name", name, ...stack.marked, ...words, standInTag("images/redis"), "sleep", "infinity"); // prettier-ignore
  const [guest, member, volume] = ["guest", "member", "volume"].map((what) => `${byHand.other}-${what}`);
  sees("a stranger in the network", [`${guest} | container`], () => sleeping(guest!, "--network", network));
  sees("a stranger in the project", [`${member} | container`], () => sleeping(member!, "--label", `com.docker.compose.project=${stack.name}-protea`)); // prettier-ignore
  sees("a volume of ours that nobody manages", [`${stack.name}-protea_old | volume`], () => stack.docker("volume", "create", "--label", `robotoff-protea.stack=${stack.name}`, `${stack.name}-protea_old`)); // prettier-ignore
  sees("somebody's volume elsewhere", [], () => stack.docker("volume", "create", ...stack.marked, volume!));
  sees("a tag that was moved", [`${image} | image id`], () => stack.docker("tag", standInTag("images/redis"), image));

  const files = protea("files-backup");
  const inside = (line: string) => stack.docker("exec", "--user", "root", files, "sh", "-c", line);
  sees("a file of a container changed", [`${files} | file /opt/backup-parts/s3.py`], () => inside("echo '# by hand' >> /opt/backup-parts/s3.py")); // prettier-ignore
  sees("a file of a container gone", [`${files} | file /opt/backup-parts/lab.py`], () => inside("rm /opt/backup-parts/lab.py")); // prettier-ignore

  const own = join(stack.folder, "home/.local/share/robotoff-protea");
  const script = (name: string) => readdirSync(join(own, "scripts")).find((file) => file.startsWith(`${name}-`))!;
  const [job, vault, healthy] = ["job", "vault", "healthy"].map(script) as [string, string, string];
  const add = (file: string) => writeFileSync(file, `${readFileSync(file, "utf8")}# by hand\n`);
  sees("a script of the host changed", [`${job} | script of the host`], () => add(join(own, "scripts", job)));
  sees("a script of the host gone", [`${vault} | script of the host`], () => succeeded(stack.host.shell(`rm '${join(own, "scripts", vault)}'`))); // prettier-ignore
  sees("a script that cannot be run", [`${healthy} | script of the host`], () => chmodSync(join(own, "scripts", healthy), 0o644)); // prettier-ignore
  const schedule = `robotoff-protea-${stack.name}-protea-backup`;
  sees("a schedule's line gone", [`${schedule} | schedule`], () => writeFileSync(join(stack.folder, "home/crontab"), "1 1 * * * true\n")); // prettier-ignore
  sees("what a schedule runs changed", [`${schedule} | schedule`], () => add(join(own, "schedule", `${schedule}.sh`)));
});

test.each(Object.entries(MADE_AGAIN))("a container made again by hand: %s", async (kind, [what, change]) => {
  const name = protea("worker-jobs");
  for (const one of expected) if (one.startsWith(`${name} | `)) expected.delete(one);
  await byHand.again(name, change);
  sees(
    kind,
    ["container", ...what].map((one) => `${name} | ${one}`),
    () => undefined,
  );
});

test("a database made again by hand on another volume, with its own one kept", async () => {
  const [name, other] = [protea("postgres"), `${byHand.other}-data`];
  stack.docker("volume", "create", ...stack.marked, other);
  await byHand.again(name, ({ HostConfig }) => {
    const data = HostConfig.Mounts.find(({ Target }) => Target === "/var/lib/postgresql/data")!;
    data.Source = other;
  });
  sees("a database on another volume", ["container", "mount /var/lib/postgresql/data"].map((what) => `${name} | ${what}`), () => undefined); // prettier-ignore
});

test("the sole consumer of a queue made again by hand, to be started whenever the engine is", async () => {
  const name = protea("worker-embeddings");
  await byHand.again(name, ({ HostConfig }) => (HostConfig.RestartPolicy = { Name: "always" }));
  sees("a sole consumer that always starts", ["container", "restart"].map((what) => `${name} | ${what}`), () => undefined); // prettier-ignore
});

test("make status and make why name the containers of it", () => {
  const status = failed(stack.operation("status"));
  const name = protea("worker-jobs");
  expect(status).toMatch(new RegExp(`not the container that the last up made: .*${name}`));
  expect(status).toMatch(/paused: \S+worker-ping/);
  expect(status).toMatch(/other [^;]*cpus[^;]*: \S+frontend/);
  expect(stack.operation("why").text).not.toContain("every container that exists is as declared");
});

test("one make heal mends all of it but what is a person's to decide, and every row is there", async () => {
  const before = stack.containers();
  const watch = await watching(watched(stack));
  const text = stack.operation("heal").text;
  // Ours never beside what was in its place, and one consumer of protea.embeddings at most.
  expect(await watch.end()).toEqual([]);
  console.log(`watched meanwhile: ${watch.looks.names} looks at all names, ${watch.looks.consumers} at the consumers`);
  // Nor when the engine starts again.
  const asides = stack.docker("ps", "--all", "--quiet", "--filter", `name=${stack.name}.*-set-aside-`).split("\n");
  const policies = stack.docker("inspect", "--format", "{{.HostConfig.RestartPolicy.Name}}", ...asides).split("\n");
  expect([asides.length, [...new Set(policies)]]).toEqual([3, ["no"]]);
  const left = [`${byHand.other}-guest | container`, `${byHand.other}-member | container`, `${stack.name}-protea_old | volume`]; // prettier-ignore
  const { code, rows } = byHand.look();
  if (told(rows).join() !== left.sort().join()) console.log(text.slice(-6_000));
  expect(told(rows)).toEqual(left.sort());
  expect(code).toBe(2);
  stack.docker("volume", "rm", `${stack.name}-protea_old`);
  byHand.removeOthers();
  expect(byHand.look()).toEqual({ code: 0, rows: [] });
  succeeded(stack.operation("status"));
  expect(stack.query("protea", "select count(*), max(id) from kept")).toBe("2000|2000");
  // What was right is what it was.
  const anew = changed(before, stack.containers()).filter((name) => !name.includes("-set-aside-"));
  const service = (name: string) => name.slice(`${stack.name}-protea-`.length, -"-1".length);
  const untouched = ["worker-ping", "worker-reaper", "worker-predictions-write", "minio", "rabbitmq", "api"];
  expect(untouched.filter((one) => anew.map(service).includes(one))).toEqual([]);
  succeeded(stack.preview("--expect-no-changes"));
  console.log(table(["done by hand", "named", "mended"], tried));
  expect(tried.length).toBeGreaterThanOrEqual(40);
});
