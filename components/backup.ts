import type * as pulumi from "@pulumi/pulumi";
import { backupArguments, copierOf, copyArguments, schedulesOf, scriptsBeside } from "../backups/parts.ts";
import { BESIDE_FILL, besideFillParts, fillArguments, fillPartsArguments, SERVER } from "../backups/restore.ts";
import { BACKUP_COPY } from "../systems/servers/backup-copy.ts";
import { POSTGRES_BACKUP } from "../systems/servers/postgres-backup.ts";
import type { SystemSpec } from "../systems/spec.ts";
import { Component } from "./component.ts";
import type { Host } from "./host.ts";
import type { Service } from "./service.ts";

export interface BackupArgs {
  system: SystemSpec;
  host: Host;
  /** The system's services, by name. */
  services: ReadonlyMap<string, Service>;
  /** Healthy servers and finished migrations: what there is to back up is there. */
  after: pulumi.Resource[];
}

/**
 * The first backup of a system: from it on, with the WAL that is received, every moment can be restored. Made again when
 * the server's container or the one that makes it is another (a new image, another folder, a volume that was lost);
 * `make backup` and the host's schedule, where one is declared, make the rest.
 */
export class Backup extends Component {
  constructor(args: BackupArgs, opts?: pulumi.ComponentResourceOptions) {
    const { system, host, services, after } = args;
    super("Backup", `${system.name}-backups`, opts);
    const beside = scriptsBeside(system);
    const triggers = [POSTGRES_BACKUP, SERVER].flatMap((name) => services.get(name)!.containers.map(({ id }) => id));
    const uncopied = backupArguments(system, host.settings, false)!;
    const first = host.run(
      this.child("first"),
      { name: "backup", args: uncopied, beside, triggers, after },
      { parent: this },
    );
    // On its own: a server of copies that does not answer fails the deployment, but keeps no schedule from being set.
    if (copierOf(system))
      host.run(
        this.child("first-copy"),
        {
          ...{ name: "copy", args: copyArguments(system), beside: ["vault"], after: [first] },
          triggers: [...triggers, ...services.get(BACKUP_COPY)!.containers.map(({ id }) => id)],
        },
        { parent: this },
      );
    for (const schedule of schedulesOf(system, host.settings))
      host.schedule(
        this.child(`schedule-${schedule.run}`),
        { ...schedule, beside, triggers, after: [first] },
        { parent: this },
      );
    this.registerOutputs();
  }
}

/**
 * Fills what came up without data; what has any is not touched. Asked again when a container is another.
 * @param args.what PostgreSQL, or the parts beside it
 * @param args.restore RESTORE= of this `up`
 * @param args.services whose data it is, and who brings it back
 * @param args.after they are healthy
 * @returns what everything waits for that uses the data
 */
export function filled(
  name: string,
  args: {
    what: "postgres" | "parts";
    system: SystemSpec;
    host: Host;
    restore?: "latest" | Date;
    services: Service[];
    after: pulumi.Resource[];
  },
  opts: pulumi.CustomResourceOptions,
): pulumi.Resource {
  const { what, system, host, restore, services, after } = args;
  const [words, beside] =
    what === "postgres" ? [fillArguments, BESIDE_FILL] : [fillPartsArguments, besideFillParts(system)];
  const triggers = services.flatMap(({ containers }) => containers.map((container) => container.id));
  return host.run(
    name,
    { name: `fill-${what}`, args: words(system, host.settings, restore), beside, triggers, after },
    opts,
  );
}
