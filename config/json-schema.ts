/**
 * The JSON Schema of the stack files, made from the zod schemas, for editors: `npm run schema`.
 * Draft 7, which yaml-language-server knows completely. Rules across fields are checked by the program alone.
 */
import { z } from "zod";
import { environment, image, serviceSettings, ulimit, volume } from "./fields.ts";
import { namespaces } from "./read.ts";
import { monitoringSecrets, proteaSecrets, robotoffSecrets } from "./secrets.ts";

/** Schemas used in many places become definitions, so that the file stays short. */
const definitions = { environment, image, service: serviceSettings, ulimit, volume };
for (const [id, schema] of Object.entries(definitions)) z.globalRegistry.add(schema, { ...schema.meta(), id });

/** `NAMESPACE:KEY`, as Pulumi has them in a stack file. */
function flatShape(): Record<string, z.ZodType> {
  return Object.fromEntries(
    Object.entries(namespaces).flatMap(([namespace, schema]) =>
      Object.entries<z.ZodType>(schema.shape).map(([key, field]) => [`${namespace}:${key}`, field]),
    ),
  );
}

/** A secret as `pulumi config set --secret` writes it. */
function secretShape(): Record<string, z.ZodType> {
  return Object.fromEntries(
    [...robotoffSecrets(true, true), ...proteaSecrets(true), ...monitoringSecrets()].map(({ key, purpose }) => [
      key,
      z
        .strictObject({ secure: z.string() })
        .optional()
        .meta({ description: `Secret: ${purpose}. pulumi config set --secret ${key}` }),
    ]),
  );
}

/** What a system needs only while it is enabled. */
function requiredUnlessDisabled(keys: string[]) {
  const systems = [...new Set(keys.map((key) => key.split(":")[0]!))];
  return systems.map((system) => ({
    if: { properties: { [`${system}:enabled`]: { const: false } }, required: [`${system}:enabled`] },
    else: { required: keys.filter((key) => key.startsWith(`${system}:`)) },
  }));
}

/** As Pulumi writes a value of its own level when it writes anything into the file: `true` becomes `"true"`. */
const AS_TEXT: Record<string, string> = { boolean: "^(true|false)$", integer: "^-?[0-9]+$" };

function orAsText(property: unknown): unknown {
  const { type, ...rest } = property as { type?: string };
  const pattern = type && AS_TEXT[type];
  // A pattern is about texts alone, and bounds are about numbers alone.
  return pattern ? { ...rest, type: [type, "string"], pattern } : property;
}

/** The schema of `Pulumi.STACK.yaml`. */
export function stackFileSchema() {
  const flat = z.strictObject({ ...flatShape(), ...secretShape() });
  const {
    $schema,
    definitions: shared,
    required,
    properties,
    ...config
  } = z.toJSONSchema(flat, { io: "input", target: "draft-7" });
  return {
    $schema,
    title: "A stack of robotoff-protea",
    type: "object",
    properties: {
      config: {
        ...config,
        properties: Object.fromEntries(Object.entries(properties!).map(([key, one]) => [key, orAsText(one)])),
        // Pulumi's own settings, such as pulumi:disable-default-providers.
        patternProperties: { "^pulumi:": {} },
        allOf: requiredUnlessDisabled(required ?? []),
      },
      environment: { description: "Pulumi ESC environments", type: ["array", "object"] },
      secretsprovider: { type: "string" },
      encryptedkey: { type: "string" },
      encryptionsalt: { type: "string" },
    },
    required: ["config"],
    additionalProperties: false,
    definitions: shared,
  };
}

if (import.meta.main) process.stdout.write(`${JSON.stringify(stackFileSchema(), undefined, 2)}\n`);
