import * as pulumi from "@pulumi/pulumi";
import { Host } from "./components/host.ts";
import { systemOutputs } from "./components/outputs.ts";
import { Secrets } from "./components/secrets.ts";
import { System } from "./components/system.ts";
import { ConfigurationError } from "./config/problems.ts";
import { describeStack } from "./systems/index.ts";

function readStack() {
  try {
    return describeStack({
      stack: pulumi.getStack(),
      values: pulumi.runtime.allConfig(),
      // The engine says which keys are encrypted; the SDK keeps its reader of this variable to itself.
      secretKeys: new Set(JSON.parse(process.env.PULUMI_CONFIG_SECRET_KEYS || "[]") as string[]),
      withoutSecrets: pulumi.runtime.isDryRun() && process.env.WITHOUT_SECRETS === "1",
    });
  } catch (error) {
    // Pulumi shows a RunError's message alone, without a stack trace of this program.
    throw error instanceof ConfigurationError ? new pulumi.RunError(error.message) : error;
  }
}

const stack = readStack();
const host = new Host("host", stack.host);
const secrets = new Secrets("secrets", { secrets: stack.secrets, generate: stack.host.generateSecrets });
for (const system of stack.systems) new System({ system, host, secrets });

/** Per system: URLs, container names, how to see logs. */
export const systems = Object.fromEntries(stack.systems.map((system) => [system.name, systemOutputs(system)]));
