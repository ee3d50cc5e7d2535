/** What the program registers, seen by a mock of Pulumi's engine: no plug-in, no Docker. */
import * as command from "@pulumi/command";
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { raw, type Values } from "./stack.ts";

/** Marks what Pulumi was told to keep encrypted (the wire's own mark). */
const SECRET_MARK = "4dabf18193072939515e22adb298388d";

/** A value with every secret replaced by this. */
export const SECRET = "[secret]";

export interface Registered {
  type: string;
  name: string;
  parent: string;
  /** Names of the resources it waits for. */
  after: string[];
  provider: string;
  inputs: Record<string, unknown>;
  /** The inputs with their secrets' values. A function, so that printing a resource does not show them. */
  revealed: () => Record<string, unknown>;
  protect: boolean;
  retainOnDelete: boolean;
  deleteBeforeReplace: boolean;
  ignoreChanges: string[];
  secretOutputs: string[];
}

/** The parts of Pulumi's request that tests look at. */
interface Request {
  getType(): string;
  getName(): string;
  getParent(): string;
  getProvider(): string;
  getDependenciesList(): string[];
  getObject(): { toJavaScript(): unknown } | undefined;
  getProtect(): boolean | undefined;
  getRetainondelete(): boolean | undefined;
  getDeletebeforereplace(): boolean | undefined;
  getIgnorechangesList(): string[];
  getAdditionalsecretoutputsList(): string[];
}
interface Monitor {
  registerResource(request: Request, callback: unknown): unknown;
}

/** Replaces secrets. Hidden, what remains is what would be stored and shown in clear. */
function replaceSecrets(value: unknown, replacement: (secret: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map((inner) => replaceSecrets(inner, replacement));
  if (typeof value !== "object" || value === null) return value;
  if (SECRET_MARK in value) return replacement((value as unknown as { value: unknown }).value);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, replaceSecrets(inner, replacement)]));
}

const nameOf = (urn: string) => urn.split("::").at(-1)!;

function registered(request: Request): Registered {
  const object = request.getObject()?.toJavaScript() ?? {};
  const inputs = (replacement: (secret: unknown) => unknown) =>
    replaceSecrets(object, replacement) as Record<string, unknown>;
  return {
    type: request.getType(),
    name: request.getName(),
    parent: nameOf(request.getParent()),
    after: request.getDependenciesList().map(nameOf).sort(),
    provider: nameOf(request.getProvider().split("::").slice(0, -1).join("::")),
    inputs: inputs(() => SECRET),
    revealed: () => inputs((secret) => secret),
    protect: request.getProtect() ?? false,
    retainOnDelete: request.getRetainondelete() ?? false,
    deleteBeforeReplace: request.getDeletebeforereplace() ?? false,
    ignoreChanges: request.getIgnorechangesList(),
    secretOutputs: request.getAdditionalsecretoutputsList(),
  };
}

const PACKAGES = { "@pulumi/command": command, "@pulumi/docker": docker, "@pulumi/pulumi": pulumi };

/**
 * Runs index.ts for a stack and tells what it registered, in that order.
 * @param secrets configuration keys set as secrets, each with the value it has
 */
export async function graph(stack: string, values: Values, secrets: Record<string, string> = {}) {
  const resources: Registered[] = [];
  // Pulumi takes stack traces by the thousand; jest's hook would look each line up in a source map.
  Error.prepareStackTrace = String;
  await jest
    .isolateModulesAsync(async () => {
      // The program is run anew for each stack; Pulumi's packages are large and loaded once.
      for (const [name, module] of Object.entries(PACKAGES)) jest.doMock(name, () => module);
      await pulumi.runtime.setMocks(
        {
          newResource: ({ name, inputs }) => ({
            id: `${name}-id`,
            state: { ...(inputs as object), ...outputsOf(name) },
          }),
          call: ({ inputs }) => inputs as Record<string, unknown>,
        },
        "robotoff-protea",
        stack,
        // A preview: the program then asks nothing of a host.
        true,
      );
      const monitor = pulumi.runtime.getMonitor() as unknown as Monitor;
      const register = monitor.registerResource.bind(monitor);
      monitor.registerResource = (request, callback) => {
        resources.push(registered(request));
        return register(request, callback);
      };
      const keys = Object.keys(secrets);
      pulumi.runtime.setAllConfig(raw({ ...values, ...secrets }).values, keys);
      process.env.PULUMI_CONFIG_SECRET_KEYS = JSON.stringify(keys);
      await import("../../../index.ts");
      await pulumi.runtime.disconnect();
    })
    .finally(() => {
      // Back to the hook, which is that of the realm around the tests.
      Reflect.deleteProperty(Error, "prepareStackTrace");
    });
  return resources;
}

/** What the plug-ins would answer. */
function outputsOf(name: string) {
  return { imageId: `sha256:${name}`, stdout: `generated-by-${name}` };
}

export function find(resources: Registered[], name: string): Registered {
  const found = resources.filter((resource) => resource.name === name);
  if (found.length !== 1) throw new Error(`${found.length} resources are named ${name}`);
  return found[0]!;
}
