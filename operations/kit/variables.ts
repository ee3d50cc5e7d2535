/** restic's variables of a system's copy off the host, as lines that a shell and docker's --env-file read alike. Pure. */
import type { CopySettings } from "../../config/host.ts";
import { resticVariables } from "../../systems/servers/backup-copy.ts";
import type { SystemSpec } from "../../systems/spec.ts";

/**
 * @param value of a secret, by its key
 * @param key the repository's key that is the right one: whoever has the host can add others
 */
export function variableLines(
  copy: CopySettings,
  system: SystemSpec["name"],
  value: (key: string) => string,
  key?: string,
): string {
  const variables = Object.entries(resticVariables(copy, system)).map(
    ([name, given]) => `${name}=${typeof given === "string" ? given : value((given as { secret: string }).secret)}`,
  );
  return [...variables, ...(key === undefined ? [] : [`RESTIC_KEY_HINT=${key}`]), ""].join("\n");
}
