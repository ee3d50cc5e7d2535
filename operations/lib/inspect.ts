/** Asks a stack's engine for declared containers. */
import type { HostSettings } from "../../config/host.ts";
import { docker } from "./engine.ts";
import type { Declared, Inspected } from "./status.ts";

/**
 * Those of the containers that exist.
 * @throws an Error with what docker said when the engine does not answer
 */
export function inspect(host: HostSettings, wanted: Declared[]): Inspected[] {
  // One call for all: it prints what exists, and complains of the rest.
  const { stdout, stderr } = docker(host, ["container", "inspect", ...wanted.map((container) => container.name)]);
  const failure = stderr.split("\n").filter((line) => line && !line.includes("No such container"));
  // The same once for each container: an engine that does not answer.
  if (failure.length > 0) throw new Error([...new Set(failure)].join("\n"));
  return JSON.parse(stdout) as Inspected[];
}
