/** What a stack declares and its last `up` applied, against what its host has. Pure. */
import { schedulesOf } from "../../backups/parts.ts";
import type { InspectedConfig } from "../../engines/docker/inspect.ts";
import type { SystemSpec } from "../../systems/spec.ts";
import type { Stack } from "../../systems/stack.ts";
import type { Applied } from "./applied.ts";
import type { Found } from "./ask.ts";
import { containerRows, nameOf, withoutEchoes } from "./containers.ts";
import { scheduleRows, scriptRows, secretRows, strayScheduleRows, uploadRows } from "./files.ts";
import { objectRows } from "./objects.ts";
import type { Row } from "./rows.ts";
import { secretValues, wantedContainers, type Wanted } from "./wanted.ts";

/** Shorter ones would be found in the middle of words. */
const SECRET = 4;

/** No secret is shown, wherever somebody has put it. */
function masked(rows: Row[], secrets: ReadonlySet<string>): Row[] {
  const longest = [...secrets].filter(({ length }) => length >= SECRET).sort((a, b) => b.length - a.length);
  const mask = (text: string) => longest.reduce((said, secret) => said.replaceAll(secret, "(secret)"), text);
  return rows.map((row) => ({ ...row, what: mask(row.what), declared: mask(row.declared), found: mask(row.found) }));
}

/** The containers of these systems. */
export const wantedOf = (stack: Stack, systems: SystemSpec[], applied: Applied): Wanted[] =>
  systems.flatMap((system) => wantedContainers(system, stack.name, stack.host.protectVolumes, applied));

/**
 * Every difference.
 * @param ended containers of jobs that have run to their end, and that somebody removed since: not missed
 */
export function compare(
  stack: Stack,
  systems: SystemSpec[],
  applied: Applied,
  found: Found,
  ended: ReadonlyMap<string, string>,
): Row[] {
  const wanted = wantedOf(stack, systems, applied);
  const byName = new Map(found.containers.map((one) => [nameOf(one), one]));
  const byId = new Map(found.containers.map((one) => [one.Id, one]));
  const contents = new Map<string, InspectedConfig | null>(found.images.map(({ Id, Config }) => [Id, Config]));
  const known = new Set<string>();
  const containers = wanted
    .filter(({ name }) => byName.has(name) || !ended.has(name))
    .flatMap((one) => {
      const before = applied.containers.get(one.name);
      const container = byName.get(one.name);
      const own = before && byId.get(before.id);
      const renamed = own && nameOf(own) !== one.name ? own : undefined;
      for (const each of [one.name, before?.id]) if (each) known.add(each);
      const imageOf = (id: string | undefined) => contents.get(id ?? "") ?? undefined;
      const rows = containerRows({ wanted: one, before, container, renamed, stack: stack.name, imageOf });
      if (!container && !renamed) return rows;
      const files = uploadRows(one, found.uploads.get(one.name) ?? new Map<string, string>(), applied);
      return withoutEchoes([...rows, ...files]);
    });
  const objects = systems.flatMap((system) => objectRows({ system, stack: stack.name, applied, found, known }));
  let asked = 0;
  const schedules = systems.flatMap((system) => {
    const declared = schedulesOf(system, stack.host);
    const said = found.schedules.slice(asked, (asked += declared.length));
    return [
      ...scheduleRows(system.name, declared, said, applied),
      ...strayScheduleRows(system.project, declared, found.scheduled, applied),
    ];
  });
  const secrets = systems.flatMap(({ project }) =>
    secretRows(project, found.secrets.get(project) ?? new Map(), applied),
  );
  const rows = [...containers, ...objects, ...scriptRows(applied, found.scripts), ...secrets, ...schedules];
  return masked(rows, secretValues(wanted, applied));
}
