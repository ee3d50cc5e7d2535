/** Random edits of a stack file: each from the file as it was, so that the next one also takes the last one back. */
import fc from "fast-check";
import { rawConfiguration } from "../../operations/stack.ts";
import type { ServiceSpec, SystemSpec } from "../../systems/spec.ts";
import { describeStack } from "../../systems/stack.ts";
import { stringify } from "yaml";

type Settings = Record<string, unknown>;

/** One change of a stack file's config. */
export interface Edit {
  /** For a person: `protea worker-ping: {"memory":"272m"}`. */
  what: string;
  /** What is merged, by key of the config; a map below a map is merged as well. */
  values: Settings;
}

const isMap = (value: unknown): value is Settings =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !("secure" in value);

const merged = (base: Settings, more: Settings): Settings =>
  Object.entries(more).reduce(
    (all, [key, value]) => ({ ...all, [key]: isMap(all[key]) && isMap(value) ? merged(all[key], value) : value }),
    base,
  );

/** The config with all of the edits. */
export const edited = (base: Settings, edits: Edit[]): Settings =>
  edits.reduce((config, { values }) => merged(config, values), base);

/** Where the edits of a service's settings stand. */
const ofService = (system: SystemSpec["name"], service: string, settings: Settings): Edit => ({
  what: `${system} ${service}: ${JSON.stringify(settings)}`,
  values: { [`${system}:services`]: { [service]: settings } },
});

const MIB = 2 ** 20;

/** What any service may be given. */
function settingsOf(system: SystemSpec, service: ServiceSpec): fc.Arbitrary<Edit> {
  const memory = fc.constantFrom(16, 48).map((more) => ({ memory: `${service.memory / MIB + more}m` }));
  const variable = fc
    .constantFrom("1", "two words", "a=b", '`$HOME` "x"', "ü")
    .map((value) => ({ environment: { EDITED: value } }));
  const settings: fc.Arbitrary<Settings>[] = [
    ...[variable, variable, variable, memory, memory],
    fc.constantFrom("always", "on-failure").map((restart) => ({ restart })),
    fc.constant({ memoryReservation: "64m" }),
    fc.constant({ stopGracePeriod: "21s" }),
    fc.constant({ stopSignal: "SIGINT" }),
    fc.constant({ cpus: 1.5 }),
    fc.constant({ shmSize: "80m" }),
    ...(service.kind === "service" ? [fc.constant({ healthcheck: { interval: "7s" } })] : []),
  ];
  return fc.oneof(...settings).map((one) => ofService(system.name, service.name, one));
}

/** One more volume, which goes with the edit. */
const volumeOf = (system: SystemSpec, service: ServiceSpec): Edit => {
  const { what, values } = ofService(system.name, service.name, { volumes: ["edits:/edits"] });
  return { what, values: { ...values, [`${system.name}:volumes`]: { edits: {} } } };
};

/**
 * Lists of one to three edits, none of which the program refuses.
 * @param base the config that they are made from
 * @param more edits of other kinds
 */
export function someEdits(base: Settings, more: Edit[]): fc.Arbitrary<Edit[]> {
  const described = (config: Settings) => describeStack(rawConfiguration("edits", stringify({ config })));
  const { systems } = described(base);
  // A pool's workers have their settings in its list.
  const services = systems.flatMap((system) =>
    system.services.filter(({ path }) => path.includes(":services.")).map((service) => ({ system, service })),
  );
  const any = fc.constantFrom(...services);
  const running = services.filter(({ service }) => service.kind === "service");
  const counts = running
    .filter(({ service }) => !service.server && service.soleConsumer === undefined)
    .flatMap(({ system, service }) =>
      (service.ports.length > 0 ? [0] : [0, 2, 3]).map((replicas) =>
        ofService(system.name, service.name, { replicas }),
      ),
    );
  const volumes = running.map(({ system, service }) => volumeOf(system, service));
  const edit = fc.oneof(
    { weight: 6, arbitrary: any.chain(({ system, service }) => settingsOf(system, service)) },
    { weight: 2, arbitrary: fc.constantFrom(...counts) },
    { weight: 1, arbitrary: fc.constantFrom(...volumes) },
    ...(more.length > 0 ? [{ weight: 2, arbitrary: fc.constantFrom(...more) }] : []),
  );
  const accepted = (edits: Edit[]) => {
    try {
      return described(edited(base, edits)) !== undefined;
    } catch {
      return false;
    }
  };
  return fc.array(edit, { minLength: 1, maxLength: 3 }).filter(accepted);
}
