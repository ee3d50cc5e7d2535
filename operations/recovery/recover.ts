/** Puts in order what an interrupted command left behind (operations/recovery/when-needed.ts). */
import { hostname } from "node:os";
import type { HostSettings } from "../../config/host.ts";
import { isShared, isTorn, locks, mend, readState } from "./backend.ts";
import type { Selection } from "../command.ts";
import { dockerCommand } from "../../hosts/connection.ts";
import { docker, show } from "../../hosts/docker.ts";
import { isPulumi, orphans } from "./processes.ts";
import { readStack } from "../stack.ts";
import { refreshOnly } from "./refresh.ts";
import { holder, leftovers, suspects, unknown, type Found, type State, type Suspect } from "./leftovers.ts";

/** What comes after the recovery. */
type Next = "up" | "destroy";

const nameOf = (urn: string) => urn.split("::").at(-1)!;

async function succeed(command: string[]): Promise<void> {
  const code = await show(command);
  if (code !== 0) throw new Error(`recovery stopped: the command above ended with exit code ${code}`);
}

/** Ends a lock whose process is gone, and mends the state that it tore. Whether there was a lock. */
async function release(stack: string): Promise<boolean> {
  const held = locks(stack);
  const holders = held
    .map((lock) => holder(lock, hostname(), isPulumi, isShared()))
    .filter((name) => name !== undefined);
  if (holders.length > 0)
    throw new Error(
      `stack ${stack} is in use: ${holders.join("; ")}. Wait for it to end; if it cannot (it was killed, its host is gone): bin/pulumi cancel --yes --stack ${stack}`,
    );
  // Nobody is writing it now, and Pulumi cannot end a lock on a state that it cannot read.
  if (isTorn(stack)) console.log(mend(stack));
  if (held.length === 0) return false;
  console.log(`an earlier command on ${stack} was killed`);
  await succeed(["bin/pulumi", "cancel", "--yes", "--stack", stack]);
  return true;
}

/** A suspect as the engine has it; undefined when it was not made. */
function inspect(host: HostSettings, suspect: Suspect): Found | undefined {
  const { code, stdout, stderr } = docker(host, [suspect.kind, "inspect", suspect.name]);
  if (code !== 0 && !/no such|not found/i.test(stderr)) throw new Error(stderr.trim());
  const [found] = JSON.parse(stdout || "[]") as Record<string, never>[];
  if (!found) return undefined;
  const { Id: id, Name: name, Labels: own, Config: config, Containers: containers } = found;
  const labels = (suspect.kind === "container" ? config?.["Labels"] : own) ?? {};
  return {
    ...suspect,
    id: suspect.kind === "volume" ? name! : id!,
    labels,
    containers: Object.keys(containers ?? {}).length,
  };
}

/** Removes what interrupted creations made without its being recorded. */
async function removeLeftovers(
  { stack, system }: Selection,
  before: Next,
  host: HostSettings,
  state: State,
): Promise<void> {
  const volumes = before === "destroy" && !host.protectVolumes ? (system ?? "all") : undefined;
  const found = suspects(state, volumes).map((suspect) => inspect(host, suspect));
  for (const { kind, name } of leftovers(
    found.filter((one) => one !== undefined),
    state,
    stack,
  )) {
    // Stopped with its own stop timeout; its volumes stay.
    if (kind === "container") await succeed(dockerCommand(host, ["container", "stop", name]));
    await succeed(dockerCommand(host, [kind, "rm", name]));
  }
}

/** Says what it does, step by step. A step that fails ends it; running it again continues. */
export async function recover(options: Selection, before: Next): Promise<void> {
  const { stack } = options;
  const killed = await release(stack);
  // Before the state is believed: they may be in the middle of something. The lock of a bucket was ended by a person.
  for (const pid of killed || isShared() ? orphans() : []) {
    console.log(`kill ${pid} (a plug-in of the killed command)`);
    process.kill(pid);
  }
  const state = readState(stack);
  const { host } = readStack(stack);
  const interrupted = state.pending_operations ?? [];
  if (interrupted.length === 0) return;
  console.log(`interrupted in ${stack}:`);
  for (const { type, resource } of interrupted) console.log(`  ${type} ${nameOf(resource.urn)}`);
  await removeLeftovers(options, before, host, state);
  if ((await refreshOnly(stack, unknown(state), ["--clear-pending-creates"])) !== 0)
    throw new Error("recovery stopped: Pulumi could not look at what was interrupted; see above");
}
