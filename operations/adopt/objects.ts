/** Volumes, networks and host names that are there already, and what the stack file has to say for them to be used as they are. Pure. */
import { STACK_LABEL } from "../../engines/docker/labels.ts";
import type { Mount } from "../../config/units.ts";
import { networkName } from "../../systems/spec.ts";
import { nameOf } from "../drift/containers.ts";
import type { Found } from "../drift/ask.ts";
import type { Setting } from "./settings.ts";
import type { Handover } from "./old.ts";

/** Docker's name of a volume that nobody named. */
const ANONYMOUS = /^[0-9a-f]{64}$/;

export interface Objects {
  settings: Setting[];
  problems: string[];
  /** What is worth knowing before it begins. */
  notes: string[];
}

const none = (): Objects => ({ settings: [], problems: [], notes: [] });

/** A declared mount against what the container has there today. @param volumes Docker's names of the system's volumes by their short names */
function mount({ system, service, old }: Handover, { source, target }: Mount): Objects {
  const [container] = old;
  const there = container?.Mounts.find(({ Destination }) => Destination === target);
  const where = `${nameOf(container!)}: ${target}`;
  if (source.startsWith("/")) {
    if (!there || there.Source === source) return none();
    const is = there.Type === "volume" ? `the volume ${there.Name}` : there.Source;
    return {
      ...none(),
      problems: [
        `${where} is ${is}, and ${source} is declared: declare what is there (${service.path}.volumes, or the setting of that folder)`,
      ],
    };
  }
  const volume = system.volumes.find(({ name }) => name === source)!;
  if (!there) return none();
  if (there.Type !== "volume")
    return {
      ...none(),
      problems: [
        `${where} is ${there.Source} of the host, and the volume ${volume.dockerName} is declared: declare the folder (${service.path}.volumes)`,
      ],
    };
  if (there.Name === volume.dockerName) return none();
  const path = [`${system.name}:volumes`, volume.name];
  const notes = ANONYMOUS.test(there.Name!)
    ? [
        `${where} is a volume without a name, ${there.Name}: it is used as it is. docker volume prune takes such a one when no container has it`,
      ]
    : [];
  return {
    ...{ notes, problems: [] },
    settings: [
      { path: [...path, "external"], value: "true" },
      { path: [...path, "name"], value: there.Name! },
    ],
  };
}

/** What is mounted today and nobody declares: it stays where it is, and is not seen any more. */
function left({ service, old }: Handover): string[] {
  const targets = new Set(service.mounts.map(({ target }) => target));
  return old
    .slice(0, 1)
    .flatMap((container) =>
      container.Mounts.filter(({ Destination, RW }) => RW && !targets.has(Destination)).map(
        ({ Type, Name, Source, Destination }) =>
          `${nameOf(container)}: ${Destination} (${Type === "volume" ? `volume ${Name}` : Source}) is not declared: it stays, and ${service.name} has it no more`,
      ),
    );
}

/** @param handovers of one stack's systems */
export function objects(handovers: Handover[], found: Pick<Found, "networks" | "volumes">): Objects {
  const systems = [...new Set(handovers.map(({ system }) => system))];
  const foreign = ({ Labels }: { Labels: Record<string, string> | null }) => Labels?.[STACK_LABEL] === undefined;
  const taken = handovers.filter(({ old }) => old.length > 0);
  const mounts = taken.flatMap((one) => one.service.mounts.map((each) => mount(one, each)));
  const external = systems.flatMap((system): Setting[] => [
    ...system.volumes
      .filter((one) => !one.external && found.volumes.some((is) => is.Name === one.dockerName && foreign(is)))
      .map(({ name }) => ({ path: [`${system.name}:volumes`, name, "external"], value: "true" })),
    ...(!system.externalNetwork &&
    found.networks.some((is) => is.Name === networkName(system, "default") && foreign(is))
      ? [{ path: [`${system.name}:network`, "external"], value: "true" }]
      : []),
  ]);
  // RabbitMQ's node, and its data's folder, are named after the host.
  const hosts = taken
    .filter(({ service, old }) => service.hostname !== undefined && old[0]!.Config.Hostname !== service.hostname)
    .map(({ service, old }) => ({ path: [...pathOf(service.path), "hostname"], value: old[0]!.Config.Hostname }));
  return {
    // One volume may be in many containers.
    settings: [...new Map([...external, ...mounts.flatMap(({ settings }) => settings), ...hosts].map((one) => [one.path.join("."), one])).values()], // prettier-ignore
    problems: mounts.flatMap(({ problems }) => problems),
    notes: [...mounts.flatMap(({ notes }) => notes), ...taken.flatMap(left)],
  };
}

/** `protea:services.rabbitmq` as a path of the stack file. */
const pathOf = (path: string): string[] => path.split(".");
