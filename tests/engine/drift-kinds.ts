/** What a hand can do to a host behind this program's back: each kind, done to a stack that runs, and what `make drift` has to name. */
import { spawnSync } from "node:child_process";
import { dockerApi } from "../../hosts/api.ts";
import type { Stack } from "../../systems/stack.ts";
import type { Outcome, TestHost } from "./host.ts";

/** A stack that runs: a test's own (TestStack), or one of the test hosts. */
export interface Running {
  name: string;
  host: TestHost;
  /** As its file declares it. */
  readonly described: Stack;
  /** Options that mark what a test makes beside it. */
  readonly marked: string[];
  /** Pulumi's own file of its state. */
  stateFile: string;
  /** Docker's ids by name. */
  containers(): Map<string, string>;
  docker(...args: string[]): string;
  /** A verb of operations/ for it, as the Makefile runs it. */
  operation(name: string, ...args: string[]): Outcome;
}

/** A row of `make drift JSON=1`. */
export interface Difference {
  where: string;
  what: string;
  declared: string;
  found: string;
  mend: string;
}

/** Everything that has a place, without what comes of it in time: what has no network is unhealthy, what was made again starts. */
export const told = (rows: Difference[]): string[] =>
  rows
    .filter(({ what, found }) => what !== "state" || !["starting", "unhealthy"].includes(found))
    .map(({ where, what }) => `${where} | ${what}`)
    .sort();

/** What `docker inspect` prints, and a container is made of. */
interface Whole {
  Id: string;
  Config: Record<string, unknown> & { Env: string[]; Labels: Record<string, string> };
  HostConfig: Record<string, unknown> & {
    Mounts: { Type: string; Source: string; Target: string; ReadOnly?: boolean }[];
    SecurityOpt: string[];
  };
  NetworkSettings: { Networks: Record<string, { Aliases: string[] }> };
}

export class ByHand {
  readonly stack: Running;
  /** A network, volume and containers of somebody else are named after it. */
  readonly other: string;

  constructor(stack: Running) {
    this.stack = stack;
    this.other = `${stack.name}-other`;
  }

  /** `make drift JSON=1`: its exit code and rows. Its look has to leave everything as it is. */
  look(): { code: number | null; rows: Difference[] } {
    const before = this.everything();
    const { code, text } = this.stack.operation("drift", "--json", "1");
    const after = this.everything();
    if (after !== before) throw new Error(`looking changed something:\n${before}\n${after}`);
    if (code === 1) throw new Error(text);
    return { code, rows: JSON.parse(text.slice(0, text.lastIndexOf("]") + 1)) as Difference[] };
  }

  /** Every object of the stack and how it runs, and Pulumi's state. */
  private everything(): string {
    const listed = this.stack.docker(
      ...["ps", "--all", "--no-trunc", "--filter", `label=robotoff-protea.stack=${this.stack.name}`],
      ...["--format", "{{.ID}} {{.Names}} {{.State}} {{.Networks}}"],
    );
    // Docker lists networks in any order.
    const containers = listed.split("\n").map((line) => line.split(/[ ,]/).sort().join(" ")).join("\n"); // prettier-ignore
    const projects = this.stack.described.systems.flatMap(({ project }) => ["--filter", `name=${project}`]);
    const volumes = this.stack.docker("volume", "ls", "--quiet", ...projects);
    const { stdout } = spawnSync("sha256sum", [this.stack.stateFile], { encoding: "utf8" });
    if (!stdout) throw new Error(`there is no state at ${this.stack.stateFile}`);
    return [containers, volumes, stdout].join("\n");
  }

  /** Containers as the stack made them, by name. */
  private readonly first = new Map<string, string>();

  private whole(name: string): Whole {
    const text = this.first.get(name) ?? this.stack.docker("inspect", "--type", "container", name);
    this.first.set(name, text);
    return (JSON.parse(text) as Whole[])[0]!;
  }

