/** A host whose docker answers what the checks ask (hosts/scripts/checks.sh): nothing is wrong with it, until a test says so. */
import { FakeDocker } from "./fake-docker.ts";

const OWNERS = '{{or (.Label "robotoff-protea.stack") "-"}} {{or (.Label "com.docker.compose.project") "-"}}';

/** What the checks ask docker. */
export const ASKED = {
  engine: "version --format {{.Server.Version}} {{.Server.APIVersion}} {{.Server.MinAPIVersion}}",
  info: "info --format {{.MemTotal}} {{.Driver}} {{.DockerRootDir}}{{range $name, $_ := .Runtimes}} {{$name}}{{end}}",
  containers: `ps --all --format {{.Names}} ${OWNERS} {{.Ports}}`,
  networks: `network ls --format {{.Name}} ${OWNERS}`,
  volumes: `volume ls --format {{.Name}} ${OWNERS}`,
  images: "image ls --format {{.Repository}}:{{.Tag}} {{.ID}}",
};

export const GIB = 2 ** 30;
export const HEAD = "checks, before any change, found:";

export class CheckedHost extends FakeDocker {
  constructor() {
    super();
    this.answer(ASKED.engine, "26.1.5+dfsg1 1.45 1.24\n").info().disk("/");
    for (const list of [ASKED.containers, ASKED.networks, ASKED.volumes, ASKED.images]) this.answer(list, "");
  }

  /** @param memory bytes */
  info({ memory = 64 * GIB, driver = "overlay2", root = "/", runtimes = "io.containerd.runc.v2 runc" } = {}): this {
    return this.answer(ASKED.info, `${memory} ${driver} ${root} ${runtimes}\n`);
  }

  private readonly disks = new Map<string, string>();

  /** What a folder's file system has, in GiB and in inodes, and the number that names it; of any other the real stat tells. */
  disk(path: string, { free = 500, size = 1_000, id = "f00", inodes = 0, unused = 0 } = {}): this {
    this.disks.set(path, `${id} ${GIB} ${size} ${free} ${inodes} ${unused}`);
    const cases = [...this.disks].map(([one, said]) => `"-f -c %i %S %b %a %c %d ${one}") echo "${said}" ;;`);
    return this.program("stat", `case $* in\n${cases.join("\n")}\n*) exec /usr/bin/stat "$@" ;;\nesac`);
  }

  /** What the checks say, without the time. @param options as of FakeDocker.inline */
  checks(args: string[], options?: Parameters<FakeDocker["inline"]>[3]) {
    const { stdout, ...rest } = this.inline("checks", ["machine"], ["local", ...args], options);
    return { ...rest, stdout: stdout.replace(/^clock \d{10}\n/, "") };
  }
}

/** Nothing wrong. */
export const FINE = { status: 0, stdout: "", stderr: "" };

/** Problems, a line each. */
export const found = (...problems: string[]) => ({
  status: 1,
  stdout: "",
  stderr: `${HEAD}\n${problems.map((problem) => `  ${problem}\n`).join("")}`,
});
