/** How what runs today differs from what is declared: what its users may notice. Pure. */
import type { InspectedConfig } from "../../engines/docker/inspect.ts";
import { EXEC } from "../../engines/docker/secrets.ts";
import { containerRows, nameOf, type Container } from "../drift/containers.ts";
import { NOTHING } from "../drift/rows.ts";
import type { Wanted } from "../drift/wanted.ts";
import { table } from "../table.ts";
import type { Handover } from "./old.ts";

interface Difference {
  where: string[];
  what: string;
  declared: string;
  found: string;
}

/** What is told otherwise, or is rightly another one; and what every container of this program has, told in one line. */
const TOLD =
  /^(container|label .*|image id|state|env .*|name|network.*|mount \/run\/secrets|health check|stop .*|memory swap|log .*|security option .*)$/;
/** An entrypoint without what reads secrets before it: today's container has them as variables. */
const withoutSecrets = (entrypoint: string): string =>
  entrypoint === JSON.stringify([EXEC]) ? NOTHING : entrypoint.replace(`["${EXEC}",`, "[");

const ON_ALL =
  "on every container besides: secrets as files, health checks, time to stop, log rotation, no-new-privileges, no swap";

const rowsOf = (wanted: Wanted, container: Container, contents: ReadonlyMap<string, InspectedConfig | null>) =>
  containerRows({
    // Against the image that it has: what that says, nobody set.
    wanted: { ...wanted, args: { ...wanted.args, imageId: container.Image } },
    ...{ before: undefined, container, renamed: undefined, stack: "" },
    imageOf: (id) => contents.get(id ?? "") ?? undefined,
  });

/**
 * @param wanted what is declared of each container, by its name
 * @param contents what the host's images say, by their ids
 */
export function differencesOf(
  handovers: Handover[],
  wanted: ReadonlyMap<string, Wanted>,
  contents: ReadonlyMap<string, InspectedConfig | null>,
): { settings: Difference[]; lacking: Map<string, string[]> } {
  const settings = new Map<string, Difference>();
  const lacking = new Map<string, string[]>();
  for (const { name, service, old } of handovers)
    for (const container of old.slice(0, 1)) {
      for (const { what, declared, found } of rowsOf(wanted.get(name)!, container, contents)) {
        const variable = what.replace(/^env /, "");
        if (variable !== what && declared === NOTHING && !(variable in service.environment)) {
          lacking.set(variable, [...(lacking.get(variable) ?? []), service.name]);
        }
        if (TOLD.test(what) || (what === "entrypoint" && withoutSecrets(declared) === found)) continue;
        const key = JSON.stringify([what, declared, found]);
        const where = settings.get(key)?.where ?? [];
        settings.set(key, { where: [...where, nameOf(container)], what, declared, found });
      }
    }
  return { settings: [...settings.values()], lacking };
}

const MOST = 3;

/** Some names, and how many more. */
export const some = (names: string[]): string =>
  names.length <= MOST ? names.join(", ") : `${names.slice(0, MOST).join(", ")} and ${names.length - MOST} more`;

export function differencesText({ settings, lacking }: ReturnType<typeof differencesOf>): string[] {
  const cut = (text: string) => (text.length > 50 ? `${text.slice(0, 49)}…` : text);
  const rows = settings.map(({ where, what, declared, found }) => ({
    ...{ what: cut(what), declared: cut(declared), found: cut(found), where: some(where) },
  }));
  return [
    ...(rows.length > 0
      ? [
          "settings that change with it (the stack file decides):",
          table(["what", "declared", "found", "where"], rows),
          ON_ALL,
        ]
      : []),
    ...(lacking.size > 0
      ? [
          "variables of today that nobody declares (robotoff:environment, protea:environment, or services.NAME.environment):",
          ...[...lacking].sort().map(([variable, services]) => `  ${variable}: ${some(services)}`),
        ]
      : []),
  ];
}
