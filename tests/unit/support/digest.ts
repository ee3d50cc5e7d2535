/** What `pulumi preview --json` answers for a change of a stack file, as far as containers, their jobs, volumes and images go. */
import { IMAGE_LABEL } from "../../../engines/docker/labels.ts";
import { containerArguments } from "../../../engines/docker/container-args.ts";
import { labelList } from "../../../engines/docker/labels.ts";
import { hasSecrets, plainVariables, secretMount } from "../../../engines/docker/secrets.ts";
import { UNKNOWN, type Digest, type Inputs, type Resource, type Step } from "../../../operations/preview/changes.ts";
import type { ServiceSpec } from "../../../systems/spec.ts";
import type { Stack } from "../../../systems/stack.ts";

const urn = (resource: string) => `urn:pulumi:test::robotoff-protea::type::${resource}`;

const envs = (service: ServiceSpec) =>
  Object.entries(plainVariables(service)).map(([name, value]) => `${name}=${value}`);

function resources(stack: Stack): Map<string, Resource> {
  const made = stack.systems.flatMap((system) => [
    ...system.volumes
      .filter(({ external }) => !external)
      .map(({ name, dockerName }) => [
        `${system.name}-${name}`,
        { type: "docker:index/volume:Volume", inputs: { name: dockerName }, retainOnDelete: stack.host.protectVolumes },
      ]),
    ...system.services.flatMap((service) => [
      ...Array.from({ length: service.replicas }, (_, index) => {
        const { labels, mounts: declared, ...rest } = containerArguments(system, service, index + 1, stack.name, false);
        const all = [...labelList(labels), { __defaults: [], label: IMAGE_LABEL, value: `sha256:${service.image}` }];
        const mounts = [...declared, ...(hasSecrets(service) ? [secretMount(`/secrets/${service.name}-1`)] : [])];
        const inputs = { __defaults: [], ...rest, mounts, labels: all, envs: envs(service) };
        const type = "docker:index/container:Container";
        return [`${system.name}-${service.name}-${index + 1}`, { type, id: `id-of-${rest.name}`, inputs }];
      }),
      ...(service.kind === "job"
        ? [
            [
              `${system.name}-${service.name}-run-1`,
              {
                type: "command:local:Command",
                inputs: {
                  create: `job.sh ${service.name}`,
                  triggers: [`id-of-${system.project}${system.separator}${service.name}${system.separator}1`],
                },
              },
            ],
          ]
        : []),
    ]),
  ]) as [string, Resource][];
  return new Map(made);
}

/** Which inputs a container keeps its id with (engines/docker/container-args.ts). */
const IN_PLACE = ["memory", "memorySwap", "memoryReservation", "restart", "mustRun"];

function step(name: string, old: Resource | undefined, now: Resource | undefined): Step | undefined {
  const states = { urn: urn(name), oldState: old, newState: now };
  if (!old) return { op: "create", ...states };
  if (!now) return { op: "delete", ...states };
  // Of what the host has otherwise, the plug-in tells by its outputs.
  const known: Inputs = { ...old.inputs, ...old.outputs };
  const keys = Object.keys({ ...known, ...now.inputs });
  const diffReasons = keys.filter((key) => JSON.stringify(known[key]) !== JSON.stringify(now.inputs?.[key]));
  if (diffReasons.length === 0) return undefined;
  return { op: diffReasons.every((key) => IN_PLACE.includes(key)) ? "update" : "replace", ...states, diffReasons };
}

/** What else the host has of a resource, by Pulumi's name of it; `gone`: it is not there. */
export type Hand = Record<string, Inputs | "gone">;

/**
 * @param before what the last `up` declared
 * @param hand what was changed on the host; undefined: it was not asked
 * @param more steps and answers of other kinds
 */
export function digest(before: Stack | undefined, after: Stack, hand?: Hand, more: Digest = {}): Digest {
  const [old, now] = [before ? resources(before) : new Map<string, Resource>(), resources(after)];
  const refreshed = hand
    ? [...old].map(([name, one]) => ({ op: "refresh", urn: urn(name), oldState: one, newState: one }))
    : [];
  const found = new Map(
    [...old].flatMap(([name, one]) => {
      const other = hand?.[name];
      return other === "gone" ? [] : [[name, { ...one, outputs: other }] as const];
    }),
  );
  const first = [...new Set([...old.keys(), ...now.keys()])].flatMap(
    (name) => step(name, found.get(name), now.get(name)) ?? [],
  );
  // A job runs again when its container is another.
  const anew = new Set(first.filter(({ op }) => op === "replace" || op === "create").map((one) => one.urn));
  const runs = [...now].flatMap(([name, one]) => {
    const container = /^(.*)-run-1$/.exec(name)?.[1];
    if (!container || !anew.has(urn(`${container}-1`)) || anew.has(urn(name))) return [];
    const newState = { ...one, inputs: { ...one.inputs, triggers: [UNKNOWN] } };
    return [{ op: "replace", urn: urn(name), oldState: one, newState }];
  });
  const root = { type: "pulumi:pulumi:Stack" };
  return {
    ...more,
    steps: [
      ...refreshed,
      { op: "same", urn: urn("robotoff-protea-test"), oldState: root, newState: root },
      // In another order than any that is shown.
      ...[...first, ...runs].reverse(),
      ...(more.steps ?? []),
    ],
  };
}
