/**
 * `make deploy`: what a pipeline runs where a person runs `make up`. Nobody is asked (the approval came before): a named point is set in
 * every database, `make up` runs, and what the stack publishes is asked. When any of that fails, the exit code is 1, and the last line
 * is the command that goes back. READABLE_STATE_URL in the environment: then also `make readable TO=` that.
 */
import { agentOf } from "../backups/parts.ts";
import { show } from "../hosts/docker.ts";
import { systemOutputs } from "../systems/outputs.ts";
import type { Stack } from "../systems/stack.ts";
import { checkpointBefore } from "./backups/systems.ts";
import { run } from "./command.ts";
import { look } from "./containers/look.ts";
import { answer } from "./deploy/answers.ts";
import { deploymentsOf } from "./deployments/host.ts";
import { readStack } from "./stack.ts";
import { table } from "./table.ts";

/** Names this moment in each database that is there. @throws Error where one is there and cannot be named: nothing was changed */
function checkpoints(stack: Stack): void {
  const { inspected } = look({ stack: stack.name }, stack);
  const there = new Set(inspected.map(({ Name }) => Name.replace(/^\//, "")));
  for (const system of stack.systems) {
    if (!there.has(agentOf(system))) {
      console.log(`${system.name}: nothing of it is there yet, or no backups are declared: no checkpoint`);
      continue;
    }
    try {
      checkpointBefore(stack.host, system, "deploy");
    } catch (error) {
      throw new Error(
        `nothing was changed: no moment to go back to could be named. ${(error as Error).message}\n` +
          `make status STACK=${stack.name} shows what is wrong; make up STACK=${stack.name} deploys without a checkpoint`,
      );
    }
  }
}

/**
 * Robotoff's health is 500 when one of the backends does not answer it. Most are others' servers: `make up` has said which, and
 * going back mends none.
 */
const misses = (system: string, status: number | string) => system === "robotoff" && status === 500;

/** Asks everything published, and shows the answers. Whether all is well. */
async function answered(stack: Stack): Promise<boolean> {
  const asked = stack.systems.flatMap((system) =>
    Object.entries(systemOutputs(system).urls).map(async ([what, url]) => {
      const found = await answer(stack.host, url);
      const failed = typeof found === "string" || (found >= 500 && !misses(system.name, found));
      return { system: system.name, what, url, answer: `${found}${failed ? ", failed" : ""}`, failed };
    }),
  );
  const rows = await Promise.all(asked);
  console.log(table(["system", "what", "url", "answer"], rows));
  return !rows.some(({ failed }) => failed);
}

/** For previews, whose state it is then. What was deployed is, whatever comes of this. */
async function keepReadable(stack: string): Promise<void> {
  const { READABLE_STATE_URL: to } = process.env;
  if (!to) return;
  if ((await show([process.execPath, "operations/readable.ts", "--stack", stack, "--to", to])) !== 0)
    console.error("warning: previews without secrets go on comparing with the state before; see above");
}

export const done = run([], async ({ stack: name, words }) => {
  const stack = readStack(name);
  const [before] = deploymentsOf(stack.host, name);
  checkpoints(stack);
  const up = ["operations/up.ts", "--stack", name, "--yes", "1", "--", "--non-interactive", ...words];
  const code = await show([process.execPath, ...up]);
  if (code === 0 && (await answered(stack))) {
    await keepReadable(name);
    return 0;
  }
  const back = before
    ? `Back to what ran before: make rollback STACK=${name} TO=${before.stamp}`
    : "There is no deployment to go back to";
  console.error(`${name}: the deployment failed; see above, and make why STACK=${name}. ${back}`);
  return 1;
});