  /** A container made again under its name, as its `docker inspect` has it but for a change; it is another one then. */
  async again(name: string, change: (whole: Whole) => void = () => undefined): Promise<void> {
    const whole = this.whole(name);
    // Docker's choice.
    if (whole.Config.Hostname === whole.Id.slice(0, 12)) delete whole.Config.Hostname;
    change(whole);
    this.stack.host.tryDocker("rm", "--force", "--volumes", name);
    await this.run(name, whole);
  }

  /** A second one beside a container, with the same settings and network aliases, under a name of somebody else; that name. */
  async twin(name: string): Promise<string> {
    const twin = `${this.other}-twin`;
    const whole = this.whole(name);
    delete whole.Config.Hostname;
    await this.run(twin, whole);
    return twin;
  }

  private async run(name: string, { Config, HostConfig, NetworkSettings }: Whole): Promise<void> {
    const networks = Object.entries(NetworkSettings.Networks).map(([network, { Aliases }]) => [network, { Aliases }]);
    const body = {
      ...Config,
      HostConfig,
      NetworkingConfig: { EndpointsConfig: Object.fromEntries(networks) as object },
    };
    await dockerApi(this.stack.host.settings, `/containers/create?name=${name}`, body);
    this.stack.docker("start", name);
  }

  /** The impostors of this stack that were set aside. */
  asides(): string[] {
    const own = ["--filter", `label=robotoff-protea.stack=${this.stack.name}`, "--filter", "name=-set-aside-"];
    return this.stack.docker("ps", "--all", "--format", "{{.Names}}", ...own).split("\n").filter(Boolean); // prettier-ignore
  }

  /** Containers of somebody else, and the impostors that were set aside. */
  removeOthers(): void {
    const names = this.stack.docker("ps", "--all", "--format", "{{.Names}}").split("\n");
    for (const name of [...names.filter((one) => one.startsWith(this.other)), ...this.asides()])
      this.stack.docker("rm", "--force", "--volumes", name);
  }
}

/** What Docker adds by itself. */
const LABEL = "security option label=disable";

