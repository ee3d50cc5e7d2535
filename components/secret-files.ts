import * as pulumi from "@pulumi/pulumi";
import { folderName, secretKeys, secretLine, secretServices, secretVariables } from "../engines/docker/secrets.ts";
import { script } from "../hosts/scripts.ts";
import type { ServiceSpec, SystemSpec } from "../systems/spec.ts";
import { Component } from "./component.ts";
import type { Host } from "./host.ts";
import type { Secrets } from "./secrets.ts";

const EXEC = "secrets-exec";

export interface SecretFilesArgs {
  system: SystemSpec;
  host: Host;
  secrets: Secrets;
  /** Nothing is written before. */
  first: pulumi.Resource;
}

/**
 * A system's secrets as files on the host, a folder for each service (docs/decisions/secrets.md). A folder's name changes with what is in it, so
 * its container is another one then; those that no container has any more are removed at the end.
 */
export class SecretFiles extends Component {
  /** The folders by service, absolute. */
  readonly folders: ReadonlyMap<string, pulumi.Output<string>>;
  /** What a container waits for. */
  readonly written: pulumi.Resource[];
  private readonly args: SecretFilesArgs;
  private readonly names: ReadonlyMap<string, pulumi.Output<string>>;

  constructor(args: SecretFilesArgs, opts?: pulumi.ComponentResourceOptions) {
    const { system, host, first } = args;
    super("SecretFiles", `${system.name}-secrets`, opts);
    this.args = args;
    const services = secretServices(system);
    this.names = new Map(services.map((service) => [service.name, this.folderOf(service)]));
    if (services.length === 0) {
      [this.folders, this.written] = [new Map(), []];
      this.registerOutputs();
      return;
    }
    const folder = host.run(
      this.child("folder"),
      {
        ...{ name: "secrets", args: ["folder", system.project], prints: true, remove: ["remove", system.project] },
        ...{ triggers: [], after: [first] },
      },
      { parent: this },
    );
    this.folders = new Map([...this.names].map(([name, own]) => [name, pulumi.interpolate`${folder.stdout}/${own}`]));
    const exec = script(EXEC).path.split("/").at(-1)!;
    const files = host.run(
      this.child("files"),
      {
        ...{ name: "secrets", args: ["write", system.project, exec], beside: [EXEC] },
        stdin: pulumi.all(services.flatMap((service) => this.lines(service))).apply((lines) => lines.join("")),
        ...{ triggers: [...this.names.values()], after: [folder] },
      },
      { parent: this },
    );
    this.written = [files];
    this.registerOutputs();
  }

  /** @param containers all of the system's: they have their folders when they are made */
  keep(containers: pulumi.Resource[]): void {
    if (this.written.length === 0) return;
    const { system, host } = this.args;
    const names = [...this.names.values()];
    host.run(
      this.child("keep"),
      { name: "secrets", args: pulumi.all(["keep", system.project, ...names]), triggers: names, after: containers },
      { parent: this },
    );
  }

  private folderOf(service: ServiceSpec): pulumi.Output<string> {
    const keys = secretKeys(secretVariables(service).map(([, value]) => value));
    const versions = Object.fromEntries(keys.map((key) => [key, this.args.secrets.version(key)]));
    return pulumi.output(versions).apply((known) => folderName(service, known, script(EXEC).hash));
  }

  private lines(service: ServiceSpec): pulumi.Output<string>[] {
    const own = this.names.get(service.name)!;
    return secretVariables(service).map(([name, value]) =>
      pulumi.all([own, this.args.secrets.text(value)]).apply(([folder, text]) => secretLine(folder, name, text)),
    );
  }
}
