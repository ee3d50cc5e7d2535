/**
 * `make up`: Pulumi's `up`, and the truth around it. Pulumi compares the program with its state; a host changes without
 * either. So what is stopped, gone or unhealthy is brought back first, and at the end everything declared is healthy, or
 * the exit code is not 0 and what `make why` knows is shown. Where data may not go, a person is shown what it will do before, as by
 * `make preview`, and is asked once. Words after `--` go to Pulumi.
 */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { backupArguments } from "../backups/parts.ts";
import { finishArguments, SERVER } from "../backups/restore.ts";
import type { HostSettings } from "../config/host.ts";
import { checkHost } from "../hosts/checks.ts";
import { dockerOutput, show } from "../hosts/docker.ts";
import { install, runInstalled } from "../hosts/installed.ts";
import { isScript, script } from "../hosts/scripts.ts";
import { pulumiEnvironment } from "../hosts/ssh.ts";
import { containerName } from "../systems/spec.ts";
import type { Stack } from "../systems/stack.ts";
import { run, selected, type Options, type Selection } from "./command.ts";
import { confirm } from "./confirm.ts";
import { tellBackends } from "./containers/backends.ts";
import { look } from "./containers/look.ts";
import { summary } from "./containers/rows.ts";
import { tellWhy } from "./containers/tell.ts";
import { settled } from "./containers/until.ts";
import { keepDeployment } from "./deployments/host.ts";
import { pullMissing } from "./images/pull.ts";
import { recoverWhenNeeded } from "./recovery/when-needed.ts";
import { predicted } from "./preview/predicted.ts";
import { readState } from "./recovery/backend.ts";
import type { State } from "./recovery/leftovers.ts";
import { keepStack } from "./kit/stack.ts";
import { readStack } from "./stack.ts";
import { bringBack, each, existing } from "./up/bring-back.ts";
import {
  afterLoss,
  asksAnew,
  describePlan,
  installedScripts,
  mayMissMore,
  needingLost,
  plan,
  preparingOf,
  secretFilesOf,
  withLostObjects,
} from "./up/plan.ts";

/**
 * Runs Pulumi.
 * @returns its exit code, and whether the program got past its configuration and the host's checks: it says so by a file
 *   (index.ts). The state does not tell: Pulumi encrypts it anew, and a wait that failed leaves it as it was
 */
