/**
 * `make recovery-kit TO=folder`: what the copies off the host are useless without, and the stack itself, once, where a person
 * says. The kit is secret as a whole. Nothing is written before all of it is known; a folder that is there stays as it is.
 */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { backupDirectory } from "../config/host.ts";
import { repositoryOf } from "../systems/servers/backup-copy.ts";
import { copiedOff } from "./backups/systems.ts";
import { run } from "./command.ts";
import { repositoryKey } from "./kit/key.ts";
import { readme } from "./kit/readme.ts";
import { passphraseFile, stackFiles } from "./kit/stack.ts";
import { variableLines } from "./kit/variables.ts";
import { StackSecrets } from "./password/value.ts";
import { readStack } from "./stack.ts";

export const done = run(["to"], (options) => {
  if (!options.to)
    throw new Error("say where: make recovery-kit TO=/media/usb/kit, a folder that is not there yet, off this machine");
  const to = resolve(options.to);
  if (existsSync(to)) throw new Error(`${to} is there already and stays as it is: say another folder by TO=`);
  if (!existsSync(dirname(to))) throw new Error(`there is no folder ${dirname(to)}: is it mounted?`);
  const stack = readStack(options.stack);
  const copied = copiedOff(stack, options);
  const copy = stack.host.backups!.copy!;
  const systems = copied.map((system) => ({
    system: system.name,
    repository: repositoryOf(copy, system.name),
    ...repositoryKey(stack.host, system),
  }));
  const own = !process.env.PULUMI_BACKEND_URL;
  const secrets = new StackSecrets(stack.name);
  const files = {
    "README.txt": readme(stack.name, new Date(), systems, backupDirectory(stack.host)!, own),
    ...Object.fromEntries(
      systems.flatMap(({ system, id, content }) => [
        [`${system}.env`, variableLines(copy, system, (key) => secrets.value(key), id)],
        [`keys/${system}/${id}`, content],
      ]),
    ),
    ...Object.fromEntries(
      Object.entries({ ...stackFiles(stack.name), ...passphraseFile(stack.name) }).map(([name, text]) => [
        `stack/${name}`,
        text,
      ]),
    ),
  };
  mkdirSync(to, { mode: 0o700 });
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(to, name)), { recursive: true, mode: 0o700 });
    writeFileSync(join(to, name), text, { mode: 0o600, flag: "wx", flush: true });
  }
  console.log(
    `${to} is the recovery kit of ${stack.name}: secret, all of it. ${join(to, "README.txt")} says how it is used.`,
  );
  return 0;
});
