/** The words of docker behind `make start|stop|restart|logs`. Pure. */
import { containersOf, type SystemSpec } from "../../systems/spec.ts";

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

/** The services asked for by name; undefined: all. */
function named({ service, apps }: Wanted, system: SystemSpec): string[] | undefined {
  if (service && apps === "1") throw new Error("expected SERVICE= or APPS=1, found both");
  return apps === "1" ? applications(system) : service ? [service] : undefined;
}

const logWords = ({ tail = "100", follow }: Wanted, terminal: boolean) => [
  "logs",
  ...((follow ?? (terminal ? "1" : "0")) === "1" ? ["--follow"] : []),
  ...["--tail", tail],
];

/**
 * The words after `docker`.
 * @param terminal whether standard output is one
 * @throws Error when one service and the applications are asked for at once
 */
export function composeWords(verb: Verb, wanted: Wanted, system: SystemSpec, terminal: boolean): string[] {
  const words = verb === "logs" ? logWords(wanted, terminal) : [verb];
  return ["compose", "-p", system.project, ...words, ...(named(wanted, system) ?? [])];
}

/**
 * The words after `docker` for the logs of each container as it wrote them. By docker itself: compose writes terminal
 * codes between the lines, whatever it is told.
 */
export function plainLogWords(wanted: Wanted, system: SystemSpec, terminal: boolean): string[][] {
  const services = named(wanted, system);
  return containersOf(system)
    .filter(({ service }) => services === undefined || services.includes(service.name))
    .map(({ name }) => [...logWords(wanted, terminal), name]);
}
