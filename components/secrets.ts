import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { placeholder, type Secret } from "../config/secrets.ts";
import type { EnvironmentValue, SecretReference } from "../systems/spec.ts";
import { Component } from "./component.ts";

export interface SecretsArgs {
  /** What the stack uses. */
  secrets: Secret[];
  /** Their values, by key, as far as the configuration has them. */
  configured: ReadonlyMap<string, pulumi.Output<string>>;
  /** Whether a missing one is generated. */
  generate: boolean;
}

/** The values of a stack's secrets: from its configuration, or generated once and kept, encrypted, in its state. */
export class Secrets extends Component {
  private readonly values = new Map<string, pulumi.Output<string>>();
  private readonly versions = new Map<string, pulumi.Output<string>>();

  constructor(name: string, args: SecretsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("Secrets", name, opts);
    for (const { key } of args.secrets) {
      const configured = args.configured.get(key);
      if (!configured && args.generate) this.generate(key);
      // Missing, and only a preview (config/read.ts refuses it otherwise).
      else this.given(key, configured ?? pulumi.secret(placeholder(key)));
    }
    this.registerOutputs();
  }

  /** 32 random hexadecimal digits. Without triggers the command never runs again, so the value stays. */
  private generate(key: string): void {
    const random = new command.local.Command(
      this.child(key.replace(":", "-")),
      {
        create: "od -An -N16 -tx1 /dev/urandom | tr -d ' \\n'",
        update: ":",
        logging: "none",
        addPreviousOutputInEnv: false,
      },
      { parent: this, additionalSecretOutputs: ["stdout"] },
    );
    this.values.set(key, pulumi.secret(random.stdout));
    this.versions.set(key, random.id);
  }

  /** A value that is configured. Nothing is run but a shell that does nothing, whose id in the state is another when the value is. */
  private given(key: string, value: pulumi.Output<string>): void {
    const version = new command.local.Command(
      this.child(`version-${key.replace(":", "-")}`),
      { create: ":", update: ":", triggers: [value], logging: "none", addPreviousOutputInEnv: false },
      { parent: this, additionalSecretOutputs: ["triggers"] },
    );
    this.values.set(key, value);
    this.versions.set(key, version.id);
  }

  /** What stands for a secret's value where that must not be seen: another one for another value, and no secret. */
  version(key: string): pulumi.Output<string> {
    return this.known(this.versions, key);
  }

  /** A variable's value; secret where there is a secret in it. */
  text(value: EnvironmentValue): pulumi.Output<string> {
    return pulumi
      .all([value].flat().map((part) => (typeof part === "string" ? part : this.part(part))))
      .apply((texts) => texts.join(""));
  }

  private part({ secret, encode }: SecretReference): pulumi.Output<string> {
    const value = this.known(this.values, secret);
    return encode === "url" ? value.apply(encodeURIComponent) : value;
  }

  private known(all: ReadonlyMap<string, pulumi.Output<string>>, key: string): pulumi.Output<string> {
    const found = all.get(key);
    if (!found) throw new Error(`${key} is used by a service but declared nowhere in config/secrets.ts`);
    return found;
  }
}
