/** Has Pulumi look again at some resources, and at nothing else. */
import { show } from "../../hosts/docker.ts";
import { PROJECT } from "./backend.ts";

/**
 * @param urns what to look at
 * @param options more of `pulumi refresh`
 * @returns Pulumi's exit code
 */
export function refreshOnly(stack: string, urns: string[], options: string[] = []): Promise<number> {
  // The stack itself as a target: refreshing it costs nothing, and without a target everything would be refreshed.
  const root = `urn:pulumi:${stack}::${PROJECT}::pulumi:pulumi:Stack::${PROJECT}-${stack}`;
  const targets = [root, ...urns].flatMap((urn) => ["--target", urn]);
  const refresh = ["refresh", "--stack", stack, "--yes", "--skip-preview", "--run-program=false", "--suppress-outputs"];
  return show(["bin/pulumi", ...refresh, ...options, ...targets]);
}
