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
   * Runs a shell script on the host, once, and again when a trigger changes, or else when the script itself does; a failure
   * stops the deployment. The script must not carry secrets, must print no line of 64 KiB (the plug-in would hang), and
   * destroys nothing. Its first argument is the title; its second is `first` while the state knows of no earlier run.
   * @param title what it does; a failure shows it, and not the script, which goes in by standard input
   * @param triggers values whose change runs it again, as if for the first time
   */
  script(
    name: string,
    args: { title: string; script: string; triggers?: pulumi.Input<string>[] },
    opts: pulumi.CustomResourceOptions,
  ) {
    const ssh = sshCommand(this.settings);
    const run = `sh -s -- '${args.title}'`;
    return new command.local.Command(
      name,
      {
        create: `${run} first`,
        stdin: args.script,
        // Without an update any changed input, not only a trigger, would run `create` again.
        update: args.triggers ? ":" : run,
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
