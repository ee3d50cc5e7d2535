import * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import { containerArguments } from "../engines/docker/container-args.ts";
import { labelList } from "../engines/docker/labels.ts";
import { containerName, type ServiceSpec, type SystemSpec } from "../systems/spec.ts";
import { Component } from "./component.ts";
import type { Host } from "./host.ts";
import type { Secrets } from "./secrets.ts";

export interface ServiceArgs {
  /** The stack's name. */
  stack: string;
  system: SystemSpec;
  service: ServiceSpec;
  host: Host;
  secrets: Secrets;
  /** The image's content id (sha256:…): a moved tag replaces the containers. */
  imageId: pulumi.Input<string>;
  /** What must have happened first: healthy servers, finished jobs, networks and volumes. */
  after: pulumi.Resource[];
}

/** The containers of a service; or a job's container and the command that runs it to its end. */
export class Service extends Component {
  /** What others wait for: healthy containers, or the finished job. */
  readonly ready: pulumi.Resource[];

  constructor(name: string, args: ServiceArgs, opts?: pulumi.ComponentResourceOptions) {
    super("Service", name, opts);
    const { service, system, host } = args;
    const containers = Array.from({ length: service.replicas }, (_, index) => this.container(args, index + 1));
    if (service.kind === "service") this.ready = containers;
    else
      this.ready = containers.map((container, index) =>
        host.run(
          this.child(`run-${index + 1}`),
          // A new container: a new image or new settings, so the job runs again.
          {
            name: "job",
            args: [containerName(system, service.name, index + 1)],
            triggers: [container.id],
            after: [container],
          },
          { parent: this },
        ),
      );
    this.registerOutputs();
  }

  private container(args: ServiceArgs, n: number): docker.Container {
    const { stack, service, system, host, secrets } = args;
    const { labels, ...rest } = containerArguments(system, service, n, stack, host.protectVolumes);
    return new docker.Container(
      this.child(String(n)),
      {
        ...rest,
        envs: secrets.environment(service.environment),
        labels: [...labelList(labels), { label: "com.docker.compose.image", value: args.imageId }],
      },
      {
        parent: this,
        provider: host.provider,
        dependsOn: args.after,
        additionalSecretOutputs: ["envs"],
        // Two containers cannot share a name, and two databases must never share a volume.
        deleteBeforeReplace: true,
      },
    );
  }
}
