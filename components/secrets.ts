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

  constructor(name: string, args: SecretsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("Secrets", name, opts);
    for (const { key } of args.secrets) {
      const configured = args.configured.get(key);
      if (configured) this.values.set(key, configured);
      else if (args.generate) this.values.set(key, this.generate(key));
      // Missing, and only a preview (config/read.ts refuses it otherwise).
      else this.values.set(key, pulumi.secret(placeholder(key)));
    }
    this.registerOutputs();
  }

  /** 32 random hexadecimal digits. Without triggers the command never runs again, so the value stays. */
  private generate(key: string): pulumi.Output<string> {
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
    return pulumi.secret(random.stdout);
  }

  /** A container's variables as `NAME=value`, sorted by name; only those with a secret in them are secret. */
  environment(variables: Record<string, EnvironmentValue>): pulumi.Input<string>[] {
    return Object.entries(variables)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => {
        if (typeof value === "string") return `${name}=${value}`;
        const parts = (Array.isArray(value) ? value : [value]).map((part) =>
          typeof part === "string" ? part : this.text(part),
        );
        return pulumi.all(parts).apply((texts) => `${name}=${texts.join("")}`);
      });
  }

  private text(reference: SecretReference): pulumi.Output<string> {
    const value = this.values.get(reference.secret);
    if (!value) throw new Error(`${reference.secret} is used by a service but declared nowhere in config/secrets.ts`);
    return reference.encode === "url" ? value.apply(encodeURIComponent) : value;
  }
}
