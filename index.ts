import { writeFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { parseTarget } from "./backups/list.ts";
import { Host } from "./components/host.ts";
import { Secrets } from "./components/secrets.ts";
import { System } from "./components/system.ts";
import { ConfigurationError } from "./config/problems.ts";
import { checkHost } from "./hosts/checks.ts";
import { writeSshFiles } from "./hosts/ssh.ts";
import { backupDirectories, systemOutputs } from "./systems/outputs.ts";
import { describeStack } from "./systems/stack.ts";

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

/** The configured secrets' values; only Pulumi can decrypt them. */
function configured(keys: string[]) {
  const values = keys.map((key) => {
    const [namespace, property] = key.split(":") as [string, string];
    return [key, new pulumi.Config(namespace).getSecret(property)] as const;
  });
  return new Map(values.filter((entry): entry is [string, pulumi.Output<string>] => entry[1] !== undefined));
}

/** `make up RESTORE=latest|TIME`: what a database without data gets this once. */
function restoreOnce() {
  const { RESTORE } = process.env;
  if (!RESTORE) return undefined;
  try {
    const target = parseTarget(RESTORE, new Map(), new Date());
    return target.kind === "latest" ? target.kind : target.time;
  } catch (error) {
    throw new pulumi.RunError((error as Error).message.replace("AT=", "RESTORE="));
  }
}

const stack = readStack();
writeSshFiles(stack.host);
const restore = restoreOnce();
// Before anything is touched, and before every `up`; a preview asks nothing of the host.
if (!pulumi.runtime.isDryRun()) {
  const { problems, warnings } = checkHost(stack.host, stack.name, stack.systems);
  if (problems) throw new pulumi.RunError(problems);
  for (const warning of warnings) void pulumi.log.warn(warning);
}
// `make up` asks for it: from here on something may be touched (operations/up.ts).
const { UP_BEGUN } = process.env;
if (UP_BEGUN && !pulumi.runtime.isDryRun()) writeFileSync(UP_BEGUN, "");

const host = new Host("host", stack.host, stack.systems);
const secrets = new Secrets("secrets", {
  secrets: stack.secrets,
  configured: configured(stack.secrets.map(({ key }) => key)),
  generate: stack.host.generateSecrets,
});
// In their order: the last, which watches, joins the networks of the others.
const networks = new Map<string, pulumi.Resource>();
for (const system of stack.systems) {
  const made = new System({ stack: stack.name, system, host, secrets, restore, networks });
  for (const [name, network] of made.networks) networks.set(name, network);
}

/** Per system: URLs, container names, how to see logs. */
export const systems = Object.fromEntries(stack.systems.map((system) => [system.name, systemOutputs(system)]));

/** Per system: the host's folder of its backups. */
export const backupDirectory = backupDirectories(stack.systems, stack.host);
