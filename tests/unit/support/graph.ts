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

/** Hides secrets: what remains is what would be stored and shown in clear. */
function hide(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(hide);
  if (typeof value !== "object" || value === null) return value;
  if (SECRET_MARK in value) return SECRET;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, hide(inner)]));
}

const nameOf = (urn: string) => urn.split("::").at(-1)!;

function registered(request: Request): Registered {
  return {
    type: request.getType(),
    name: request.getName(),
    parent: nameOf(request.getParent()),
    after: request.getDependenciesList().map(nameOf).sort(),
    provider: nameOf(request.getProvider().split("::").slice(0, -1).join("::")),
    inputs: hide(request.getObject()?.toJavaScript() ?? {}) as Record<string, unknown>,
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

const shortType = (type: string) => type.split(":").at(-1)!;

/** The tree of parents and children; behind each what it waits for, of containers and commands. */
export function renderTree(resources: Registered[]): string {
  const awaited = new Set(
    resources.filter(({ type }) => ["Container", "Command"].includes(shortType(type))).map(({ name }) => name),
  );
  const lines = (parent: string, indent: string): string[] =>
    resources
      .filter((resource) => resource.parent === parent)
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .flatMap((resource) => {
        const after = resource.after.filter((name) => awaited.has(name));
        const waits = after.length > 0 ? ` <- ${after.join(", ")}` : "";
        return [
          `${indent}${resource.name} (${shortType(resource.type)})${waits}`,
          ...lines(resource.name, `${indent}  `),
        ];
      });
  return `${lines("", "").join("\n")}\n`;
}
