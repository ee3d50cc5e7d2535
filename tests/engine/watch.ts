/**
 * Watches, while something is done to a stack, that no name or alias of a network of ours ever stands for more containers than it may, and that
 * a queue which may have one consumer never has two.
 *
 *     const watch = await watching(watched(stack));
 *     succeeded(stack.makeUp());
 *     expect(await watch.end()).toEqual([]);
 *
 * One container in the network of each system's servers asks Docker's name server up to twenty times a second, and of PROTEA also the broker
 * (watch.py). It is of the project as a one-off, as of `make run`: no drift. A network cannot be removed while it is watched.
 * The names are those that are declared when it begins: of a service that is scaled meanwhile say how many there may be at most.
 * It ends by itself when the test's process does.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import { PROJECT_LABEL } from "../../engines/docker/labels.ts";
import { containerName, containersOf, networkName, SECRETS, type SystemSpec } from "../../systems/spec.ts";
import { until } from "../http.ts";
import { must } from "./host.ts";
import type { Running } from "./drift-kinds.ts";

/** Something that must not be: `worker-embeddings` has two addresses, `consumers of protea.embeddings` are 2. */
export interface Violation {
  what: string;
  found: string;
  /** Seconds since the watch began. */
  at: number;
  /** In how many looks. */
  times: number;
}

export interface Watched {
  /** The whole command line of `docker ARGS` on its host. */
  docker: (...args: string[]) => string[];
  /** As declared; their networks are there, and where there is a sole consumer, its container. */
  systems: SystemSpec[];
  /** Options that mark what a test makes. */
  marked: string[];
}

/** Of a stack that runs, as its file declares it. */
export const watched = (stack: Running): Watched => ({
  docker: (...args) => stack.host.command(...args),
  systems: stack.described.systems,
  marked: stack.marked,
});

/** How many containers each name may stand for. */
function namesOf(system: SystemSpec, more: Record<string, number>): Record<string, number> {
  const containers = containersOf(system).map(({ name }) => [name, 1]);
  const aliases = system.services.map(({ name, replicas }) => [name, Math.max(1, replicas)]);
  return { ...Object.fromEntries([...containers, ...aliases]), ...more } as Record<string, number>;
}

/** The broker's part of what the program is told. */
function queueOf({ docker }: Watched, system: SystemSpec): object {
  const service = system.services.find(({ soleConsumer }) => soleConsumer !== undefined);
  if (!service) return {};
  // compose's container has it as a variable.
  const line = `cat ${SECRETS}/PROTEA_AMQP_URL 2> /dev/null || printenv PROTEA_AMQP_URL`;
  const [command, ...words] = docker("exec", containerName(system, service.name, 1), "sh", "-c", line);
  const url = must(command!, ...words);
  return { url, queue: service.soleConsumer!.queue, consumers: 1 };
}

class OneWatch {
  looks = { names: 0, consumers: 0 };
  private readonly child: ChildProcess;
  private readonly ended: Promise<number | null>;
  private text = "";
  private complaints = "";

  constructor(all: Watched, system: SystemSpec, more: Record<string, number>) {
    const labels = ["--label", `${PROJECT_LABEL}=${system.project}`, "--label", "com.docker.compose.oneoff=True"];
    // What Docker's name server does not know it asks elsewhere: here nobody, at once.
    const run = ["run", "--rm", "--interactive", ...all.marked, ...labels, "--dns", "127.0.0.9"];
    const { image } = system.services.find(({ name }) => name === "migrate")!;
    const program = readFileSync("tests/engine/watch.py", "utf8");
    const inside = ["--network", networkName(system, "servers"), "--entrypoint", "python3", image, "-c", program];
    const [command, ...words] = all.docker(...run, ...inside);
    this.child = spawn(command!, words, { stdio: "pipe" });
    this.child.stdout!.on("data", (data: Buffer) => (this.text += data.toString()));
    this.child.stderr!.on("data", (data: Buffer) => (this.complaints += data.toString()));
    this.ended = new Promise((done) => this.child.on("close", done));
    // By standard input, which is in nobody's list of processes: the URL has a password.
    this.child.stdin!.on("error", () => undefined);
    this.child.stdin!.write(`${JSON.stringify({ names: namesOf(system, more), ...queueOf(all, system) })}\n`);
  }

  async begun(): Promise<void> {
    await until("a watch has looked once", 60, () => {
      if (this.child.exitCode !== null) throw new Error(`the watch ended: ${this.complaints}`);
      return this.text.includes("watching\n");
    });
  }

  /** @throws Error when it did not watch until now */
  async end(): Promise<Violation[]> {
    const gone = this.child.exitCode !== null;
    this.child.stdin!.end();
    const code = await this.ended;
    if (gone || code !== 0) throw new Error(`the watch ended before it should: ${this.complaints}`);
    const [, said] = this.text.split("\n");
    const { looks, violations } = JSON.parse(said!) as { looks: OneWatch["looks"]; violations: Violation[] };
    this.looks = looks;
    return violations;
  }
}

export class Watch {
  private readonly all: OneWatch[];

  constructor(all: OneWatch[]) {
    this.all = all;
  }

  /**
   * Everything that must not have been since it began.
   * @throws Error when it did not watch all the while
   */
  async end(): Promise<Violation[]> {
    return (await Promise.all(this.all.map((one) => one.end()))).flat();
  }

  /** After its end: how often it looked, at names and at the broker. */
  get looks(): { names: number; consumers: number } {
    const sum = (what: "names" | "consumers") => this.all.reduce((count, { looks }) => count + looks[what], 0);
    return { names: sum("names"), consumers: sum("consumers") };
  }
}

/**
 * Begins, and returns when all has been looked at once.
 * @param more how many containers a name may stand for, where that is not as declared
 */
export async function watching(all: Watched, more: Record<string, number> = {}): Promise<Watch> {
  const each = all.systems.map((system) => new OneWatch(all, system, more));
  const watch = new Watch(each);
  try {
    await Promise.all(each.map((one) => one.begun()));
  } catch (error) {
    await watch.end().catch(() => undefined);
    throw error;
  }
  return watch;
}
