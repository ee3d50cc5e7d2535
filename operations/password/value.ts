import { answerOf, pulumi } from "../pulumi.ts";
import { generatedValue, type Deployment } from "./keys.ts";

/**
 * A secret of a stack, configured or generated.
 * @throws Error with what Pulumi says when it cannot decrypt the stack
 */
export function secretValue(stack: string, key: string): string {
  const configured = pulumi("config", "get", key, "--stack", stack);
  if (configured.status === 0) return configured.stdout.trimEnd();
  if (!configured.stderr.includes("not found")) throw new Error(configured.stderr.trim());
  const { deployment } = answerOf<{ deployment: Deployment }>("stack", "export", "--show-secrets", "--stack", stack);
  const generated = generatedValue(deployment, key);
  if (generated === undefined)
    throw new Error(
      `${key} is neither configured (bin/pulumi config set --secret ${key} --stack ${stack}) nor generated yet`,
    );
  return generated;
}
