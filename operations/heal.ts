/**
 * `make heal`: the host becomes what is declared, in one run, and only what differs is touched. It says first what it will do and what is away
 * meanwhile; outside `local` it asks. A volume is never made anew, a container of somebody never removed. Words after `--` go to Pulumi.
 */
import { dockerCommand } from "../hosts/connection.ts";
import { show } from "../hosts/docker.ts";
import { containersOf } from "../systems/spec.ts";
import { run, selectionWords } from "./command.ts";
import { confirm } from "./confirm.ts";
import { settled } from "./containers/until.ts";
import { canHeal, describeHealing, healing } from "./drift/healing.ts";
import { lookForDrift } from "./drift/look.ts";
import { counted, driftTable } from "./drift/rows.ts";
import { setAside } from "./up/bring-back.ts";

export const done = run(["yes"], async (options) => {
  const { stack, rows } = await lookForDrift(options);
  const { host } = stack;
  const todo = healing(rows);
  const services = new Map(stack.systems.flatMap(containersOf).map(({ name, service }) => [name, service]));
  if (!canHeal(todo)) {
    console.log(rows.length === 0 ? counted(rows) : describeHealing(todo, services));
    return rows.length === 0 ? 0 : 1;
  }
  // What is left to `make up` it shows, and asks for.
  const own = todo.aside.length + todo.docker.length > 0;
  await confirm(describeHealing(todo, services), own && host.protectVolumes ? options.yes : "1");
  await setAside(host, todo.aside);
  for (const words of todo.docker)
    if ((await show(dockerCommand(host, words))) !== 0)
      throw new Error(`docker ${words.join(" ")} failed, see above; what was done before it stays: make drift`);
  if (todo.replace.size + todo.up.length > 0) {
    const yes = options.yes ? ["--yes", options.yes] : [];
    const replaced = [...todo.replace.keys()].flatMap((urn) => ["--replace", urn]);
    const words = [process.execPath, "operations/up.ts", ...selectionWords(options), ...yes, "--", ...replaced];
    const code = await show([...words, ...options.words]);
    if (code !== 0) return code;
  }
  await settled(options);
  const after = (await lookForDrift(options)).rows;
  if (after.length > 0) console.log(driftTable(after));
  console.log(counted(after));
  return after.length === 0 ? 0 : 1;
});
