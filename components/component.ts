import * as pulumi from "@pulumi/pulumi";

/**
 * A building block of this program. Its type is `robotoff-protea:components:KIND`; its children get it as parent and
 * names that begin with its own, so that a preview reads as a tree.
 */
export abstract class Component extends pulumi.ComponentResource {
  protected readonly name: string;

  constructor(kind: string, name: string, opts?: pulumi.ComponentResourceOptions) {
    super(`robotoff-protea:components:${kind}`, name, {}, opts);
    this.name = name;
  }

  /** The name of a child. */
  protected child(suffix: string): string {
    return `${this.name}-${suffix}`;
  }
}
