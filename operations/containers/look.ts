/** Asks a stack's engine for declared containers. */
import type { HostSettings } from "../../config/host.ts";
import type { Inspected } from "../../engines/docker/inspect.ts";
import { docker, dockerOutput, type Ended } from "../../hosts/docker.ts";
import { containerNames } from "../../systems/spec.ts";
import type { Stack } from "../../systems/stack.ts";
import { selected, type Selection } from "../command.ts";
import { deploymentsOf } from "../deployments/host.ts";
import { readStack } from "../stack.ts";
import { declared, rows, type Declared, type Row } from "./rows.ts";

const wantedOf = (options: Selection, stack: Stack): Declared[] =>
  selected(stack, options).flatMap((system) => declared(system, options.service));

/** What look() asks docker. One call for all: it prints what exists, and complains of the rest. */
export const question = (options: Selection, stack: Stack): string[] => [
  ...["container", "inspect"],
  ...wantedOf(options, stack).map(({ name }) => name),
];

/**
 * Those of the containers that exist.
 * @throws an Error with what docker said when the engine does not answer
 */
function existing({ stdout, stderr }: Ended): Inspected[] {
  const failure = stderr.split("\n").filter((line) => line && !line.includes("No such container"));
  // The same once for each container: an engine that does not answer.
  if (failure.length > 0) throw new Error([...new Set(failure)].join("\n"));
  return JSON.parse(stdout) as Inspected[];
}

export interface Look {
  host: HostSettings;
  wanted: Declared[];
  /** A row for each that is declared. */
  found: Row[];
  /** What the engine has of them. */
  inspected: Inspected[];
  /** Containers of jobs that have run to their end, and that somebody removed since: their ids by name. */
  ended: Map<string, string>;
}

/** As of Look. Asks only where a job's container is missing. */
export function endedJobs({ host, name, systems }: Stack, wanted: Declared[], inspected: Inspected[]): Look["ended"] {
  const there = new Set(inspected.map((container) => container.Name.replace(/^\//, "")));
  const missing = wanted.filter((one) => one.service.kind === "job" && !there.has(one.name));
  if (missing.length === 0) return new Map();
  const last = deploymentsOf(host, name)[0];
  if (!last) return new Map();
  const ids = new Set(dockerOutput(host, ["ps", "--all", "--no-trunc", "--quiet"]).split("\n"));
  // Of a system that was destroyed, or whose host was lost, the jobs have to run.
  const alive = systems.filter((system) =>
    containerNames(system).some((each) => ids.has(last.containers[each]?.id ?? "")),
  );
  const names = new Set(alive.flatMap(containerNames));
  return new Map(
    missing.flatMap(({ name: job }) => {
      const id = last.containers[job]?.id;
      return id && names.has(job) ? [[job, id] as const] : [];
    }),
  );
}

/**
 * The containers a command is about. Throws as existing() does.
 * @param answer to question(), from whoever has asked it already
 */
export function look(
  options: Selection,
  stack: Stack = readStack(options.stack),
  answer: Ended = docker(stack.host, question(options, stack)),
): Look {
  const wanted = wantedOf(options, stack);
  const inspected = existing(answer);
  const ended = endedJobs(stack, wanted, inspected);
  const found = rows(wanted, inspected, options.stack, Date.now(), ended);
  return { host: stack.host, wanted, found, inspected, ended };
}
