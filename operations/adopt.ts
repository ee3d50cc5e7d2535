/**
 * `make adopt`: a compose deployment comes under this program, without a row lost: volumes and networks are used as they are, and service by
 * service another container takes the place of the one of today. It looks first, says what it will do, and asks. It can be interrupted, and
 * run again; BACK=1 is the way back. DRY=1 only looks.
 */
import { show } from "../hosts/docker.ts";
import { dockerCommand, quote } from "../hosts/connection.ts";
import { runInstalled } from "../hosts/installed.ts";
import { containersOf, leavesComposes, networkName } from "../systems/spec.ts";
import { addUser } from "./adopt/broker.ts";
import { asideOn, back } from "./adopt/back.ts";
import { backupToday, partsToday, type Running } from "./adopt/backup.ts";
import { gaps, gapsText, Watching } from "./adopt/gaps.ts";
import { adoptionFile, lookAt, type Looked } from "./adopt/look.ts";
import type { Handover } from "./adopt/old.ts";
import { formOf } from "../config/read.ts";
import { compareSecrets, known, type Secrets } from "./adopt/secrets.ts";
import { planText } from "./adopt/text.ts";
import { refuse, run, selectionWords } from "./command.ts";
import { confirm } from "./confirm.ts";
import { settled } from "./containers/until.ts";
import { lookForDrift } from "./drift/look.ts";
import { counted, driftTable } from "./drift/rows.ts";
import { nameOf } from "./drift/containers.ts";
import { pullMissing } from "./images/pull.ts";
import { setSecret } from "./password/set.ts";
import { StackSecrets } from "./password/value.ts";
import { stackFile, writeStackFile } from "./stack.ts";

/** What waits for one container's health must keep no other from being made, once the one before it is away. More at once, and sshd refuses log-ins (MaxStartups). */
const PARALLEL = ["--parallel", "16"];

function secretsOf({ stack, handovers }: Looked): Secrets {
  const secrets = new StackSecrets(stack.name);
  return compareSecrets(known(handovers), formOf, (key) => secrets.known(key));
}

function running({ systems, handovers }: Looked): Running[] {
  const of = (name: string) => handovers.filter(({ system, old }) => system.name === name && old.length > 0);
  const servers = (own: Handover[]) =>
    new Map(own.filter(({ service }) => service.server).map(({ service, old }) => [service.name, old[0]!]));
  return systems
    .map((system) => ({ system, servers: servers(of(system.name)) }))
    .filter(({ servers: own }) => own.size > 0);
}

/** Who asked in compose's network is handed over: servers answer among themselves alone. @throws Error when one is still in it */
async function leaveComposes({ stack, systems }: Looked): Promise<void> {
  for (const system of systems) {
    const leaving = containersOf(system).filter(({ service }) => leavesComposes(system, service));
    if (leaving.length === 0) continue;
    const args = ["leave", networkName(system, "default"), ...leaving.map(({ name }) => name)];
    if ((await runInstalled(stack.host, "aside", args, [], "")) !== 0)
      throw new Error("all is handed over, and not every server left compose's network; see above. Again: make adopt");
  }
}

export const done = run(["yes", "dry", "leave", "back", "without-backup"], async (options) => {
  if (options.back === "1") return back(options);
  const leave = new Set((options.leave ?? "").split(/[ ,]+/).filter(Boolean));
  let looked = lookAt(options, leave);
  refuse(looked.problems);
  const taken = looked.handovers.filter(({ old }) => old.length > 0);
  if (taken.length + looked.aside.length === 0)
    throw new Error(
      "nothing to adopt: no container of these compose projects is there. make up makes what is declared",
    );
  const secrets = secretsOf(looked);
  refuse(secrets.problems);
  const begun = looked.aside.length > 0;
  const without = options["without-backup"] === "1";
  if (!begun && !without && !looked.stack.host.backups)
    throw new Error("nothing was changed: the stack file has no host:backups, and without a backup nothing is handed over; WITHOUT_BACKUP=1 does it all the same"); // prettier-ignore
  const parts = running(looked).map((one) => ({ name: one.system.name, ...partsToday(one) }));
  const backup = begun
    ? "was made by the run before, which had begun to hand over"
    : without
      ? "none (WITHOUT_BACKUP=1)"
      : {
          made: parts.flatMap(({ name, made }) => made.map((part) => `${name} ${part.name}`)),
          left: parts.flatMap(({ name, left }) => left.map((part) => `${name} ${part}`)),
        };
  const plan = planText({ ...looked, secrets, backup });
  if (options.dry === "1") {
    console.log(plan);
    return 0;
  }
  await confirm(plan, options.yes);
  await pullMissing(looked.stack, looked.systems);
  // What was pulled may be other than what runs.
  looked = lookAt(options, leave);
  refuse(looked.problems);

  console.log("settings and secrets");
  writeStackFile(options.stack, looked.text);
  for (const { key, value } of secrets.taken) setSecret(options.stack, key, value);
  const { host } = looked.stack;
  const now = new StackSecrets(options.stack);
  const valueOf = (key: string) => now.known(key) ?? "";
  for (const { system, servers } of running(looked)) {
    const declared = system.services.find(({ name }) => name === "rabbitmq")?.environment.RABBITMQ_DEFAULT_USER;
    const container = servers.get("rabbitmq");
    if (container && typeof declared === "string") addUser(host, container, declared, valueOf("protea:rabbitmqPassword"));
  } // prettier-ignore
  if (typeof backup !== "string") for (const one of running(looked)) await backupToday(host, one, valueOf);

  console.log("hands over");
  const watching = new Watching(host);
  const command = [
    process.execPath,
    "operations/up.ts",
    ...selectionWords(options),
    "--yes",
    "1",
    "--",
    "--skip-preview",
    ...PARALLEL,
  ];
  const env = { ...process.env, ADOPTION: adoptionFile(options.stack) };
  const code = await show([...command, ...options.words], { env });
  watching.end();
  if (code !== 0) {
    console.error("not all is handed over. To go on: make adopt again; to go back: make adopt BACK=1");
    return code;
  }
  delete process.env.ADOPTION;
  await settled(options);
  await leaveComposes(looked);
  console.log(gapsText(gaps(looked.handovers, watching.events)));
  const { rows } = await lookForDrift(options);
  if (rows.length > 0) console.log(driftTable(rows));
  console.log(counted(rows));
  const aside = asideOn(host, looked.systems).map(nameOf);
  const remove = dockerCommand(host, ["rm", ...aside]);
  console.log(
    `${aside.length} containers of before are kept, stopped. The way back: make adopt STACK=${options.stack} BACK=1. When it is not needed any more:\n${remove.map(quote).join(" ")}`,
  );
  console.log(`${stackFile(options.stack)} says what is used as it is: commit it`);
  return rows.length === 0 ? 0 : 1;
});
