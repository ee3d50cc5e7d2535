/** The key of a system's repository off the host: the one that fits, as the repository has it. */
import { createHash } from "node:crypto";
import { copierOf } from "../../backups/parts.ts";
import type { HostSettings } from "../../config/host.ts";
import { EXEC } from "../../engines/docker/secrets.ts";
import { dockerOutput } from "../../hosts/docker.ts";
import type { SystemSpec } from "../../systems/spec.ts";

/**
 * @returns its id, and its file's content
 * @throws Error when the repository cannot be asked
 */
export function repositoryKey(host: HostSettings, system: SystemSpec): { id: string; content: string } {
  const restic = (...args: string[]) =>
    JSON.parse(dockerOutput(host, ["exec", copierOf(system)!, EXEC, "restic", "--no-lock", ...args])) as unknown;
  const keys = restic("key", "list", "--json") as { id: string; current: boolean }[];
  const current = keys.find((key) => key.current)!.id;
  // restic prints it indented; in the repository it is named by the hash of the other form.
  const content = JSON.stringify(restic("cat", "key", current));
  const id = createHash("sha256").update(content).digest("hex");
  if (!id.startsWith(current))
    throw new Error(`${system.name}: restic's key ${current} is not as the repository has it: ${id}`);
  return { id, content };
}
