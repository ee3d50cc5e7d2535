/** From what is declared and what the engine has to the rows of `make status`. Pure. */
import type { Inspected } from "../../engines/docker/inspect.ts";
import { STACK_LABEL } from "../../engines/docker/labels.ts";
import { inOrder } from "../../systems/order.ts";
import { short } from "../images/pinned.ts";
import { containersOf, type ServiceSpec, type SystemSpec } from "../../systems/spec.ts";

export interface Declared {
  system: string;
  service: ServiceSpec;
  name: string;
}

export interface Row {
  system: string;
  service: string;
  container: string;
  state: string;
  health: string;
  since: string;
  ports: string;
  image: string;
  /** What is not as declared; undefined: nothing. */
  problem?: string;
}

/** The containers a system declares, or those of one service; each after what it needs. */
export function declared(system: SystemSpec, only?: string): Declared[] {
  return containersOf({ ...system, services: inOrder(system.services) })
    .filter(({ service }) => !only || service.name === only)
    .map(({ service, name }) => ({ system: system.name, service, name }));
}

/** `42 s`, `5 min`, `3 h`, `2 d`. */
export function age(milliseconds: number): string {
  const units = [["d", 86_400_000], ["h", 3_600_000], ["min", 60_000]] as const; // prettier-ignore
  const [unit, length] = units.find(([, length]) => milliseconds >= length) ?? ["s", 1_000];
  return `${Math.max(0, Math.floor(milliseconds / length))} ${unit}`;
}

/** Built on this machine or pulled: only what was built here carries this label (images/builder/make.ts). */
function source({ Config: { Labels } }: Inspected): string {
  return Labels?.["org.opencontainers.image.vendor"] === "robotoff-protea stand-in" ? "(built here)" : "(pulled)";
}

function ports({ NetworkSettings: { Ports } }: Inspected): string {
  const published = Object.entries(Ports ?? {}).flatMap(([container, hosts]) =>
    (hosts ?? []).map(({ HostIp, HostPort }) => `${HostIp}:${HostPort}->${container.replace("/tcp", "")}`),
  );
  return published.join(", ") || "-";
}

/** What is not as declared with how a container runs; undefined: nothing. @param stack whose it must be, by its label */
export function problem(service: ServiceSpec, container: Inspected, stack: string): string | undefined {
  const { Status: status, ExitCode: code, Health: health } = container.State;
  if (container.Config.Labels?.[STACK_LABEL] !== stack) return "not made by this stack";
  if (service.kind === "job") {
    if (status === "created") return "has not run";
    if (status !== "exited") return "has not ended";
    return code === 0 ? undefined : `failed with exit code ${code}`;
  }
  if (status !== "running") return status;
  if (!service.healthcheck || health?.Status === "healthy") return undefined;
  return health?.Status ?? "without its health check";
}

/**
 * One row for each declared container.
 * @param stack the stack's name, as the label has it
 * @param now milliseconds since the epoch
 * @param ended containers of jobs that have run to their end, and that somebody removed since
 */
export function rows(
  wanted: Declared[],
  inspected: Inspected[],
  stack: string,
  now: number,
  ended: ReadonlyMap<string, string> = new Map(),
): Row[] {
  const byName = new Map(inspected.map((container) => [container.Name.replace(/^\//, ""), container]));
  return wanted.map(({ system, service, name }) => {
    const container = byName.get(name);
    const known = { system, service: service.name, container: name };
    if (!container)
      return {
        ...known,
        state: ended.has(name) ? "removed" : "missing",
        health: "-",
        since: "-",
        ports: "-",
        image: short(service.image),
        problem: ended.has(name) ? undefined : "missing",
      };
    const { Status: status, ExitCode, StartedAt, FinishedAt, Health } = container.State;
    const since = Date.parse(status === "exited" ? FinishedAt : StartedAt);
    return {
      ...known,
      state: status === "exited" ? `exited (${ExitCode})` : status,
      health: (status === "running" ? Health?.Status : undefined) ?? "-",
      since: status === "created" ? "-" : age(now - since),
      ports: ports(container),
      image: `${short(container.Config.Image)} ${source(container)}`,
      problem: problem(service, container, stack),
    };
  });
}

/** The last line: that all is well, or what is wrong. */
export function summary(found: Row[]): string {
  const count = found.length === 1 ? "1 container" : `${found.length} containers`;
  const wrong = found.filter((row) => row.problem);
  if (wrong.length === 0) return `${count}, all as declared`;
  const groups = [...new Set(wrong.map((row) => row.problem))].map((problem) => {
    const names = wrong.filter((row) => row.problem === problem).map((row) => row.container);
    return `${problem}: ${names.join(", ")}`;
  });
  return `${wrong.length} of ${count} not as declared; ${groups.join("; ")}`;
}
