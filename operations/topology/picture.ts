/** The picture of a stack, as Mermaid, from its resource graph in Pulumi's state. Pure. */

/** What is read of a resource in the state. */
export interface GraphResource {
  urn: string;
  type: string;
  parent?: string;
  dependencies?: string[];
  inputs?: Record<string, unknown>;
}

const SERVICE = "robotoff-protea:components:Service";
const nameOf = (urn: string) => urn.split("::").at(-1)!;

/** Who waits for whom, by service; `all` minus what follows from other edges, so that the picture stays readable. */
function reduced(edges: Map<string, Set<string>>): [string, string][] {
  const reaches = (from: string, to: string): boolean =>
    [...(edges.get(from) ?? [])].some((next) => next === to || reaches(next, to));
  return [...edges].flatMap(([from, targets]) =>
    [...targets]
      .filter((to) => ![...targets].some((other) => other !== to && reaches(other, to)))
      .map((to): [string, string] => [from, to]),
  );
}

interface Node {
  id: string;
  system: string;
  labels: string[];
  job: boolean;
}

/** A service as a node: its name within the system, with the number of its containers. */
function node(service: GraphResource, members: GraphResource[]): Node {
  const system = nameOf(service.parent!);
  const label = nameOf(service.urn).slice(system.length + 1);
  const count = members.filter((resource) => resource.type === "docker:index/container:Container").length;
  return {
    id: service.urn,
    system,
    labels: [count > 1 ? `${label} ×${count}` : label],
    job: members.some(({ type, urn }) => type === "command:local:Command" && /-run-\d+$/.test(urn)),
  };
}

/** Services that wait for the same and are waited for by the same become one node. */
function merged(nodes: Node[], edges: [string, string][]): Node[] {
  const kin = new Map<string, Node>();
  for (const one of nodes) {
    const around = edges
      .filter((edge) => edge.includes(one.id))
      .map((edge) => edge.map((end) => (end === one.id ? "" : end)));
    const key = JSON.stringify([one.system, one.job, around.sort()]);
    const known = kin.get(key);
    if (known) known.labels.push(...one.labels);
    else kin.set(key, { ...one });
  }
  return [...kin.values()];
}

/**
 * Mermaid's flowchart of the services, grouped by system: an arrow says "starts when that is ready".
 * Rounded: a job, which runs to its end. A number: how many containers.
 */
export function topology(resources: GraphResource[]): string {
  const sorted = [...resources].sort((a, b) => (a.urn < b.urn ? -1 : 1));
  const services = sorted.filter((resource) => resource.type === SERVICE);
  const members = (service: GraphResource) => sorted.filter((resource) => resource.parent === service.urn);
  const serviceOf = new Map(services.flatMap((service) => members(service).map(({ urn }) => [urn, service.urn])));
  const edges = new Map(
    services.map((service) => {
      const targets = members(service).flatMap((resource) => resource.dependencies ?? []);
      const others = targets.map((urn) => serviceOf.get(urn)).filter((urn) => urn !== undefined);
      return [service.urn, new Set(others.filter((urn) => urn !== service.urn).sort())];
    }),
  );
  const arrows = reduced(edges);
  const nodes = merged(
    services.map((service) => node(service, members(service))),
    arrows,
  );
  const shape = ({ id, labels, job }: Node) => {
    const text = `"${labels.join("<br/>")}"`;
    return `    ${nameOf(id)}${job ? `([${text}])` : `[${text}]`}`;
  };
  const groups = [...new Set(nodes.map((one) => one.system))].flatMap((system) => [
    `  subgraph ${system}`,
    ...nodes.filter((one) => one.system === system).map(shape),
    "  end",
  ]);
  const drawn = new Set(nodes.map((one) => one.id));
  const lines = arrows.filter((edge) => edge.every((end) => drawn.has(end)));
  return ["flowchart LR", ...groups, ...lines.map((edge) => `  ${edge.map(nameOf).join(" --> ")}`)].join("\n");
}
