/** What runs today, as compose made it, beside what a stack declares. Pure. */
import { PROJECT_LABEL, STACK_LABEL } from "../../engines/docker/labels.ts";
import { containerName, containersOf, type ServiceSpec, type SystemSpec } from "../../systems/spec.ts";
import { ASIDE, nameOf, type Container } from "../drift/containers.ts";

/** Compose's labels. https://github.com/docker/compose/blob/main/pkg/api/labels.go */
const SERVICE_LABEL = "com.docker.compose.service";
const NUMBER_LABEL = "com.docker.compose.container-number";
const ONEOFF_LABEL = "com.docker.compose.oneoff";

const labelsOf = ({ Config }: Container): Record<string, string> => Config.Labels ?? {};

/** Whether others made it, in the compose project of a system. */
export const isComposes = (system: SystemSpec, one: Container): boolean =>
  labelsOf(one)[PROJECT_LABEL] === system.project && labelsOf(one)[STACK_LABEL] === undefined;

/** A service as it is declared, and what does its work today. */
export interface Handover {
  system: SystemSpec;
  service: ServiceSpec;
  /** The container that takes their place, or is made where there is none. */
  name: string;
  old: Container[];
  /** Set aside by a run that was killed before they had stopped: they still have their ports, and their work. */
  leaving: Container[];
}

/** What there is of a system. */
export interface Today {
  system: SystemSpec;
  /** A row for each declared container that is not there yet. */
  handovers: Handover[];
  /** Containers of the compose project that no declared service stands for. */
  undeclared: Container[];
  /** Set aside by a run before. */
  aside: Container[];
  /** Names that somebody has who belongs neither to the compose project nor to this stack. */
  strangers: string[];
}

/**
 * @param containers all of the host
 * @param stack the stack's name
 */
export function today(system: SystemSpec, containers: Container[], stack: string): Today {
  const mine = new Set(containers.filter((one) => labelsOf(one)[STACK_LABEL] === stack).map(nameOf));
  const composes = containers.filter((one) => isComposes(system, one) && labelsOf(one)[ONEOFF_LABEL] !== "True");
  const aside = composes.filter((one) => ASIDE.test(nameOf(one)));
  const there = composes.filter((one) => !ASIDE.test(nameOf(one)));
  const declared = new Map(system.services.map((service) => [service.name, service]));
  const standsFor = (one: Container): string | undefined => {
    const service = declared.get(labelsOf(one)[SERVICE_LABEL] ?? "");
    if (!service || service.replicas === 0) return undefined;
    // Those beyond the number that is declared make room for the first.
    const n = Number(labelsOf(one)[NUMBER_LABEL] ?? 1);
    return containerName(system, service.name, n <= service.replicas ? n : 1);
  };
  const handovers = containersOf(system)
    .filter(({ name }) => !mine.has(name) || there.some((one) => standsFor(one) === name))
    .map(({ service, name }) => ({
      ...{ system, service, name },
      old: there.filter((one) => standsFor(one) === name),
      leaving: aside.filter((one) => one.State.Status !== "exited" && standsFor(one) === name),
    }));
  const names = new Set(containersOf(system).map(({ name }) => name));
  const strangers = containers
    .filter((one) => names.has(nameOf(one)) && !mine.has(nameOf(one)) && !isComposes(system, one))
    .map(nameOf);
  return { system, handovers, undeclared: there.filter((one) => standsFor(one) === undefined), aside, strangers };
}
