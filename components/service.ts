import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { containerArguments } from "../engines/docker/container-args.ts";
import { IMAGE_LABEL, labelList } from "../engines/docker/labels.ts";
import { plainVariables, secretMount } from "../engines/docker/secrets.ts";
import { adoption, joinWhileAdopted, setAside } from "../hosts/adoption.ts";
import { containerName, leavesComposes, networkName, type ServiceSpec, type SystemSpec } from "../systems/spec.ts";
import { Component } from "./component.ts";
import { healthy } from "./healthy.ts";
import type { Host } from "./host.ts";

export interface ServiceArgs {
  /** The stack's name. */
  stack: string;
  system: SystemSpec;
  service: ServiceSpec;
  host: Host;
  /** The host's folder of its secrets, absolute; undefined: it has none. */
  secrets?: pulumi.Output<string>;
  /** The image's content id (sha256:…): a moved tag replaces the containers. */
  imageId: pulumi.Input<string>;
  /** The networks of other systems, by Docker's name. */
  networks?: ReadonlyMap<string, pulumi.Resource>;
  /** Networks, volumes, images and secrets: a container is made when they are there. */
  foundation: pulumi.Resource[];
  /** Healthy servers and finished jobs: it runs after them. A job's container on volumes alone is made before: the job alone waits. */
  needed: pulumi.Resource[];
  /** Of a job: the further arguments of job.sh, and the scripts that it looks for beside itself. */
  before?: { args: string[]; beside: string[] };
}

const bindsFolder = ({ mounts }: ServiceSpec) => mounts.some(({ source }) => source.startsWith("/"));

/** The containers of a service; or a job's container and the command that runs it to its end. */
export class Service extends Component {
  readonly spec: ServiceSpec;
  readonly containers: docker.Container[];
  private readonly args: ServiceArgs;

  constructor(name: string, args: ServiceArgs, opts?: pulumi.ComponentResourceOptions) {
    super("Service", name, opts);
    this.spec = args.service;
    this.args = args;
    this.containers = Array.from({ length: args.service.replicas }, (_, index) => this.container(index + 1));
    this.registerOutputs();
  }

  /** What others wait for: healthy containers, or the finished job. To be asked for once. */
  ready(): pulumi.Resource[] {
    if (this.spec.kind === "job") return this.containers.map((container, index) => this.finished(container, index + 1));
    if (this.containers.length === 0) return [];
    const { host, system } = this.args;
    return [healthy(this.child("healthy"), { host, system, services: [this] }, { parent: this })];
  }

  private finished(container: docker.Container, n: number): pulumi.Resource {
    return this.args.host.run(
      this.child(`run-${n}`),
      {
        name: "job",
        args: [containerName(this.args.system, this.spec.name, n), ...(this.args.before?.args ?? [])],
        beside: this.args.before?.beside,
        // A new container: a new image or new settings, so the job runs again.
        triggers: [container.id],
        after: [container, ...this.args.needed],
      },
      { parent: this },
    );
  }

  /**
   * What a container waits for. Where another does its work today (`make adopt`), that one is set aside when all of this is there, and not a
   * moment earlier. Not by a hook of Pulumi's: those need a language host of its own version (docs/toolchain.md).
   */
  private after(name: string, needed: pulumi.Resource[]): pulumi.Input<pulumi.Input<pulumi.Resource>[]> {
    const old = pulumi.runtime.isDryRun() ? undefined : adoption()[name];
    if (!old?.length) return needed;
    const { settings } = this.args.host;
    // A URN is known once Pulumi has made what it stands for.
    return pulumi
      .all(needed.map(({ urn }) => urn))
      .apply((): Promise<pulumi.Resource[]> => setAside(settings, old).then(() => needed));
  }

  /** Of an adoption: what is only among the servers answers in compose's network as well, until all is handed over (operations/adopt.ts). */
  private joined(container: docker.Container, name: string): void {
    const { system, service, host } = this.args;
    if (!process.env.ADOPTION || pulumi.runtime.isDryRun() || !leavesComposes(system, service)) return;
    container.id.apply(() => joinWhileAdopted(host.settings, networkName(system, "default"), service.name, name));
  }

  private container(n: number): docker.Container {
    const { stack, service, system, host, secrets, imageId, foundation, needed } = this.args;
    const joined = service.externalNetworks.flatMap((name) => this.args.networks?.get(name) ?? []);
    const { labels, mounts, ...rest } = containerArguments(system, service, n, stack, host.protectVolumes);
    const made = new docker.Container(
      this.child(String(n)),
      {
        ...rest,
        mounts: [...mounts, ...(secrets ? [secretMount(secrets)] : [])],
        envs: Object.entries(plainVariables(service)).map(([variable, value]) => `${variable}=${value}`),
        labels: [...labelList(labels), { label: IMAGE_LABEL, value: imageId }],
      },
      {
        parent: this,
        provider: host.provider,
        // Docker makes no container whose folder of the host is missing, and a job that it needs may be what makes that.
        dependsOn: this.after(
          rest.name,
          service.kind === "job" && !bindsFolder(service) ? foundation : [...foundation, ...joined, ...needed],
        ),
        // Two containers cannot share a name, and two databases must never share a volume.
        deleteBeforeReplace: true,
        // The provider calls it an update, and does nothing. All other mounts are in a label's hash; the folder of secrets is known too late.
        replaceOnChanges: ["mounts"],
      },
    );
    this.joined(made, rest.name);
    return made;
  }
}
