/**
 * `make trust`: the keys that the host and its proxy show now, by fingerprint; after a yes they are pinned in the stack file, and every
 * other key is refused from then on. Who says yes without comparing trusts whoever answers at that address.
 */
import { shownKeys } from "../hosts/trust.ts";
import { run } from "./command.ts";
import { confirm } from "./confirm.ts";
import { readStack, readStackFile, stackFile, writeStackFile } from "./stack.ts";
import { describeKey, withKey } from "./trust/pinned.ts";

export const done = run(["yes"], async ({ stack, yes }) => {
  const text = readStackFile(stack);
  const { ssh } = readStack(stack, text).host;
  if (!ssh) throw new Error(`${stackFile(stack)} has no host:ssh: its engine is this machine's`);
  const shown = shownKeys(ssh);
  console.log(shown.map(describeKey).join("\n"));
  const news = shown.filter(({ pinned, key }) => !pinned.includes(key));
  if (news.length === 0) return 0;
  await confirm(
    `${stackFile(stack)} will name ${news.length === 1 ? "this key" : "these keys"}. Compare first, on the machine itself: ` +
      "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub",
    yes,
  );
  const changed = news.reduce(withKey, text);
  readStack(stack, changed);
  writeStackFile(stack, changed);
  console.log(`${stackFile(stack)}: pinned; commit it`);
  return 0;
});
