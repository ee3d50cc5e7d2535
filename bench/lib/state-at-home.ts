/** A deployed stack's state as it would be had its engine been this machine's own, and not another's that SSH reaches. Pure. */
import { shell } from "../../hosts/connection.ts";

type Values = Record<string, unknown>;

export interface Exported {
  deployment: { resources: { type: string; inputs?: Values; outputs?: Values }[] };
}

const { interpreter } = shell({ protectVolumes: true, generateSecrets: false });

export function atHome(exported: Exported): Exported {
  const changed = (type: string, values: Values): Values => {
    if (type === "pulumi:providers:docker") {
      const { host: _host, sshOpts: _options, ...rest } = values;
      return rest;
    }
    return type === "command:local:Command" ? { ...values, interpreter } : values;
  };
  const resources = exported.deployment.resources.map((resource) => ({
    ...resource,
    ...(resource.inputs && { inputs: changed(resource.type, resource.inputs) }),
    ...(resource.outputs && { outputs: changed(resource.type, resource.outputs) }),
  }));
  return { ...exported, deployment: { ...exported.deployment, resources } };
}