/** Done to a container that is made again by hand: what of it differs besides. */
export const MADE_AGAIN: Record<string, [what: string[], change: (whole: Whole) => void]> = {
  "as it was": [[], () => undefined],
  privileged: [["privileged", LABEL], ({ HostConfig }) => (HostConfig.Privileged = true)],
  "a capability more": [["capability SYS_PTRACE"], ({ HostConfig }) => (HostConfig.CapAdd = ["SYS_PTRACE"])],
  "Docker's capabilities": [["capability ALL"], ({ HostConfig }) => (HostConfig.CapDrop = [])],
  "new privileges allowed": [
    ["security option no-new-privileges:true"],
    ({ HostConfig }) => (HostConfig.SecurityOpt = []),
  ],
  "without seccomp": [
    ["security option seccomp=unconfined"],
    ({ HostConfig }) => HostConfig.SecurityOpt.push("seccomp=unconfined"),
  ],
  "nothing masked": [
    ["masked paths", "readonly paths"],
    ({ HostConfig }) => Object.assign(HostConfig, { MaskedPaths: [], ReadonlyPaths: [] }),
  ],
  "the host's processes": [["pid mode", LABEL], ({ HostConfig }) => (HostConfig.PidMode = "host")],
  "the host's memory": [["ipc mode", LABEL], ({ HostConfig }) => (HostConfig.IpcMode = "host")],
  "the host's name": [["uts mode"], ({ HostConfig }) => (HostConfig.UTSMode = "host")],
  "a root that is read-only": [["readonly rootfs"], ({ HostConfig }) => (HostConfig.ReadonlyRootfs = true)],
  "a folder in memory": [["tmpfs /mnt"], ({ HostConfig }) => {
    HostConfig.Tmpfs = { ...(HostConfig.Tmpfs as object), "/mnt": "size=4096" };
  }],
  "a process that reaps": [["init"], ({ HostConfig }) => (HostConfig.Init = true)],
  "a kernel's setting": [["sysctls"], ({ HostConfig }) => (HostConfig.Sysctls = { "net.core.somaxconn": "64" })],
  "a host of its own": [["extra hosts"], ({ HostConfig }) => (HostConfig.ExtraHosts = ["rabbitmq:127.0.0.9"])],
  "a name server": [["dns"], ({ HostConfig }) => (HostConfig.Dns = ["127.0.0.9"])],
  "a score for the killer": [["oom score adj"], ({ HostConfig }) => (HostConfig.OomScoreAdj = 500)],
  "a group more": [["group add"], ({ HostConfig }) => (HostConfig.GroupAdd = ["0"])],
  "a limit of files": [
    ["ulimit nofile"],
    ({ HostConfig }) => (HostConfig.Ulimits = [{ Name: "nofile", Soft: 256, Hard: 256 }]),
  ],
  "shared memory": [["shm size"], ({ HostConfig }) => (HostConfig.ShmSize = 2 ** 20)],
  "a log without an end": [
    ["log option max-size", "log option max-file"],
    ({ HostConfig }) => (HostConfig.LogConfig = { Type: "json-file", Config: {} }),
  ],
  "no log": [
    ["log driver", "log option max-size", "log option max-file"],
    ({ HostConfig }) => (HostConfig.LogConfig = { Type: "none", Config: {} }),
  ],
  "a published port": [
    ["port 9/tcp"],
    ({ HostConfig }) => (HostConfig.PortBindings = { "9/tcp": [{ HostIp: "127.0.0.1", HostPort: "" }] }),
  ],
  "every port published": [["publish all ports"], ({ HostConfig }) => (HostConfig.PublishAllPorts = true)],
  "a folder of the host": [
    ["mount /host"],
    ({ HostConfig }) =>
      (HostConfig.Mounts = [...(HostConfig.Mounts ?? []), { Type: "bind", Source: "/usr/share", Target: "/host", ReadOnly: true }]),
  ],
  "another command": [["command"], ({ Config }) => (Config.Cmd = ["sleep", "1000"])],
  "another entrypoint": [["command", "entrypoint"], ({ Config }) => Object.assign(Config, { Entrypoint: ["sleep"], Cmd: ["1000"] })],
  "another user": [["user"], ({ Config }) => (Config.User = "1234")],
  "another host name": [["hostname"], ({ Config }) => (Config.Hostname = "another")],
  "another folder": [["command", "working dir"], ({ Config }) => Object.assign(Config, { WorkingDir: "/usr", Cmd: ["sleep", "1000"] })],
  "a terminal": [["tty"], ({ Config }) => (Config.Tty = true)],
  "another signal to stop": [["stop signal"], ({ Config }) => (Config.StopSignal = "SIGKILL")],
  "less time to stop": [["stop timeout"], ({ Config }) => (Config.StopTimeout = 1)],
  "without its health check": [["health check", "state"], ({ Config }) => (Config.Healthcheck = { Test: ["NONE"] })],
  "a variable more": [["env PGPASSWORD"], ({ Config }) => Config.Env.push("PGPASSWORD=hunter2")],
  "another database": [["env PROTEA_DB_URL"], ({ Config }) => Config.Env.push("PROTEA_DB_URL=postgresql+psycopg://protea:hunter2@elsewhere/protea")],
  "another value": [
    ["env PYTHONUNBUFFERED"],
    ({ Config }) => (Config.Env = [...Config.Env.filter((one) => !one.startsWith("PYTHONUNBUFFERED")), "PYTHONUNBUFFERED=0"]),
  ],
  "a label more": [["label mine"], ({ Config }) => (Config.Labels.mine = "yes")],
  "not of our project": [
    ["label com.docker.compose.project"],
    ({ Config }) => delete Config.Labels["com.docker.compose.project"],
  ],
}; // prettier-ignore
