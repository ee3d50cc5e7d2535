/** A preview as Markdown, for a reviewer who knows Docker and not Pulumi. Pure. */
import { formatSeconds } from "../../config/units.ts";
import type { Stack } from "../../systems/stack.ts";
import { changesOf, isHealing, nameOf, type Change, type Digest } from "./changes.ts";
import { effectsOf, grouped, type Effect, type Effects, type Run } from "./effects.ts";
import { found } from "./found.ts";
import { code, reasons } from "./reasons.ts";

const list = (names: string[]) => names.map((name) => code(name)).join(", ");
const section = (title: string, lines: string[]) => (lines.length > 0 ? [`## ${title}`, "", ...lines, ""] : []);

/** Of what is changed; what comes or goes has no reason but its declaration. */
const why = ({ change }: Effect) =>
  change.op === "update" || change.op === "replace" ? reasons(change).join("; ") : "";

/** For whom a service is away, and how long at most. */
function away({ stopping, starting, usedBy, restarts }: Effect): string {
  const until = starting === undefined ? "" : ` until it is healthy (at most ${formatSeconds(starting)})`;
  const without = usedBy.length > 0 ? `; meanwhile without it: ${list(usedBy)}` : "";
  const ending = restarts.length > 0 ? `; with it starts again: ${list(restarts)}` : "";
  return `Away from its stop (at most ${formatSeconds(stopping)})${until}${without}${ending}`;
}

const WORDS: Record<Change["op"], string> = {
  create: "new",
  update: "changed in place",
  replace: "replaced",
  delete: "removed",
};

/** What a server writes to; of a volume that is removed, a line of its own says so. */
function data({ change: { op }, volumes: { kept, left, added } }: Effect): string[] {
  if (op === "create") return added.length > 0 ? [`It writes to the volumes ${list(added)}`] : [];
  if (op === "delete") return left.length > 0 ? [`It wrote to the volumes ${list(left)}`] : [];
  return [
    ...(kept.length > 0 ? [`Its data stays, in the volumes ${list(kept)}`] : []),
    ...(left.length > 0 ? [`**No longer used by it, with what is in them: ${list(left)}**`] : []),
    ...(added.length > 0 ? [`**From then on it writes to ${list(added)}**`] : []),
  ];
}

/** One container, or several of a system of which the same is to be said. */
function line(effects: Effect[]): string {
  const first = effects[0]!;
  const { op } = first.change;
  const names = list(effects.map(({ name }) => name));
  const head = first.stateful ? `**${first.system} ${first.service}: ${WORDS[op]}** (${names})` : names;
  const told = [
    [head, why(first)].filter(Boolean).join(": "),
    ...(op === "replace" ? [away(first)] : []),
    ...(op === "delete" && first.usedBy.length > 0 ? [`From then on without it: ${list(first.usedBy)}`] : []),
    ...(first.stateful ? data(first) : []),
  ];
  return `- ${told.join(". ")}.`;
}

/** Lines; containers of which the same is said have one. */
function lines(effects: Effect[]): string[] {
  const said = (one: Effect) => JSON.stringify({ ...one, change: one.change.op, name: "", why: why(one) });
  const others = ({ stateful, service, ...one }: Effect) =>
    said({ ...one, stateful, service: stateful ? service : "" });
  return [...grouped(effects, others).values()].map(line);
}

/** New ones have no history: their names are enough. */
function created(effects: Effect[]): string[] {
  return [...grouped(effects, ({ system }) => system)].map(
    ([system, of]) => `- ${system}: ${list(of.map(({ name }) => name))}`,
  );
}

/** Why it runs: its container is another one. */
const because = ({ effect }: Run) => (effect && why(effect) ? `: ${why(effect)}` : "");

function migration(run: Run): string {
  const point = run.checkpoint
    ? "Before it a checkpoint is set, `before-migration-TIME`, where there is a backup to go back from: " +
      `\`make restore SYSTEM=${run.system} AT=before-migration-TIME\``
    : "**No checkpoint is set before it: the stack has no backups**";
  return `- **${run.system} ${run.service}** runs, and may change the database's tables (${code(run.name)})${because(run)}. ${point}.`;
}

/** What is no container and keeps data. */
function volumes(changes: Change[]): string[] {
  const told: Record<Change["op"], string> = {
    create: "made, empty",
    update: "changed in place",
    replace: "REMOVED WITH ITS DATA, and made again, empty",
    delete: "REMOVED WITH ITS DATA",
  };
  const groups = grouped(
    changes.filter(({ kind }) => kind === "Volume"),
    ({ op, kept }) => (kept ? "no longer of this program; it stays on the host, with its data" : told[op]),
  );
  return [...groups].map(([what, of]) => `- **volume ${what}:** ${list(of.map(nameOf))}`);
}

