import { answerOf } from "../pulumi.ts";
import { configuredValue } from "./set.ts";
import { generatedValue, type Deployment } from "./keys.ts";

/**
 * A secret of a stack, configured or generated.
 * @throws Error with what Pulumi says when it cannot decrypt the stack
 */
export function secretValue(stack: string, key: string): string {
  const configured = configuredValue(stack, key);
  if (configured !== undefined) return configured;
  const { deployment } = answerOf<{ deployment: Deployment }>("stack", "export", "--show-secrets", "--stack", stack);
  const generated = generatedValue(deployment, key);
  if (generated === undefined)
    throw new Error(
      `${key} is neither configured (bin/pulumi config set --secret ${key} --stack ${stack}) nor generated yet`,
    );
  return generated;
}
