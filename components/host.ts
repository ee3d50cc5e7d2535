import * as command from "@pulumi/command";
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { HostSettings } from "../config/host.ts";
import { preparations } from "../hosts/checks.ts";
import { providerArguments, shell } from "../hosts/connection.ts";
import { scheduleWords, type Schedule } from "../hosts/schedule.ts";
import { inlineCommand, installCommand, runCommand, script, type Script } from "../hosts/scripts.ts";
import type { SystemSpec } from "../systems/spec.ts";
import { Component } from "./component.ts";

/** A Command's `delete` by an installed script. On a host that was made anew there is nothing to remove, and nothing that could. */
const removing = (own: Script, args: string[]): string => `[ ! -x ${own.path} ] || ${runCommand(own, args)}`;

/** One Docker host: the one provider that talks to its engine, and the scripts that run on it. */
export class Host extends Component {
  readonly provider: docker.Provider;
  /** Volumes are protected, and kept when they leave the program. */
  readonly protectVolumes: boolean;
  readonly settings: HostSettings;
  /** What comes before anything else on the host; none where the stack file has nothing made (host:prepare). */
  readonly prepared: command.local.Command[];
  private readonly installed = new Map<string, command.local.Command>();

  /** @param systems what runs on it */
  constructor(name: string, settings: HostSettings, systems: SystemSpec[], opts?: pulumi.ComponentResourceOptions) {
    super("Host", name, opts);
    this.settings = settings;
    this.protectVolumes = settings.protectVolumes;
    this.provider = new docker.Provider(this.child("docker"), providerArguments(settings), { parent: this });
    this.prepared = this.prepare(systems);
    this.registerOutputs();
  }

  /** Looks again when the declaration changes; when something is gone from the host, `make up` has it look (operations/up.ts). */
  private prepare(systems: SystemSpec[]): command.local.Command[] {
    const things = preparations(this.settings, systems);
    if (things.length === 0) return [];
    const stdin = script("prepare", ["machine"]).content;
    const args = { create: inlineCommand(things), stdin, triggers: things };
    return [this.command(this.child("prepare"), args, { parent: this })];
  }

  /**
   * Runs a script on the host, once, and again when a trigger changes; a failure stops the deployment. The script's
   * arguments must not be secrets, it must print no line of 64 KiB (the plug-in would hang), and it destroys nothing; what `remove` says can be written again.
   * @param args.name of hosts/scripts/NAME.sh
   * @param args.beside the scripts that it looks for beside itself
   * @param args.triggers values whose change runs it again
   * @param args.after what it waits for
   * @param args.stdin its standard input, which may be a secret
   * @param args.prints it is run again when its words are others: what it prints is used
   * @param args.remove its arguments when this resource is no longer declared, or destroyed
   */
  run(
    resource: string,
    args: {
      name: string;
      args: pulumi.Input<string[]>;
      beside?: string[];
      triggers: pulumi.Input<string>[];
      after: pulumi.Resource[];
      stdin?: pulumi.Input<string>;
      prints?: boolean;
      remove?: string[];
    },
    opts: pulumi.CustomResourceOptions,
  ) {
    const own = script(args.name);
    const create = pulumi.output(args.args).apply((words) => runCommand(own, words));
    const dependsOn = [...args.after, ...[args.name, ...(args.beside ?? [])].map((name) => this.install(name))];
    return this.command(
      resource,
      {
        ...{ create, triggers: args.triggers },
        ...(args.prints ? { update: create } : {}),
        ...(args.stdin === undefined ? {} : { stdin: args.stdin }),
        ...(args.remove && { delete: removing(own, args.remove) }),
      },
      { ...opts, dependsOn, ...(args.stdin === undefined ? {} : { additionalSecretOutputs: ["stdin"] }) },
    );
  }

  /** Runs a script on the host once, before anything is installed there. */
  runOnce(resource: string, { name, args }: { name: string; args: string[] }, opts: pulumi.CustomResourceOptions) {
    const dependsOn = this.prepared;
    return this.command(resource, { create: inlineCommand(args), stdin: script(name).content }, { ...opts, dependsOn });
  }

  /**
   * Lets the host run an installed script by itself, until this resource is no longer declared. Set anew when anything of
   * it changes, and when a trigger does: a host that was made anew has none.
   */
  schedule(
    resource: string,
    args: Schedule & { beside: string[]; triggers: pulumi.Input<string>[]; after: pulumi.Resource[] },
    opts: pulumi.CustomResourceOptions,
  ) {
    const own = script("schedule");
    const create = `${own.path} set ${scheduleWords(this.settings, args)}`;
    const scripts = ["schedule", args.run, ...args.beside].map((name) => this.install(name));
    return this.command(
      resource,
      { create, update: create, delete: removing(own, ["remove", args.name]), triggers: args.triggers },
      // Else the one that is replaced would take the new one away.
      { ...opts, deleteBeforeReplace: true, dependsOn: [...args.after, ...scripts] },
    );
  }

  private install(name: string) {
    const known = this.installed.get(name);
    if (known) return known;
    const file = script(name);
    const made = this.command(
      this.child(`script-${name}`),
      { create: installCommand(file), stdin: file.content, triggers: [file.hash] },
      { parent: this },
    );
    this.installed.set(name, made);
    return made;
  }

  private command(
    name: string,
    args: Pick<command.local.CommandArgs, "create" | "update" | "delete" | "stdin" | "triggers">,
    opts: pulumi.CustomResourceOptions,
  ) {
    return new command.local.Command(
      name,
      {
        // Without an update any changed input, not only a trigger, would run `create` again.
        update: ":",
        ...args,
        ...shell(this.settings),
        logging: "stderr",
        addPreviousOutputInEnv: false,
      },
      opts,
    );
  }
}
