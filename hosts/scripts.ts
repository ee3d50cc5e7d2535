/**
 * The shell scripts that run on a host: files below hosts/scripts/, given arguments. They are installed on the host
 * under the hash of their content, so that a Command, a schedule on the host and a `make` target run the same file.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { quote } from "./connection.ts";

/** Where a host keeps them; as a shell word of that host. Shared by all stacks: a name stands for one content. */
const FOLDER = '"$HOME"/.local/share/robotoff-protea/scripts';

/** A script and where the host has it. */
export interface Script {
  content: string;
  /** 12 hexadecimal digits of its content's sha256. */
  hash: string;
  /** Its installed path, a shell word on the host. */
  path: string;
}

/** Whether there is such a script: what an older version had on a host need not be here. */
export const isScript = (name: string): boolean => existsSync(`hosts/scripts/${name}.sh`);

/**
 * @param name without `.sh`
 * @param before those whose functions it needs: its content comes after theirs
 */
export function script(name: string, before: string[] = []): Script {
  const content = [...before, name].map((one) => readFileSync(`hosts/scripts/${one}.sh`, "utf8")).join("");
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 12);
  return { content, hash, path: `${FOLDER}/${name}-${hash}.sh` };
}

/** The command line that installs a script, whose content goes in by standard input: it appears whole or not at all. */
export function installCommand({ path }: Script): string {
  return `mkdir -p ${FOLDER} && cat > ${path}.$$ && chmod 755 ${path}.$$ && mv ${path}.$$ ${path}`;
}

/** The command line that runs an installed script. */
export function runCommand({ path }: Script, args: string[]): string {
  return [path, ...args.map(quote)].join(" ");
}

/** The command line that runs a script which goes in by standard input: for what comes before anything is installed. */
export function inlineCommand(args: string[]): string {
  return ["sh", "-s", "--", ...args.map(quote)].join(" ");
}
