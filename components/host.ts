import * as command from "@pulumi/command";
import * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import { sshCommand, type HostSettings } from "../config/host.ts";
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
   * @param title what it does; a failure shows it, and not the script, which goes in by standard input
   * @param triggers values whose change runs it again
   */
  script(
    name: string,
    args: { title: string; script: string; triggers: pulumi.Input<string>[] },
    opts: pulumi.CustomResourceOptions,
  ) {
    const ssh = sshCommand(this.settings);
    return new command.local.Command(
      name,
      {
        create: `sh -s -- '${args.title}'`,
        stdin: args.script,
        // Without it any changed input, not only a trigger, would run `create` again.
        update: ":",
        interpreter: ssh ?? ["/bin/sh", "-c"],
        environment: ssh || !this.settings.docker ? undefined : { DOCKER_HOST: this.settings.docker },
        triggers: args.triggers,
        logging: "stderr",
        addPreviousOutputInEnv: false,
      },
      opts,
    );
  }
}
