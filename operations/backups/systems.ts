import { agentOf, backupArguments, copierOf, isKept } from "../../backups/parts.ts";
import { parseList, type Backup } from "../../backups/list.ts";
import { SERVER } from "../../backups/restore.ts";
import { parseWindow, recoverable, type Window } from "../../backups/window.ts";
import type { HostSettings } from "../../config/host.ts";
import { dockerOutput, type Ended } from "../../hosts/docker.ts";
import { quote } from "../../hosts/connection.ts";
import { inContainer, inContainerCommand } from "../../hosts/installed.ts";
import { onHost } from "../../hosts/run.ts";
import { script } from "../../hosts/scripts.ts";
import { together } from "../../hosts/together.ts";
import type { SystemSpec } from "../../systems/spec.ts";
import type { Stack } from "../../systems/stack.ts";
import { selected, type Selection } from "../command.ts";

/**
 * The systems that a verb of the backups is about.
 * @throws Error where the stack declares no backups
 */
export function backedUp(stack: Stack, options: Selection): SystemSpec[] {
  const systems = selected(stack, { system: options.system }).filter(
    (one) => options.system !== undefined || isKept(one),
  );
  const without = systems.filter((system) => backupArguments(system, stack.host) === undefined);
  if (without.length > 0)
    throw new Error(
      `Pulumi.${stack.name}.yaml declares no backups of ${without.map(({ name }) => name).join(" and ")}: ` +
        "say host:backups.directory there, then make up",
    );
  return systems;
}

/**
 * Those of them that are copied off the host.
 * @throws Error where the stack declares no copy
 */
export function copiedOff(stack: Stack, options: Selection): SystemSpec[] {
  const systems = backedUp(stack, options).filter(copierOf);
  if (systems.length > 0) return systems;
  throw new Error(
    `Pulumi.${stack.name}.yaml declares no copy off the host: say host:backups.copy there, then make up (docs/backups.md)`,
  );
}

/** What vault.sh printed. Throws what it complains of. */
function printed(system: SystemSpec, { code, stdout, stderr }: Ended): string {
  if (code !== 0) throw new Error(`${system.name}: ${stderr.trim() || `exit code ${code} in ${agentOf(system)}`}`);
  return stdout;
}

/** What vault.sh prints for a verb. Throws what it complains of. */
export const vault = (host: HostSettings, system: SystemSpec, ...verb: string[]): string =>
  printed(system, inContainer(host, agentOf(system), "root", "vault", verb));

/**
 * What vault.sh prints for a verb of another folder of backups on the host, in a container that only reads it.
 * @param directory has a folder for each system, as the stack's own has
 * @throws Error with what it complains of
 */
export function vaultOf(host: HostSettings, system: SystemSpec, directory: string, ...verb: string[]): string {
  const { image } = system.services.find(({ name }) => name === SERVER)!;
  const mount = ["--mount", `type=bind,source=${directory},target=/backups,readonly`];
  const run = ["docker", "run", "-i", "--rm", "--network", "none", "--user", "root", "--entrypoint", "sh", ...mount];
  const line = [...run, "--env", `BACKUPS=/backups/${system.name}`, image, "-s", "--", ...verb].map(quote).join(" ");
  const { code, stdout, stderr } = onHost(host, line, script("vault").content);
  if (code !== 0) throw new Error(`${system.name}, ${directory}: ${(stdout + stderr).trim() || `exit code ${code}`}`);
  return stdout;
}

/** Reads every byte of a backup in another folder. Throws what differs from its manifest. */
export function checkFrom(host: HostSettings, system: SystemSpec, from: string, { stamp }: Backup): void {
  console.log(`${system.name}: reads every byte of ${from}/${system.name}/${stamp}`);
  vaultOf(host, system, from, "check", stamp);
}

/** A restore that was killed leaves the receiver stopped, in which a folder of backups is read. Starts it; it does no harm. */
export function startAgent(host: HostSettings, system: SystemSpec): void {
  try {
    dockerOutput(host, ["start", agentOf(system)]);
  } catch (error) {
    throw new Error(`${(error as Error).message}\nmake up makes what is gone; then the same command again`);
  }
}

/**
 * Names this moment, before a verb changes much: to go back to it. Says so; where no backups are declared, nothing.
 * @param what a word: before-WHAT-TIME is its name
 * @throws Error when it cannot be set
 */
export function checkpointBefore(host: HostSettings, system: SystemSpec, what: string): void {
  if (backupArguments(system, host) === undefined) return;
  const set = vault(host, system, "before", what).trim();
  if (set) console.log(`${system.name}: checkpoint ${set}`);
}

/** A system's published backups, oldest first. */
export const backupsOf = (host: HostSettings, system: SystemSpec): Backup[] => parseList(vault(host, system, "list"));

/** How far its continuous copy goes, and the named moments. */
export const windowOf = (host: HostSettings, system: SystemSpec): Window => parseWindow(vault(host, system, "window"));

/** Prints from when to when a system can be restored. Whether all is as declared. */
export function tellWindow(
  host: HostSettings,
  system: SystemSpec,
  backups: Backup[],
  window: Window,
  now: Date,
): boolean {
  const { maxAge } = host.backups!;
  const { line, problem } = recoverable(backups, window, maxAge, now, copierOf(system) !== undefined);
  console.log(`${system.name}: ${line}${problem ? `; ${problem}` : ""}`);
  return problem === undefined;
}

const declaring = (stack: Stack, { system }: Selection): SystemSpec[] =>
  selected(stack, { system }).filter((one) => backupArguments(one, stack.host) !== undefined);

/** The command lines of whose answers tellRecoverable() tells: two of each system, with vault.sh as their standard input. */
export const questions = (stack: Stack, options: Selection): string[] =>
  declaring(stack, options).flatMap((system) =>
    ["list", "window"].map((verb) => inContainerCommand(agentOf(system), "root", [verb])),
  );

/**
 * Prints from when to when each system can be restored. Whether all is as declared; also where no backups are.
 * @param answers to questions(), from whoever has asked them already
 */
export function tellRecoverable(
  stack: Stack,
  options: Selection,
  answers: Ended[] = together(stack.host, questions(stack, options), script("vault").content),
  now = new Date(),
): boolean {
  return declaring(stack, options)
    .map((system, index) => {
      try {
        const said = (verb: number) => printed(system, answers[2 * index + verb]!);
        return tellWindow(stack.host, system, parseList(said(0)), parseWindow(said(1)), now);
      } catch (error) {
        console.log((error as Error).message);
        return false;
      }
    })
    .every(Boolean);
}
