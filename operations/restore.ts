/**
 * `make restore AT=latest|TIME|CHECKPOINT`: a system's PostgreSQL as it was at a moment. It looks first and says what will be
 * replaced and what will be lost; DRY=1 ends there. The old data is kept beside (hosts/scripts/restore-postgres.sh).
 * LOOK=1: opened beside the live one, read-only, to find the moment before something went wrong.
 * ONLY=rabbitmq,bucket,lab,git: those parts as they were in a backup (hosts/scripts/restore-parts.sh).
 * FROM=/folder: of other backups on the host than this stack's own; every byte is read before, and nothing is written there.
 * INTO=postgresql://user@host:5432 or s3://KEY@host/bucket: as in the newest backup before, into another server (restore/into.ts);
 * CA=file: whose certificate is of a private authority.
 */
import { baseFor, ofAnotherSystem, parseFrom, parseList, parseSizes, parseTarget } from "../backups/list.ts";
import { backupArguments, scriptsBeside } from "../backups/parts.ts";
import {
  besideParts,
  chosenParts,
  describeParts,
  describeRestore,
  partsArguments,
  restoreArguments,
} from "../backups/restore.ts";
import { parseWindow } from "../backups/window.ts";
import { healthArguments } from "../engines/docker/container-args.ts";
import { runInstalled } from "../hosts/installed.ts";
import { backedUp, checkFrom, checkpointBefore, startAgent, vault, vaultOf } from "./backups/systems.ts";
import { run } from "./command.ts";
import { confirm } from "./confirm.ts";
import { into } from "./restore/into.ts";
import { readStack } from "./stack.ts";

export const done = run(["at", "ca", "dry", "from", "into", "look", "only", "yes"], async (options) => {
  const stack = readStack(options.stack);
  const now = new Date();
  if (!options.at)
    throw new Error("say to when: AT=latest, AT=2026-11-25T03:12:00Z or AT=CHECKPOINT; make backups shows them");
  if (options.ca !== undefined && options.into === undefined)
    throw new Error("found CA= without INTO=: it is the authority of another server's certificate");
  const from = options.from === undefined ? undefined : parseFrom(options.from);
  const planned = backedUp(stack, options).map((system) => {
    if (!from || options.into === undefined) startAgent(stack.host, system);
    const ask = (...verb: string[]) =>
      from ? vaultOf(stack.host, system, from, ...verb) : vault(stack.host, system, ...verb);
    const target = parseTarget(options.at!, parseWindow(ask("window")).checkpoints, now);
    const backups = parseList(ask("list"));
    const base = baseFor(backups, target);
    const about = { now, other: ofAnotherSystem(backups, base), from };
    return { system, target, base, about, ask, ...chosenParts(system, options.only) };
  });
  if (options.into !== undefined) {
    if (options.look) throw new Error("found INTO= and LOOK=1; the one has nothing to do with the other");
    return into(stack.host, options.into, planned, { ...options, from });
  }
  if (options.look) {
    if (options.only)
      throw new Error("found ONLY= and LOOK=1; only a database can be looked at: its parts lie in the backup as files");
    const codes: number[] = [];
    for (const { system, target, base } of planned) {
      if (from) checkFrom(stack.host, system, from, base);
      const args = restoreArguments(system, stack.host, target, base, { look: true, from });
      codes.push(await runInstalled(stack.host, "restore-postgres", args));
    }
    return Math.max(...codes);
  }
  const lines = planned.flatMap(({ system, target, base, about, ask, database, others }) => {
    const sizes = parseSizes(ask("sizes", base.stamp));
    return [
      ...(others.length > 0 ? [describeParts(system, others, base, sizes, from)] : []),
      ...(database ? [describeRestore(system, target, base, { ...about, sizes })] : []),
    ];
  });
  if (options.dry) {
    console.log(lines.join("\n"));
    return 0;
  }
  await confirm(lines.join("\n"), options.yes);
  // Of all systems, before anything of one is touched.
  if (from) for (const { system, base } of planned) checkFrom(stack.host, system, from, base);
  let worst = 0;
  for (const { system, target, base, database, others } of planned) {
    // First what the database's rows point to.
    const begin = Date.now();
    if (others.length > 0) {
      const args = partsArguments(system, others, base, { database, from });
      const code = await runInstalled(stack.host, "restore-parts", args, besideParts(system));
      if (code !== 0) return code;
    }
    if (database) {
      try {
        checkpointBefore(stack.host, system, "restore");
      } catch (error) {
        // A server that is down is a reason to restore.
        console.log(`warning: no checkpoint is set before: ${(error as Error).message}`);
      }
      const args = restoreArguments(system, stack.host, target, base, { from });
      const code = await runInstalled(stack.host, "restore-postgres", args);
      if (code !== 0) {
        if (others.length > 0)
          console.error(`${system.name}: the applications stay stopped; the same command again, or make start`);
        return code;
      }
    }
    const waits = healthArguments(
      system,
      system.services.filter(({ kind }) => kind === "service"),
    );
    const unhealthy = await runInstalled(stack.host, "healthy", waits);
    if (unhealthy === 0)
      console.log(
        `${system.name}: all of it is healthy, ${((Date.now() - begin) / 1_000).toFixed(0)} s after the start`,
      );
    worst = Math.max(worst, unhealthy);
    if (!database) continue;
    // What is written from here on goes on from a base backup of its own, also where something else is not well.
    const again = await runInstalled(stack.host, "backup", backupArguments(system, stack.host)!, scriptsBeside(system));
    worst = Math.max(worst, again);
  }
  return worst;
});
