/** Whole container arguments in a form people review. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isMap, isScalar, parseDocument, stringify, visit } from "yaml";
import { containerArguments } from "../../../engines/docker/container-args.ts";
import { hasSecrets, plainVariables, secretVariables } from "../../../engines/docker/secrets.ts";
import type { EnvironmentValue, ServiceSpec, SystemSpec } from "../../../systems/spec.ts";
import type { Stack } from "../../../systems/stack.ts";

/** Files that containers get as they are here, by their content: people review them where they are. */
const SOURCES = new Map(
  readdirSync("systems", { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(sh|py)$/.test(name))
    .map((name) => [readFileSync(join("systems", name), "utf8"), `as in systems/${name}`]),
);

/** `${robotoff:postgresPassword}`, with `|url` where it is percent-encoded. */
function show(value: EnvironmentValue): string {
  if (typeof value === "string") return value;
  const parts = Array.isArray(value) ? value : [value];
  return parts
    .map((part) => (typeof part === "string" ? part : `\${${part.secret}${part.encode ? `|${part.encode}` : ""}}`))
    .join("");
}

export function environmentOf(service: ServiceSpec): Record<string, string> {
  return Object.fromEntries(Object.entries(service.environment).map(([name, value]) => [name, show(value)]));
}

/** A service's containers by name: every argument, with the environment, and what it reads of secrets. */
function containersOfService(system: SystemSpec, service: ServiceSpec, stack: string, keep: boolean) {
  return Array.from({ length: service.replicas }, (_, index) => {
    const { name, uploads, ...rest } = containerArguments(system, service, index + 1, stack, keep);
    const shown = uploads.map(({ file, content }) => ({ file, content: SOURCES.get(content) ?? content }));
    const secrets = Object.fromEntries(secretVariables(service).map(([variable, value]) => [variable, show(value)]));
    const given = { environment: plainVariables(service), ...(hasSecrets(service) ? { secrets } : {}) };
    return [name, { ...rest, ...given, uploads: shown }] as const;
  });
}

/** Every container of a stack, by name. */
export function containersOf(stack: Stack, name: string) {
  return Object.fromEntries(
    stack.systems.flatMap((system) =>
      system.services.flatMap((service) => containersOfService(system, service, name, stack.host.protectVolumes)),
    ),
  );
}

type Json = Record<string, unknown>;

/** Takes what all of them share out of them, and returns it. */
function takeShared(maps: Json[]): Json {
  const shared: Json = {};
  for (const [key, value] of Object.entries(maps[0]!)) {
    if (!maps.every((map) => JSON.stringify(map[key]) === JSON.stringify(value))) continue;
    shared[key] = value;
    for (const map of maps) delete map[key];
  }
  return shared;
}

/**
 * As YAML: what all containers share first, keys sorted, short lists and maps on one line, and without what follows
 * from an image's recipe.
 */
export function render(containers: ReturnType<typeof containersOf>): string {
  // What is relative in a stack file lies below the checkout, which is everybody's own, and so is its length.
  const text = JSON.stringify(containers).replaceAll(process.cwd(), "CHECKOUT");
  const plain = JSON.parse(text) as Record<string, { image: string; labels: Json }>;
  // One is left as it is: that nothing of it changes the hash is what keeps a database where it is.
  for (const [name, { image, labels }] of Object.entries(plain))
    if (name !== "robotoff_redis_1" || image.startsWith("robotoff-protea/"))
      labels["com.docker.compose.config-hash"] = "HASH";
  const labels = takeShared(Object.values(plain).map((container) => container.labels));
  const shared = { ...takeShared(Object.values(plain)), labels };
  const document = parseDocument(
    stringify({ "every container": shared, ...plain }, { aliasDuplicateObjects: false, sortMapEntries: true }),
  );
  visit(document, {
    Collection(key, node) {
      const text = JSON.stringify(node);
      const flat = node.items.every((item) => isScalar(isMap(node) ? (item as { value: unknown }).value : item));
      if (key !== null && flat && text.length < 110 && !text.includes("\\n")) node.flow = true;
    },
  });
  return document
    .toString({ lineWidth: 0, flowCollectionPadding: false })
    .replace(/(robotoff-protea\/[a-z-]+):[0-9a-f]{12}\b/g, "$1:HASH");
}
