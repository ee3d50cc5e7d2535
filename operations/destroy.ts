/** `make destroy`: Pulumi's `destroy`, after an interrupted command's leftovers. Words after `--` go to Pulumi. */
import { dockerOutput, show } from "../hosts/docker.ts";
import { networkName } from "../systems/spec.ts";
import { run, type Selection } from "./command.ts";
import { recoverWhenNeeded } from "./recovery/when-needed.ts";
import { readStack } from "./stack.ts";

/** What watches a system is in its network, and Docker removes no network that somebody is in: nothing is begun then. */
function refuseWatched({ stack: name, system }: Selection): void {
  if (!system || system === "monitoring") return;
  const { host, systems } = readStack(name);
  const [watched, monitoring] = [system, "monitoring"].map((one) => systems.find((known) => known.name === one));
  if (!watched || !monitoring) return;
  const joins = monitoring.services.some(({ externalNetworks }) =>
    externalNetworks.includes(networkName(watched, "servers")),
  );
  const project = `label=com.docker.compose.project=${monitoring.project}`;
  if (!joins || dockerOutput(host, ["ps", "--all", "--quiet", "--filter", project]) === "") return;
  throw new Error(
    `monitoring is in ${networkName(watched, "servers")}, the network of the servers of ${system}, which cannot be removed before it: nothing was done.\n` +
      `make destroy STACK=${name} SYSTEM=monitoring, then this again; or, to be without ${system} for good: ${system}:enabled: false in Pulumi.${name}.yaml, and make up`,
  );
}

export const done = run([], async (options) => {
  await recoverWhenNeeded(options, "destroy");
  refuseWatched(options);
  return show(["bin/pulumi", "destroy", "--stack", options.stack, ...options.words]);
});
