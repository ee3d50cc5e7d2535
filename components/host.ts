import * as command from "@pulumi/command";
import * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import type { HostSettings } from "../config/host.ts";
import { Component } from "./component.ts";

/** One Docker host: the one provider that talks to its engine, and scripts that run on it. */
export class Host extends Component {
  readonly provider: docker.Provider;
  /** Volumes are protected, and kept when they leave the program. */
  readonly protectVolumes: boolean;
  private readonly settings: HostSettings;

  constructor(name: string, settings: HostSettings, opts?: pulumi.ComponentResourceOptions) {
    super("Host", name, opts);
    this.settings = settings;
    this.protectVolumes = settings.protectVolumes;
    const sshOpts = settings.sshConfig ? ["-F", settings.sshConfig] : undefined;
    this.provider = new docker.Provider(this.child("docker"), { host: settings.docker, sshOpts }, { parent: this });
    this.registerOutputs();
  }

  /**
   * Runs a shell script on the host, once, and again when a trigger changes; a failure stops the deployment.
   * The script must not carry secrets, must print no line of 64 KiB (the plug-in would hang), and destroys nothing.
   * @param triggers values whose change runs it again
   */
  script(
    name: string,
    create: pulumi.Input<string>,
    triggers: pulumi.Input<unknown>[],
    opts: pulumi.CustomResourceOptions,
  ) {
    const target = this.settings.docker?.startsWith("ssh://") ? this.settings.docker.slice("ssh://".length) : undefined;
    const config = this.settings.sshConfig ? ["-F", this.settings.sshConfig] : [];
    return new command.local.Command(
      name,
      {
        create,
        // Without it any changed input, not only a trigger, would run `create` again.
        update: ":",
        interpreter: target ? ["ssh", ...config, target, "--"] : ["/bin/sh", "-ec"],
        environment: target || !this.settings.docker ? undefined : { DOCKER_HOST: this.settings.docker },
        triggers: triggers as pulumi.Input<pulumi.Input<string>[]>,
        logging: "stderr",
        addPreviousOutputInEnv: false,
      },
      opts,
    );
  }
}
