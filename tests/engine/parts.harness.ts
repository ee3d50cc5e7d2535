// What tests of a backup's parts share: a container that a part runs in, and ways to spoil a file.
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import {
  copyFileSync,
  cpSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { here, run, type Outcome } from "./host.ts";
import { Container, type Setting } from "./images.harness.ts";

/** A folder of this machine; the containers mount what is below. */
export const folder = mkdtempSync(join(tmpdir(), "rp-parts-"));

/** A path of this machine below the folder of backups, which is /backups in the containers. */
export const backup = (name: string): string => join(folder, "backups", name);

export function removeFolder(): void {
  rmSync(folder, { recursive: true, force: true });
}

export class PartContainer extends Container {
  private readonly path: string;
  private readonly script: string;

  constructor(part: string, imageName: string, { options = [], ...setting }: Setting = {}) {
    super(imageName, {
      ...setting,
      options: [...["--entrypoint", "tail", "--volume", `${folder}/backups:/backups`], ...options],
      args: ["-f", "/dev/null"],
    });
    const system = part === "elasticsearch" ? "robotoff" : "protea";
    here.docker("cp", `systems/${system}/backup-parts`, `${this.name}:/opt/`);
    this.path = `hosts/scripts/part-${part}.sh`;
    this.script = readFileSync(this.path, "utf8");
  }

  private piped(input: string, ...command: string[]): Outcome {
    const ran = spawnSync("docker", ["exec", "-i", this.name, ...command], { encoding: "utf8", input });
    return { code: ran.status, text: ran.stdout + ran.stderr };
  }

  /** A verb of the part, as a host runs it. */
  part(...args: string[]): Outcome {
    return this.piped(this.script, "sh", "-s", "--", ...args);
  }

  /** The same, killed after so many seconds unless it has ended. */
  partKilledAfter(seconds: number, ...args: string[]): Outcome {
    return this.piped(this.script, "timeout", "-s", "KILL", String(seconds), "sh", "-s", "--", ...args);
  }

  /** The part's restore where this container only reads. */
  restoreElsewhere(path: string): Outcome {
    return run("sh", ["hosts/scripts/part-restore.sh", "restore", this.name, this.path, path]);
  }

  private intoWords(server: string, folder: string): string[] {
    const beside = ["part-restore.sh", basename(this.path)];
    return ["hosts/scripts/into-bucket.sh", this.name, ...beside, folder, "", server, "copies"];
  }

  /** The bucket of a backup into the bucket `copies` of another server. */
  into(server: string, folder: string, secret: string, authority = ""): Outcome {
    const input = `${secret}\n${authority}`;
    const ran = spawnSync("sh", this.intoWords(server, folder), { encoding: "utf8", input });
    return { code: ran.status, text: ran.stdout + ran.stderr };
  }

  /** The same, at once; the process leads a group of its own, so that all of it can be killed. */
  beginInto(server: string, folder: string): ChildProcess {
    const child = spawn("sh", this.intoWords(server, folder), { stdio: ["pipe", "ignore", "ignore"], detached: true });
    child.stdin.end("secret\n");
    return child;
  }

  python(program: string): string {
    const prelude = "import sys, os; sys.path.insert(0, '/opt/backup-parts')\n";
    const { code, text } = this.piped(prelude + program, "python3", "-B", "-");
    if (code !== 0) throw new Error(text);
    return text;
  }
}

/** Spoils a file in a copy of a backup, never the file that an other backup shares. */
export interface Spoiling {
  what: string;
  spoil: (path: string, other: string) => void;
}

const rewritten = (path: string, content: Buffer): void => {
  rmSync(path);
  writeFileSync(path, content);
};

export const SPOILINGS: Spoiling[] = [
  {
    what: "one bit flipped",
    spoil: (path) => {
      const content = readFileSync(path);
      const bit = Math.floor(Math.random() * content.length * 8);
      content[bit >> 3]! ^= 1 << (bit & 7);
      rewritten(path, content);
    },
  },
  {
    what: "cut short",
    spoil: (path) => {
      rewritten(path, readFileSync(path));
      truncateSync(path, Math.floor(readFileSync(path).length / 2));
    },
  },
  { what: "emptied", spoil: (path) => rewritten(path, Buffer.alloc(0)) },
  { what: "missing", spoil: (path) => rmSync(path) },
  {
    what: "swapped with another",
    spoil: (path, other) => {
      renameSync(path, `${path}.aside`);
      copyFileSync(other, path);
      rmSync(`${path}.aside`);
    },
  },
];

/** Tries every spoiling on a copy of a backup: whether `verify` finds it and names the file. */
export function spoiled(container: PartContainer, from: string, file: string, other: string): string[] {
  return SPOILINGS.map(({ what, spoil }) => {
    const copy = backup("spoiled");
    cpSync(backup(from), copy, { recursive: true });
    spoil(join(copy, file), join(copy, other));
    const { code, text } = container.part("verify", "/backups/spoiled");
    rmSync(copy, { recursive: true });
    return `${what}: ${code} ${text.includes(`/backups/spoiled/${file}`) ? "named" : text}`;
  });
}

/** What `spoiled` gives when everything was found. */
export const ALL_FOUND = SPOILINGS.map(({ what }) => `${what}: 1 named`);
