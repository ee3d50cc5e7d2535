/** The words of `docker compose -p PROJECT …` behind `make start|stop|restart|logs`. Pure. */
import type { SystemSpec } from "../../systems/spec.ts";

export const VERBS = ["start", "stop", "restart", "logs"] as const;
export type Verb = (typeof VERBS)[number];

export interface Wanted {
  service?: string;
  /** "1": the applications alone, the servers stay as they are. */
  apps?: string;
  /** Lines of log to begin with. */
  tail?: string;
  /** "1": the containers' own lines, without prefix and colour, for jq. */
  plain?: string;
  /** "1", "0": whether to follow the log; undefined: on a terminal. */
  follow?: string;
}

/** What is no server and runs for ever; of a job there is nothing to stop, and a start would run it again. */
export function applications(system: SystemSpec): string[] {
  return system.services
    .filter(({ kind, server, replicas }) => kind === "service" && !server && replicas > 0)
    .map(({ name }) => name);
}

/**
 * The words after the project's name.
 * @param terminal whether standard output is one
 * @throws Error when one service and the applications are asked for at once
 */
export function composeWords(verb: Verb, wanted: Wanted, system: SystemSpec, terminal: boolean): string[] {
  const { service, apps, tail = "100", plain, follow = terminal ? "1" : "0" } = wanted;
  if (service && apps === "1") throw new Error("expected SERVICE= or APPS=1, found both");
  const services = apps === "1" ? applications(system) : service ? [service] : [];
  if (verb !== "logs") return [verb, ...services];
  return [
    "logs",
    ...(follow === "1" ? ["--follow"] : []),
    ...(plain === "1" ? ["--no-log-prefix", "--no-color"] : []),
    ...["--tail", tail],
    ...services,
  ];
}
