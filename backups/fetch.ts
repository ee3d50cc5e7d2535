/** How the backups of a host that was lost are brought back from the copy off it. Pure. */
import { backupDirectory, type HostSettings } from "../config/host.ts";
import { BACKUP_COPY } from "../systems/servers/backup-copy.ts";
import { POSTGRES_BACKUP } from "../systems/servers/postgres-backup.ts";
import type { SystemSpec } from "../systems/spec.ts";
import { installedName } from "./parts.ts";

/**
 * The arguments of hosts/scripts/fetch.sh, of a system whose backups are copied off the host.
 * @param snapshot latest, or restic's id
 */
export function fetchArguments(system: SystemSpec, host: HostSettings, snapshot: string): string[] {
  const { mounted } = host.backups!;
  const image = (service: string) => system.services.find(({ name }) => name === service)!.image;
  return [
    system.name,
    backupDirectory(host)!,
    mounted ? "1" : "0",
    image(BACKUP_COPY),
    image(POSTGRES_BACKUP),
    installedName("vault"),
    snapshot,
  ];
}
