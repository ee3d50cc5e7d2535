/**
 * `make rotate SECRET=protea:postgresPassword`: other values of secrets, in whatever keeps them and in all that have them. It looks first, says
 * who is made again, and asks. New values wait, encrypted, in the stack's configuration until all have them: killed at any moment, the same
 * command goes on with them.
 */
import { randomBytes } from "node:crypto";
import { pendingKey, type Secret } from "../config/secrets.ts";
import { show } from "../hosts/docker.ts";
import type { Stack } from "../systems/stack.ts";
import { gaps, gapsText, Watching } from "./adopt/gaps.ts";
import { refuse, run } from "./command.ts";
import { confirm } from "./confirm.ts";
import { look } from "./containers/look.ts";
import { removeSecret, setSecret } from "./password/set.ts";
import { StackSecrets } from "./password/value.ts";
import { predicted } from "./preview/predicted.ts";
import { rotating, rotationText, usersOf, type Rotating, type User } from "./rotate/plan.ts";
import { SERVERS } from "./rotate/servers.ts";
import { secretOf } from "./secret.ts";
import { readStack } from "./stack.ts";

/** A secret that changes. */
interface Changing extends Rotating {
  /** What the stack has for it. */
  now: string;
  /** Made by a run before, which was killed. */
  pending?: string;
}

/** The variable of the environment in which a value of others may be given. */
const VARIABLE = "NEW_SECRET";

async function newValue({ key, rotation, form }: Secret): Promise<string> {
  // As long and of such characters as a generated one (components/secrets.ts).
  if (rotation !== "others") return randomBytes(16).toString("hex");
  const value = await secretOf(VARIABLE, `${key}, the new one`);
  if (form.expression.test(value)) return value;
  throw new Error(`nothing was changed: ${key}: found a value that not every program takes, expected ${form.expected}`);
}

/** Its keepers were told by a run before, which got further than that. */
const told = ({ now, pending }: Changing) => pending !== undefined && pending === now;

const accepts = (stack: Stack, one: User, value: string) => SERVERS[one.service.name]!.accepts(stack.host, one, value);

/** All that is in the way. What a killed run has begun is not. */
async function problemsOf(stack: Stack, changing: Changing[], users: User[]): Promise<string[]> {
  const others = changing.filter(({ secret }) => secret.rotation === "others");
  const begun = changing.some(({ pending }) => pending !== undefined);
  const needed = new Set((begun ? changing.filter((one) => !told(one)).flatMap(({ keepers }) => keepers) : users).map(({ name }) => name));
  const wrong = look({ stack: stack.name }, stack).found.filter(({ container, problem }) => needed.has(container) && problem);
  const problems = [
    ...(others.length > 1 ? [`${others.map(({ secret }) => secret.key).join(", ")}: values that others gave, one at a time`] : []),
    ...wrong.map(({ container, problem }) => `${container}: ${problem}: make up, or make why`),
  ];
  if (problems.length > 0 || begun) return problems;
  for (const { keepers, now } of changing)
    for (const one of keepers)
      if (SERVERS[one.service.name]!.asksForOld && !accepts(stack, one, now))
        problems.push(`${one.name} does not take the value that the stack has: was it changed by hand?`);
  const { code, changes } = await predicted(stack, []);
  if (code !== 0) return [...problems, "what an up would do cannot be said; see above"];
  return changes ? [...problems, "the stack file has changes that are not applied: make preview, make up, and then again"] : problems;
} // prettier-ignore

/** Makes all that have the secrets again, and says for how long each was away. */
async function replace(stack: Stack, users: User[]): Promise<number> {
  const before = look({ stack: stack.name }, stack).inspected.map((one) => [one.Name.replace(/^\//, ""), one.Id] as const);
  const ids = new Map(before);
  const watching = new Watching(stack.host);
  // Asked for already, and nothing else is to be changed.
  const code = await show([process.execPath, "operations/up.ts", "--stack", stack.name, "--yes", "1", "--", "--skip-preview"]);
  watching.end();
  const replaced = users.map((one) => ({ ...one, old: ids.has(one.name) ? [{ Id: ids.get(one.name)! }] : [] }));
  if (code === 0) console.log(gapsText(gaps(replaced, watching.events)));
  return code;
} // prettier-ignore

export const done = run(["secret", "yes", "dry"], async ({ stack: name, secret: asked, yes, dry }) => {
  const stack = readStack(name);
  const secrets = new StackSecrets(name);
  const changing: Changing[] = rotating(stack.systems, stack.secrets, asked).map((one) => {
    const { key } = one.secret;
    return { ...one, now: secrets.value(key), pending: secrets.configured(pendingKey(key)) };
  });
  const keys = changing.map(({ secret }) => secret.key);
  const users = usersOf(stack.systems, keys);
  refuse(await problemsOf(stack, changing, users));
  const pending = changing.filter((one) => one.pending !== undefined).map(({ secret }) => secret.key);
  const text = rotationText(changing, users, new Set(pending));
  if (dry === "1") {
    console.log(text);
    return 0;
  }
  await confirm(text, yes);
  const values = new Map<string, string>();
  for (const one of changing) {
    const value = one.pending ?? (await newValue(one.secret));
    values.set(one.secret.key, value);
    if (one.pending === undefined) setSecret(name, pendingKey(one.secret.key), value);
  }
  for (const one of changing.filter((each) => !told(each))) {
    const value = values.get(one.secret.key)!;
    for (const each of one.keepers) SERVERS[each.service.name]!.tell(stack.host, each, value, one.now);
    setSecret(name, one.secret.key, value);
  }
  const again = `make rotate SECRET='${keys.join(" ")}' STACK=${name}`;
  const code = await replace(stack, users);
  if (code !== 0) {
    console.error(`not all have the new values yet. To go on: ${again}`);
    return code;
  }
  for (const { secret, keepers } of changing) {
    const refusing = keepers.filter((one) => !accepts(stack, one, values.get(secret.key)!));
    if (refusing.length > 0)
      throw new Error(`${refusing.map((one) => one.name).join(", ")}: does not take the new ${secret.key}. Again: ${again}`);
    removeSecret(name, pendingKey(secret.key));
  }
  console.log(`${keys.join(", ")}: new values, and all that use them have them`);
  return 0;
}); // prettier-ignore
