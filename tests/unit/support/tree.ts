import type { Registered } from "./graph.ts";

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