/** Networks, images, and what Commands do on the host besides running jobs. */
function rest(changes: Change[], others: string[]): string[] {
  const of = (kind: string, ...ops: Change["op"][]) =>
    changes.filter((one) => one.kind === kind && ops.includes(one.op));
  const line = (what: string, all: Change[]) => (all.length > 0 ? [`- ${what}: ${list(all.map(nameOf))}`] : []);
  const commands = of("Command", "create", "replace").map(({ resource }) => resource);
  const removed = of("Command", "delete").map(({ resource }) => resource);
  const told = (what: string, expression: RegExp, all = commands) =>
    all.some((resource) => expression.test(resource)) ? [`- ${what}`] : [];
  const scripts = commands.flatMap((resource) => /^host-script-(.+)$/.exec(resource)?.[1] ?? []);
  return [
    ...line("image pulled first, where it is not there", of("RemoteImage", "create", "replace")),
    ...line("image no longer used; it stays on the host", of("RemoteImage", "delete")),
    ...line("network made", of("Network", "create")),
    ...line("**network removed and made again**, with what is in it", of("Network", "replace")),
    ...line("network removed", of("Network", "delete")),
    ...(of("docker", "update", "replace").length > 0 ? ["- how the host is reached"] : []),
    ...told("what `host:prepare` declares is made on the host", /^host-prepare$/),
    ...(scripts.length > 0 ? [`- scripts on the host: ${list(scripts)}`] : []),
    ...told("passwords are generated", /^secrets-(?!version-)/),
    ...told("secrets are written to the host, as files that containers read", /-secrets-files$/),
    ...told(
      "an empty database is looked for, and filled from its backup where `host:backups.restoreWhenEmpty` says so",
      /-fill$/,
    ),
    ...told("a backup is made and verified at the end", /-backups-first$/),
    ...told("the schedule of backups is set on the host", /-backups-schedule-/),
    ...told("**the schedule of backups is removed from the host**", /-backups-schedule-/, removed),
    ...others.map((other) => `- ${code(other)}`),
  ];
}

function summary(all: Change[]): string {
  const containers = all.filter(({ kind }) => kind === "Container");
  const counts = (["replace", "create", "update", "delete"] as const).flatMap((op) => {
    const count = containers.filter((one) => one.op === op).length;
    return count > 0 ? [`${count} ${WORDS[op]}`] : [];
  });
  if (counts.length > 0) return `Containers: ${counts.join(", ")}. All others go on as they are.`;
  return all.length > 0 ? "No container changes." : "Nothing to change.";
}

/** A message as it is. */
const verbatim = (text: string) => (text ? ["````", text.replaceAll("````", "'''"), "````", ""] : []);

/** Of what the host has no part in: a stack without backups has no folder of them. */
const OUTPUT = "will not show as a stack output";

/** What Pulumi and the program say besides. */
function diagnostics({ diagnostics: all = [] }: Digest, severity: string): string {
  const of = all.filter((one) => one.severity === severity).map(({ message }) => (message ?? "").trim());
  return [...new Set(of)].filter((message) => message && !message.includes(OUTPUT)).join("\n");
}

const title = (stack: string) => [`# ${stack}: what \`make up STACK=${stack}\` will do`, ""];

/** Of what is not even looked at. */
export const refusedText = (stack: string, message: string): string =>
  [...title(stack), "**It does not work as it is; nothing was changed:**", "", ...verbatim(message)].join("\n");

/**
 * The text, for a terminal and for a pull request's comment.
 * @param digest of `pulumi preview --json`
 * @param stack as the stack file declares it now
 */
export function previewText(digest: Digest, stack: Stack): string {
  const { changes, asked, others } = changesOf(digest);
  const errors = diagnostics(digest, "error");
  const declared = changes.filter((one) => !isHealing(one));
  const { containers, runs }: Effects = effectsOf(stack, declared);
  const ran = new Set(runs.map(({ name }) => name));
  const having = (op: Change["op"]) =>
    containers.filter(({ change, stateful, name }) => change.op === op && !stateful && !ran.has(name));
  const [migrations, jobs] = [runs.filter((run) => run.migration), runs.filter((run) => !run.migration)];
  const looked = asked
    ? "The host was asked."
    : "The host was not asked: what was changed there by hand does not show.";
  if (errors) return refusedText(stack.name, errors);
  return [
    ...title(stack.name),
    ...[`${summary(declared)} ${looked}`, ""],
    ...section("Data: look closely", [...lines(containers.filter(({ stateful }) => stateful)), ...volumes(declared)]),
    ...section("Migrations", migrations.map(migration)),
    ...section("Replaced: stopped, removed, made anew", lines(having("replace"))),
    ...section("Removed", lines(having("delete"))),
    ...section("New", created(having("create"))),
    ...section("Changed in place: nothing stops", lines(having("update"))),
    ...section(
      "Jobs that run",
      [...grouped(jobs, because)].map(([reason, of]) => `- ${list(of.map(({ name }) => name))}${reason}`),
    ),
    ...section("Besides", rest(declared, others)),
    ...section("Found on the host, otherwise than the last `make up` left it", found(stack, changes)),
    ...section("Warnings", verbatim(diagnostics(digest, "warning"))),
  ]
    .join("\n")
    .replace(/\n+$/, "\n");
}
