import type * as pulumi from "@pulumi/pulumi";
import { backupArguments, copierOf, copyArguments, scriptsBeside, verifyArguments } from "../backups/parts.ts";
import { BESIDE_FILL, fillArguments, SERVER } from "../backups/restore.ts";
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
    const backup = backupArguments(system, host.settings)!;
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
    const { schedule } = host.settings.backups!;
    const runs = { backup, verify: verifyArguments(system, host.settings, "latest", "deep") };
    for (const run of ["backup", "verify"] as const) {
      const when = schedule?.[run];
      if (when === undefined) continue;
      // A project's name is unique on its host.
      const name = `robotoff-protea-${system.project}-${run}`;
      const args = { name, when, run, args: runs[run], beside, triggers, after: [first] };
      host.schedule(this.child(`schedule-${run}`), args, { parent: this });
    }
    this.registerOutputs();
  }
}

/**
 * Fills a PostgreSQL that came up without data; one that has any is not touched. Asked again when its container is another.
 * @param args.restore RESTORE= of this `up`
 * @param args.after the healthy server
 * @returns what everything waits for that uses the server
 */
export function filled(
  name: string,
  args: { system: SystemSpec; host: Host; restore?: "latest" | Date; server: Service; after: pulumi.Resource[] },
  opts: pulumi.CustomResourceOptions,
): pulumi.Resource {
  const { system, host, restore, server, after } = args;
  return host.run(
    name,
    {
      name: "fill-postgres",
      args: fillArguments(system, host.settings, restore),
      beside: BESIDE_FILL,
      triggers: server.containers.map((container) => container.id),
      after,
    },
    opts,
  );
}
