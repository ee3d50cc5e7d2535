/**
 * What somebody without this program would write: one TypeScript file with every resource and its literal arguments, as
 * `pulumi new typescript` sets a project up. Made from a deployed stack, whose state it takes over, so that its preview
 * has nothing to do either. It has no components, so the same containers are fewer resources than this program's.
 */
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

interface Resource {
  urn: string;
  custom: boolean;
  id?: string;
  type: string;
  inputs?: Record<string, unknown>;
  parent?: string;
  provider?: string;
  dependencies?: string[];
}

export interface Exported {
  version: number;
  deployment: { resources: Resource[] };
}

/** Marks a secret in a state. */
const SECRET = "4dabf18193072939515e22adb298388d";

/** `urn:pulumi:STACK::PROJECT::PARENT$TYPE::NAME` without the parents' types. */
const flat = (urn: string) => urn.replace(/^(urn:pulumi:[^:]+::[^:]+::)(?:[^$]*\$)*/, "$1");

/** Everything in a state that names a resource, named without parents. */
function rename(value: unknown): unknown {
  if (typeof value === "string") return value.startsWith("urn:pulumi:") ? flat(value) : value;
  if (Array.isArray(value)) return value.map(rename);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, rename(inner)]));
}

/** The state of the same resources without components. */
export function flatState(exported: Exported): Exported {
  const { resources } = exported.deployment;
  const stack = resources.find((resource) => resource.type === "pulumi:pulumi:Stack")!.urn;
  const components = new Set(resources.filter((resource) => !resource.custom).map((resource) => resource.urn));
  const kept = resources
    .filter((resource) => resource.custom || resource.urn === stack)
    .map((resource) => ({
      ...(rename(resource) as Resource),
      ...(resource.parent ? { parent: stack } : {}),
      dependencies: resource.dependencies?.filter((urn) => !components.has(urn)).map(flat),
    }));
  return { ...exported, deployment: { ...exported.deployment, resources: kept } };
}

/** A value as TypeScript, without what the provider filled in. */
function literal(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = value as Record<string, unknown>;
  if (SECRET in entries) return `pulumi.secret(${literal(JSON.parse(entries.plaintext as string))})`;
  const filled = new Set((entries.__defaults ?? []) as string[]);
  const given = Object.entries(entries).filter(([key]) => !key.startsWith("__") && !filled.has(key));
  return `{ ${given.map(([key, inner]) => `${JSON.stringify(key)}: ${literal(inner)}`).join(", ")} }`;
}

/** `docker:index/container:Container` as `docker.Container`, `command:local:Command` as `command.local.Command`. */
function constructor(type: string): string {
  const [module, path, name] = type.split(":") as [string, string, string];
  if (module === "pulumi") return `${name}.Provider`;
  const inner = path.split("/")[0]!;
  return [module, ...(inner === "index" ? [] : [inner]), name].join(".");
}

/** The program that declares a flat state's resources. */
export function plainProgram({ deployment }: Exported): string {
  const resources = deployment.resources.filter(
    ({ custom, type, urn }) => custom && !(type.startsWith("pulumi:providers:") && /::default[^:]*$/.test(urn)),
  );
  const variables = new Map(resources.map(({ urn }, index) => [urn, `resource${index}`]));
  const declarations = resources.map((resource) => {
    const provider = variables.get(resource.provider?.replace(/::[^:]*$/, "") ?? "");
    const needs = (resource.dependencies ?? []).flatMap((urn) => variables.get(urn) ?? []);
    const options = [
      ...(provider ? [`provider: ${provider}`] : []),
      ...(needs.length > 0 ? [`dependsOn: [${needs.join(", ")}]`] : []),
      ...(resource.type.endsWith(":Container") ? ["deleteBeforeReplace: true"] : []),
      ...(resource.type.endsWith(":Command") ? ['additionalSecretOutputs: ["stdout", "stdin", "triggers"]'] : []),
    ];
    const name = JSON.stringify(resource.urn.split("::").at(-1));
    const { version: _, ...inputs } = resource.inputs ?? {};
    const values = literal(resource.type.startsWith("pulumi:") ? inputs : resource.inputs);
    const call = `new ${constructor(resource.type)}(${name}, ${values}, { ${options.join(", ")} })`;
    return `const ${variables.get(resource.urn)} = ${call};`;
  });
  const imports = ["pulumi", "docker", "command"].map((name) => `import * as ${name} from "@pulumi/${name}";`);
  return `${imports.join("\n")}\n\n${declarations.join("\n")}\n`;
}

/** As `pulumi new typescript` writes them. */
const TSCONFIG = {
  compilerOptions: {
    strict: true,
    outDir: "bin",
    target: "es2020",
    module: "commonjs",
    moduleResolution: "node",
    sourceMap: true,
    experimentalDecorators: true,
    pretty: true,
    noFallthroughCasesInSwitch: true,
    noImplicitReturns: true,
    forceConsistentCasingInFileNames: true,
  },
  files: ["index.ts"],
};

/** Writes the project into a folder that it makes, with the packages of this checkout. */
export function writePlainProject(folder: string, project: string, state: Exported): void {
  mkdirSync(join(folder, "state"), { recursive: true });
  symlinkSync(join(process.cwd(), "node_modules"), join(folder, "node_modules"));
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
  write("index.ts", plainProgram(state));
  write("tsconfig.json", JSON.stringify(TSCONFIG));
  write("package.json", JSON.stringify({ name: project, main: "index.ts" }));
  write(
    "Pulumi.yaml",
    `name: ${project}\nruntime:\n  name: nodejs\n  options:\n    typescript: true\n    packagemanager: npm\n`,
  );
}
