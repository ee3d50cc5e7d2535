import * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import { pidsLimitArguments } from "../engines/docker/container-args.ts";
import { labelList, networkLabels, projectLabels } from "../engines/docker/labels.ts";
import { inOrder } from "../systems/order.ts";
import { BACKUP_COPY } from "../systems/servers/backup-copy.ts";
import { isExternal, NETWORK_OPTIONS, networkName, OWN_NETWORKS, type SystemSpec } from "../systems/spec.ts";
import { backupArguments, beforeMigration, MIGRATION, partsOf } from "../backups/parts.ts";
import { filledAfter, SERVER } from "../backups/restore.ts";
import { Backup, filled } from "./backup.ts";
import { Component } from "./component.ts";
import { healthy } from "./healthy.ts";
import type { Host } from "./host.ts";
import type { Secrets } from "./secrets.ts";
import { SecretFiles } from "./secret-files.ts";
import { Service } from "./service.ts";

export interface SystemArgs {
  /** The stack's name. */
  stack: string;
  system: SystemSpec;
  host: Host;
  secrets: Secrets;
  /** RESTORE= of this `up`: what a PostgreSQL without data gets, where its backups are declared. */
  restore?: "latest" | Date;
  /** The networks that this program made before, by Docker's name. */
  networks?: ReadonlyMap<string, pulumi.Resource>;
}

/** A system: its networks, volumes and images, then its services in the order of their needs. */
export class System extends Component {
  /** Those that it made, by Docker's name. */
  readonly networks: ReadonlyMap<string, docker.Network>;

  constructor(args: SystemArgs, opts?: pulumi.ComponentResourceOptions) {
    const { system } = args;
    super("System", system.name, opts);
    const first = this.first(args);
    const images = this.images(args, first);
    // Every image is there before any container is touched: a missing one must not stop a deployment half-way.
    this.networks = this.ownNetworks(args, first);
    const secrets = new SecretFiles({ ...args, first }, { parent: this });
    const foundation = [
      ...this.networks.values(),
      ...this.volumes(args, first),
      ...images.values(),
      ...secrets.written,
    ];
    const awaited = new Set(system.services.flatMap((service) => service.needs.map((need) => need.service)));
    const ready = new Map<string, pulumi.Resource[]>();
    const backedUp = backupArguments(system, args.host.settings) !== undefined;
    const services = new Map<string, Service>();
    const backing = new Set([...partsOf(system).map(({ service }) => service), BACKUP_COPY]);
    const last: Service[] = [];
    for (const service of inOrder(system.services)) {
      const needed = service.needs.flatMap((need) => ready.get(need.service)!);
      const made = new Service(
        this.child(service.name),
        {
          ...args,
          ...{ service, imageId: images.get(service.image)!.imageId, foundation, needed },
          secrets: secrets.folders.get(service.name),
          // Back to the moment before its migration.
          ...(backedUp && service.name === MIGRATION ? { before: beforeMigration(system) } : {}),
        },
        { parent: this },
      );
      services.set(service.name, made);
      if (backedUp && service.name === SERVER) ready.set(service.name, this.filled(args, "postgres", [made]));
      else if (backedUp && service.name === filledAfter(system)) {
        const keepers = service.needs.map((need) => services.get(need.service)!);
        ready.set(service.name, this.filled(args, "parts", keepers, made));
      } else if (awaited.has(service.name) || service.kind === "job" || backing.has(service.name))
        ready.set(service.name, made.ready());
      else if (service.replicas > 0) last.push(made);
    }
    if (backedUp) {
      const databases = system.services.filter(({ name, kind }) => backing.has(name) || kind === "job");
      const after = databases.flatMap(({ name }) => ready.get(name) ?? []);
      new Backup({ system, host: args.host, services, after }, { parent: this });
    }
    this.pidsLimits(args, [...services.values()]);
    secrets.keep([...services.values()].flatMap(({ containers }) => containers));
    // What nothing else waits for is waited for at the end, all of it at once.
    if (last.length > 0) healthy(this.child("healthy"), { ...args, services: last }, { parent: this });
    this.registerOutputs();
  }

  /**
   * Data that is there: nothing that uses it starts before.
   * @param made is ready before it is filled
   */
  private filled(args: SystemArgs, what: "postgres" | "parts", services: Service[], made = services[0]!) {
    const after = made.ready();
    const name = this.child(what === "postgres" ? "fill" : `fill-${what}`);
    return [...after, filled(name, { ...args, what, services, after }, { parent: this })];
  }

  /** Limits of processes, which the provider has no argument for; again when a container or a limit is another. */
  private pidsLimits({ host, system }: SystemArgs, services: Service[]) {
    const containers = services.flatMap((service) => service.containers);
    const args = pidsLimitArguments(system);
    const triggers = [...containers.map((container) => container.id), ...args];
    host.run(this.child("pids-limit"), { name: "pids-limit", args, triggers, after: containers }, { parent: this });
  }

  /** The one check that only a state without this system can ask for; the others run before every `up` (index.ts). */
  private first({ stack, system, host }: SystemArgs): pulumi.Resource {
    return host.runOnce(this.child("first"), { name: "first-up", args: [stack, system.project] }, { parent: this });
  }

  /** Its own; an external one is left to those who made it. */
  private ownNetworks(
    { stack, system, host }: SystemArgs,
    first: pulumi.Resource,
  ): ReadonlyMap<string, docker.Network> {
    const own = OWN_NETWORKS.filter((network) => !isExternal(system, network));
    return new Map(
      own.map((network) => {
        const name = networkName(system, network);
        const args = {
          ...{ name, labels: labelList(networkLabels(system, stack, network)) },
          ...(NETWORK_OPTIONS[network] && { options: NETWORK_OPTIONS[network] }),
        };
        const opts = { parent: this, provider: host.provider, dependsOn: first, deleteBeforeReplace: true };
        return [
          name,
          new docker.Network(this.child(network === "default" ? "network" : `network-${network}`), args, opts),
        ];
      }),
    );
  }

  /** Volumes of this program; external ones are left to those who made them. */
  private volumes({ stack, system, host }: SystemArgs, first: pulumi.Resource): docker.Volume[] {
    return system.volumes
      .filter((volume) => !volume.external)
      .map((volume) => {
        const labels = { ...projectLabels(system, stack), "com.docker.compose.volume": volume.name };
        return new docker.Volume(
          this.child(volume.name),
          { name: volume.dockerName, labels: labelList(labels) },
          {
            parent: this,
            provider: host.provider,
            dependsOn: first,
            protect: host.protectVolumes,
            retainOnDelete: host.protectVolumes,
            // Any changed label would replace the volume: an empty one in the place of the data.
            ignoreChanges: ["labels"],
          },
        );
      });
  }

  private images({ system, host }: SystemArgs, first: pulumi.Resource): Map<string, docker.RemoteImage> {
    const references = [...new Set(system.services.map((service) => service.image))];
    // Named without tag or digest, so that a new version is a change of this image and not another one.
    const repository = (reference: string) => reference.replace(/(:[^/]*)?(@.*)?$/, "").replace(/[^a-z0-9.-]+/gi, "-");
    return new Map(
      references.map((reference) => [
        reference,
        new docker.RemoteImage(
          this.child(`image-${repository(reference)}`),
          { name: reference, keepLocally: true },
          { parent: this, provider: host.provider, dependsOn: first },
        ),
      ]),
    );
  }
}
