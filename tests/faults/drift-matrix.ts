/**
 * What a hand can do to a host behind this program's back, kind by kind: `make drift` sees each and names it, and its looks change nothing;
 * one `make heal` mends all of it, and every row is still there. PROTEA, here (drift.test.ts) and over SSH (drift-hosts.test.ts).
 */
import { networkName } from "../../systems/spec.ts";
import { table } from "../engine/chance.ts";
import { ByHand, MADE_AGAIN, told, type Running } from "../engine/drift-kinds.ts";
import { failed, succeeded } from "../engine/host.ts";
import { changed } from "../engine/stack.harness.ts";
import { watched, watching } from "../engine/watch.ts";
import { REFRESHED, type Looker, type Seen } from "./lookers.ts";

/** Where it is done: PROTEA runs there with backups and their schedule, and its database has 2,000 rows of a table `kept`. */
export interface Place extends Running {
  container(system: "protea", service: string): string;
  query(system: "protea", sql: string): string;
  /** What a shell's line prints, by the user who has Docker there, in that user's home. */
  home(line: string): string;
  /** The frontend's image, whose name nobody else uses. */
  image: string;
  /** An image of something else, which can sleep. */
  idle: string;
  /** Who else looks. */
  others: Looker[];
}

const median = (list: number[]) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? 0;