async function deploy(command: string[], host: HostSettings): Promise<{ code: number; begun: boolean }> {
  const folder = mkdtempSync(join(tmpdir(), "robotoff-protea-up-"));
  try {
    const file = join(folder, "begun");
    const code = await show(command, { env: { ...process.env, ...pulumiEnvironment(host), UP_BEGUN: file } });
    return { code, begun: existsSync(file) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What is pulled takes nothing away from what runs; so before anything is asked or touched. */
async function pullAll(options: Selection): Promise<void> {
  const stack = readStack(options.stack);
  await pullMissing(stack, selected(stack, options));
}

const without = (names: string[], others: string[]) => names.filter((name) => !others.includes(name));

/** A server that is stopped or gone may have been stopped by a restore that was killed, its data between two names. */
async function finishRestores(stack: Stack, options: Selection, down: string[]): Promise<void> {
  const { host } = stack;
  for (const system of selected(stack, options)) {
    const server = containerName(system, SERVER, 1);
    if (!backupArguments(system, host) || !down.includes(server)) continue;
    const beside = ["volume", "ls", "--quiet", "--filter", `label=robotoff-protea.restore=${server}`];
    if (!dockerOutput(host, beside)) continue;
    if ((await runInstalled(host, "restore-postgres", finishArguments(system, host))) !== 0)
      throw new Error(`${system.name}: a restore that was interrupted could not be finished; see above`);
  }
}

/**
 * Brings back what is not as declared.
 * @returns arguments that replace what cannot be started, and what is started again at the end
 */
async function prepare(options: Options<"yes">, state: State): Promise<{ replaced: string[]; stopped: string[] }> {
  if (!state.resources?.length) return { replaced: [], stopped: [] };
  const stack = readStack(options.stack);
  const { host, wanted, inspected, ended } = look(options, stack);
  const seen = plan(wanted, inspected, state, options.stack, ended);
  const todo = mayMissMore(seen) ? withLostObjects(seen, selected(stack, options), existing(host), state) : seen;
  const preparing = preparingOf(state);
  const brought = describePlan(todo);
  if (brought.length === 0 && preparing.length === 0) return { replaced: [], stopped: [] };
  // What is in the way of Pulumi's part must not be found half-way.
  const { problems, missing } = checkHost(host, stack.name, stack.systems);
  if (problems) throw new Error(problems);
  const gone = preparing.length > 0 ? missing : [];
  const lines = [...brought, ...(gone.length > 0 ? [`  not there (host:prepare): made: ${gone.join(", ")}`] : [])];
  if (lines.length === 0) return { replaced: [], stopped: [] };
  const what = `on the host of ${options.stack}, not as the last up left it:\n${lines.join("\n")}`;
  // Where data may not go, a person decides; Pulumi asks for its own part as well.
  await confirm(what, host.protectVolumes ? options.yes : "1");
  // Of a lost host, more than the engine's is gone.
  if (mayMissMore(seen))
    install(
      host,
      installedScripts(state)
        .filter(isScript)
        .map((name) => script(name)),
    );
  const loss = afterLoss(todo, selected(stack, options), inspected, state);
  await each(host, "stop", loss.stop);
  const down = [...todo.start, ...todo.lost.map(({ name }) => name)];
  if (todo.lostVolumes.length === 0) await finishRestores(stack, options, down);
  const failed = await bringBack(host, options.stack, { ...todo, start: without(todo.start, loss.stop) });
  const emptied = asksAnew(todo, selected(stack, options), state);
  // What Pulumi changes next may need them: a migration its database. What lost its data is waited for at the end.
  if (todo.lostVolumes.length === 0 && emptied.length === 0)
    await settled(options, needingLost(todo, selected(stack, options)));
  const urns = new Map(state.resources.map(({ urn, inputs }) => [inputs?.name, urn]));
  const again = gone.length > 0 ? preparing : [];
  const half = todo.half.map(({ urn }) => urn);
  // What could not be started may miss them; written again they are what they were.
  const secrets = failed.length > 0 || todo.lost.length > 0 ? secretFilesOf(state, selected(stack, options)) : [];
  const replaced = [
    ...again,
    ...half,
    ...secrets,
    ...failed.map((name) => urns.get(name)!),
    ...loss.replace,
    ...emptied,
  ];
  return { replaced: replaced.flatMap((urn) => ["--replace", urn]), stopped: loss.stop };
}

/** Words of Pulumi's `up` that its `preview` does not know: that nothing is shown before, and that nobody is asked. */
const [UNSEEN, ANSWERED] = ["--skip-preview", "--yes"] as const;

/**
 * Shows what Pulumi's part will do, and asks, where there is anything to do.
 * @param words for Pulumi
 * @returns 0 when it may go on
 * @throws Error when the answer is no
 */
async function asked({ stack: name, yes }: Options<"yes">, words: string[]): Promise<number> {
  const stack = readStack(name);
  if (!stack.host.protectVolumes || words.includes(UNSEEN)) return 0;
  const { code, text, changes } = await predicted(stack, without(words, [ANSWERED]));
  if (code !== 0 && text) console.log(text);
  if (code === 0) await confirm(text ?? "", changes && !words.includes(ANSWERED) ? yes : "1");
  return code;
}

export const done = run(["yes"], async (options) => {
  await recoverWhenNeeded(options, "up");
  await pullAll(options);
  const { replaced, stopped } = await prepare(options, readState(options.stack));
  const words = [...replaced, ...options.words];
  const refused = await asked(options, words);
  if (refused !== 0) return refused;
  // Of a failure the last words must be what failed; the outputs are in `make urls` and `bin/pulumi stack output`.
  const answered = [ANSWERED, UNSEEN, "--suppress-outputs", "--stack", options.stack];
  const command = ["bin/pulumi", "up", ...answered, ...without(words, [ANSWERED, UNSEEN])];
  const { code, begun } = await deploy(command, readStack(options.stack).host);
  if (code !== 0) {
    // A configuration or a host that was refused: nothing was touched, so the containers have nothing to say.
    if (begun) tellWhy(options);
    return code;
  }
  await each(readStack(options.stack).host, "start", [...stopped].reverse());
  const seen = await settled(options);
  keepStack(readStack(options.stack));
  if (!seen.found.some((row) => row.problem)) {
    keepDeployment(readStack(options.stack), seen.inspected);
    // Said, and no failure: most backends are others' servers, and a deployment does not mend them.
    const failed = tellBackends(readStack(options.stack), options);
    if (failed?.length) console.error(`warning: Robotoff misses ${failed.join(", ")}; again: make status HEALTH=1`);
    return 0;
  }
  console.error(summary(seen.found));
  tellWhy(options, undefined, seen);
  return 1;
});
