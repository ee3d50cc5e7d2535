/** Runs a script of hosts/scripts/ on a stack's host. It goes in by standard input: nothing needs to be installed there. */
import { spawnSync } from "node:child_process";
import type { HostSettings } from "../config/host.ts";
import { quote, shell } from "./connection.ts";
import { ended, type Ended } from "./docker.ts";
import { inlineCommand, script } from "./scripts.ts";

/** Prints how a script is run, as it can be typed by hand, to standard error as show() does. */
export function showScript(host: HostSettings, name: string, args: string[] = []): void {
  const words = [...shell(host).interpreter, inlineCommand(args)];
  console.error(`${words.map(quote).join(" ")} < hosts/scripts/${name}.sh`);
}

/** What it prints and its exit code. Nothing is thrown. */
export function runScript(host: HostSettings, name: string, args: string[] = []): Ended {
  const { interpreter, environment } = shell(host);
  const [command, ...words] = interpreter;
  const ran = spawnSync(command!, [...words, inlineCommand(args)], {
    input: script(name).content,
    env: { ...process.env, ...environment },
    encoding: "utf8",
  });
  return ended(command!, ran);
}