/** @param get the place, once it is there */
export function driftMatrix(get: () => Place): void {
  let stack: Place;
  let byHand: ByHand;
  beforeAll(() => {
    stack = get();
    byHand = new ByHand(stack);
  });

  const system = () => stack.described.systems.find(({ name }) => name === "protea")!;
  const project = () => system().project;
  const protea = (service: string) => stack.container("protea", service);
  const tried: [string, string, string][] = [];
  /** What the others see by now, and of each kind whatever they saw of it. */
  const seen = new Map<string, Seen>();
  const cells: [kind: string, ...cells: string[]][] = [];
  const seconds: number[] = [];

  /** What another one sees now that it did not see before; of a place where nothing was wrong until now, whatever it says. */
  function newOf({ name, look }: Looker, wheres: string[]): string {
    const before = new Map(seen.get(name));
    for (const where of wheres) if (![...expected].some((one) => one.startsWith(`${where} | `))) before.delete(where);
    const after = look();
    seen.set(name, after);
    const all = [...after].filter(([where, { sign }]) => before.get(where)?.sign !== sign);
    const fresh = all.flatMap(([where, { words }]) => {
      const others = words.filter((word) => !before.get(where)?.words.includes(word));
      return others.length > 0 ? others : words;
    });
    return [...new Set(fresh)].join(", ") || "-";
  }

  /** What all of them saw, kind by kind, and how long each took. */
  function tellSeen(): void {
    if (stack.others.length === 0) return;
    const groups: [string, ...string[]][] = [];
    for (const [kind, ...saw] of cells) {
      const last = groups.at(-1);
      if (last && last.slice(1).join() === saw.join()) last[0] += `; ${kind}`;
      else groups.push([kind, ...saw]);
    }
    const names = stack.others.map(({ name }) => name);
    const count = (at: number) => `${cells.filter((row) => row[at + 1] !== "-").length} of ${cells.length}`;
    console.log(
      table(
        ["done by hand", ...names],
        [...groups, ["seen, of what is not as declared", ...names.map((_, at) => count(at))]],
      ),
    );
    const times = [["make drift", seconds], ...stack.others.map((one) => [one.name, one.seconds])] as [
      string,
      number[],
    ][];
    console.log(
      table(
        ["", "median", "times"],
        times.map(([name, all]) => [name, `${median(all).toFixed(2)} s`, all.length]),
      ),
    );
  }

  /** The places that are not as they should be so far. */
  const expected = new Set<string>();
  /** Does something, and has it looked for. @param places what is different now besides */
  function sees(kind: string, places: string[], act: () => void): void {
    act();
    const saw = stack.others.map((one) =>
      newOf(
        one,
        places.map((place) => place.split(" | ")[0]!),
      ),
    );
    if (places.length > 0) cells.push([kind, ...saw]);
    for (const one of places) expected.add(one);
    const begun = Date.now();
    const { code, rows } = byHand.look();
    seconds.push((Date.now() - begun) / 1_000);
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
    for (const { name, look } of stack.others) seen.set(name, look());
    expect(seen.get(REFRESHED) ?? new Map()).toEqual(new Map());
  });

  test("what docker changes of a container that is there", () => {
    const update = (...words: string[]) => stack.docker("update", ...words);
    const network = networkName(system(), "servers");
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
    const network = networkName(system(), "servers");
    const sleeping = (name: string, ...words: string[]) =>
    stack.docker("run", "--detach", "--name", name, ...stack.marked, ...words, stack.idle, "sleep", "infinity"); // prettier-ignore
    const [guest, member, volume] = ["guest", "member", "volume"].map((what) => `${byHand.other}-${what}`);
    sees("a stranger in the network", [`${guest} | container`], () => sleeping(guest!, "--network", network));
    sees("a stranger in the project", [`${member} | container`], () => sleeping(member!, "--label", `com.docker.compose.project=${project()}`)); // prettier-ignore
    sees("a volume of ours that nobody manages", [`${project()}_old | volume`], () => stack.docker("volume", "create", "--label", `robotoff-protea.stack=${stack.name}`, `${project()}_old`)); // prettier-ignore
    sees("somebody's volume elsewhere", [], () => stack.docker("volume", "create", ...stack.marked, volume!));
    sees("a tag that was moved", [`${stack.image} | image id`], () => stack.docker("tag", stack.idle, stack.image));

    const files = protea("files-backup");
    const inside = (line: string) => stack.docker("exec", "--user", "root", files, "sh", "-c", line);
    sees("a file of a container changed", [`${files} | file /opt/backup-parts/s3.py`], () => inside("echo '# by hand' >> /opt/backup-parts/s3.py")); // prettier-ignore
    sees("a file of a container gone", [`${files} | file /opt/backup-parts/lab.py`], () => inside("rm /opt/backup-parts/lab.py")); // prettier-ignore

    const own = '"$HOME"/.local/share/robotoff-protea';
    const script = (name: string) => stack.home(`cd ${own}/scripts && echo ${name}-*.sh`);
    const [job, vault, healthy] = ["job", "vault", "healthy"].map(script) as [string, string, string];
    const add = (file: string) => stack.home(`echo '# by hand' >> ${own}/${file}`);
    sees("a script of the host changed", [`${job} | script of the host`], () => add(`scripts/${job}`));
    sees("a script of the host gone", [`${vault} | script of the host`], () =>
      stack.home(`rm ${own}/scripts/${vault}`),
    );
    sees("a script that cannot be run", [`${healthy} | script of the host`], () => stack.home(`chmod 644 ${own}/scripts/${healthy}`)); // prettier-ignore
    const schedule = `robotoff-protea-${project()}-backup`;
    sees("a schedule's line gone", [`${schedule} | schedule`], () => stack.home("{ echo '1 1 * * * true'; crontab -l | grep -v -e -backup.sh; } | crontab -")); // prettier-ignore
    sees("what a schedule runs changed", [`${schedule} | schedule`], () => add(`schedule/${schedule}.sh`));
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
    expect(status).toMatch(/other cpu shares, [^;]*: \S+frontend/);
    expect(stack.operation("why").text).not.toContain("every container that exists is as declared");
  });

  test("one make heal mends all of it but what is a person's to decide, and every row is there", async () => {
    const before = stack.containers();
    const watch = await watching(watched(stack));
    const text = stack.operation("heal", "--yes", "1").text;
    // Ours never beside what was in its place, and one consumer of protea.embeddings at most.
    expect(await watch.end()).toEqual([]);
    console.log(
      `watched meanwhile: ${watch.looks.names} looks at all names, ${watch.looks.consumers} at the consumers`,
    );
    // Nor when the engine starts again.
    const policies = stack.docker("inspect", "--format", "{{.HostConfig.RestartPolicy.Name}}", ...byHand.asides());
    expect(policies.split("\n")).toEqual(["no", "no", "no"]);
    const left = [`${byHand.other}-guest | container`, `${byHand.other}-member | container`, `${project()}_old | volume`]; // prettier-ignore
    const { code, rows } = byHand.look();
    if (told(rows).join() !== left.sort().join()) console.log(text.slice(-6_000));
    expect(told(rows)).toEqual(left.sort());
    expect(code).toBe(2);
    stack.docker("volume", "rm", `${project()}_old`);
    byHand.removeOthers();
    expect(byHand.look()).toEqual({ code: 0, rows: [] });
    succeeded(stack.operation("status"));
    expect(stack.query("protea", "select count(*), max(id) from kept")).toBe("2000|2000");
    // What was right is what it was.
    const anew = changed(before, stack.containers()).filter((name) => !name.includes("-set-aside-"));
    const service = (name: string) => name.slice(`${project()}-`.length, -"-1".length);
    const untouched = ["worker-ping", "worker-reaper", "worker-predictions-write", "minio", "rabbitmq", "api"];
    expect(untouched.filter((one) => anew.map(service).includes(one))).toEqual([]);
    succeeded(stack.operation("preview", "--", "--expect-no-changes"));
    console.log(table(["done by hand", "named", "mended"], tried));
    expect(tried.length).toBeGreaterThanOrEqual(40);
    tellSeen();
  });
}
