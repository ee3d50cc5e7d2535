/** Asks a stack's engine for declared containers. */
import type { HostSettings } from "../../config/host.ts";
import type { Inspected } from "../../engines/docker/inspect.ts";
import { docker } from "../../hosts/docker.ts";
import type { Stack } from "../../systems/stack.ts";
import { selected, type Selection } from "../command.ts";
import { readStack } from "../stack.ts";
import { declared, rows, type Declared, type Row } from "./rows.ts";

/**
 * Those of the containers that exist.
 * @throws an Error with what docker said when the engine does not answer
 */
function inspect(host: HostSettings, wanted: Declared[]): Inspected[] {
  // One call for all: it prints what exists, and complains of the rest.
  const { stdout, stderr } = docker(host, ["container", "inspect", ...wanted.map((container) => container.name)]);
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
}

/** The containers a command is about. Throws as inspect() does. */
export function look(options: Selection, stack: Stack = readStack(options.stack)): Look {
  const wanted = selected(stack, options).flatMap((system) => declared(system, options.service));
  const inspected = inspect(stack.host, wanted);
  return { host: stack.host, wanted, found: rows(wanted, inspected, options.stack, Date.now()), inspected };
}
