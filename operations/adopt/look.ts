/** The look before an adoption: all that is in its way, and all that it would do. Nothing is changed by it. */
import { mkdirSync, writeFileSync } from "node:fs";
import { checkHost } from "../../hosts/checks.ts";
import type { Adoption } from "../../hosts/adoption.ts";
import { docker } from "../../hosts/docker.ts";
import { networkName, type ServiceSpec, type SystemSpec } from "../../systems/spec.ts";
import { describeStack, type Stack } from "../../systems/stack.ts";
import { ENCRYPTED, knownSecrets } from "../../config/read.ts";
import { selected, type Selection } from "../command.ts";
import { applied } from "../drift/applied.ts";
import { ask, type Found } from "../drift/ask.ts";
import { wantedOf } from "../drift/compare.ts";
import { nameOf, type Container } from "../drift/containers.ts";
import { rawConfiguration, readStack, readStackFile } from "../stack.ts";
import { differencesOf, differencesText } from "./differences.ts";
import { objects } from "./objects.ts";
import { today, type Handover, type Today } from "./old.ts";
import { withAll, type Setting } from "./settings.ts";
import { variablesOf } from "./secrets.ts";

export interface Looked {
  /** As the stack file will be. */
  stack: Stack;
  systems: SystemSpec[];
  text: string;
  settings: Setting[];
  handovers: Handover[];
  /** What was set aside by a run before. */
  aside: Container[];
  problems: string[];
  notes: string[];
  differences: string[];
}

/** Seconds that a container of today is given to stop: what it was made with, or what is declared, the longer. */
const patience = (service: ServiceSpec, one: Container): number =>
  Math.max(Math.ceil(service.stopGracePeriod / 1_000), one.Config.StopTimeout ?? 0);

/** What the program is told of an adoption. Pure. */
export const adoptionOf = (handovers: Handover[]): Adoption =>
  Object.fromEntries(
    handovers
      .map(({ name, service, old, leaving }) => ({ name, service, all: [...old, ...leaving] }))
      .filter(({ all }) => all.length > 0)
      .map(({ name, service, all }) => [
        name,
        all.map((one) => ({ id: one.Id, name: nameOf(one), seconds: patience(service, one) })),
      ]),
  );

/** Where the program finds it. */
export const adoptionFile = (stack: string): string => `.local/adoption-${stack}.json`;

/** Undeclared containers are somebody's choice: the stack file's, or LEAVE=. Pure. */
export function undeclaredProblems(undeclared: Container[], leave: ReadonlySet<string>): string[] {
  return undeclared
    .filter((one) => ["running", "restarting", "paused"].includes(one.State.Status) && !leave.has(nameOf(one)))
    .map(
      (one) =>
        `${nameOf(one)} runs in the compose project, and no declared service stands for it: declare it, stop it (docker stop ${nameOf(one)}), or let it run beside (LEAVE=${nameOf(one)})`,
    );
}

/** What runs beside finds no server any more where it asks for it. Pure. */
export function outsiders(
  todays: { system: SystemSpec; undeclared: Container[] }[],
  leave: ReadonlySet<string>,
): string[] {
  return todays.flatMap(({ system, undeclared }) =>
    undeclared
      .filter((one) => leave.has(nameOf(one)))
      .map(
        (one) =>
          `${nameOf(one)} runs beside: servers are in ${networkName(system, "servers")} at the end. If it uses one: docker network connect ${networkName(system, "servers")} ${nameOf(one)}`,
      ),
  );
}

/** A server's data is handed over to the program that wrote it, and to no other version. Pure. */
export function serverProblems({ service, old }: Handover, images: Found["images"]): string[] {
  const [container] = old;
  if (!container || !service.server || !service.mounts.some(({ source }) => !source.startsWith("/"))) return [];
  const name = nameOf(container);
  const declared = images.find(({ RepoTags, RepoDigests }) =>
    [...(RepoTags ?? []), ...(RepoDigests ?? [])].includes(service.image),
  );
  const variables = variablesOf(container);
  const users = ["POSTGRES_USER", "POSTGRES_DB"].filter(
    (one) => service.environment[one] !== undefined && service.environment[one] !== variables.get(one),
  );
  return [
    ...(container.State.Status === "running"
      ? []
      : [`${name} is ${container.State.Status}: it has data, and only one that runs can be backed up: start it`]),
    ...(declared && declared.Id !== container.Image
      ? [
          `${name} runs ${container.Config.Image}, and ${service.image} is declared, which has other contents: declare what runs (images), adopt it, and change the version afterwards`,
        ]
      : []),
    ...users.map(
      (one) =>
        `${name} was made with ${one}=${variables.get(one) ?? ""}, and ${JSON.stringify(service.environment[one])} is declared: declare what it has`,
    ),
  ];
}

/** Started with an append-only file where there is none, Redis has nothing of its snapshot. Pure. */
export function redisProblem({ service, old }: Handover, found: string): string[] {
  const declared = service.command?.[service.command.indexOf("--appendonly") + 1];
  if (!declared || declared === found) return [];
  return [
    `${nameOf(old[0]!)} has appendonly ${found}, and ${declared} is declared, which would start without its data: robotoff:redis.appendOnly: ${found === "yes"}`,
  ];
}

function askRedis(stack: Stack, handovers: Handover[]): string[] {
  return handovers
    .filter(({ service, old }) => service.name === "redis" && old[0]?.State.Status === "running")
    .flatMap((one) => {
      const words = ["exec", one.old[0]!.Id, "redis-cli", "config", "get", "appendonly"];
      const { code, stdout, stderr } = docker(stack.host, words);
      const [, value = ""] = stdout.trim().split("\n");
      if (code !== 0 || !/^(yes|no)$/.test(value.trim()))
        return [`${nameOf(one.old[0]!)} does not say whether it has an append-only file: ${(stderr || stdout).trim()}`];
      return redisProblem(one, value.trim());
    });
}

/** As if it had every secret there may be: today's containers may have some that it does not have yet. */
function withAllSecrets(name: string, text: string): Stack {
  const raw = rawConfiguration(name, text);
  const values = Object.fromEntries([...knownSecrets].map((key) => [key, ENCRYPTED]));
  return describeStack({ ...raw, values: { ...raw.values, ...values }, secretKeys: new Set(knownSecrets) });
}

/** @param leave names of containers that may stay as they are */
export function lookAt(options: Selection, leave: ReadonlySet<string>): Looked {
  const text = readStackFile(options.stack);
  const before = readStack(options.stack, text);
  const own = selected(withAllSecrets(options.stack, text), { system: options.system });
  const wanted = wantedOf(before, own, applied([]));
  const found = ask(before, own, wanted);
  const todays: Today[] = own.map((system) => today(system, found.containers, before.name));
  const handovers = todays.flatMap((one) => one.handovers);
  const there = objects(
    // Of a system of which nothing is there, volumes of its names are somebody's.
    todays.flatMap((one) => (one.aside.length > 0 || one.handovers.some(({ old }) => old.length > 0) ? one.handovers : [])),
    found,
  ); // prettier-ignore
  const changed = withAll(text, there.settings);
  const stack = readStack(options.stack, changed);
  const systems = selected(stack, { system: options.system });
  mkdirSync(".local", { recursive: true });
  writeFileSync(adoptionFile(options.stack), JSON.stringify(adoptionOf(handovers)));
  process.env.ADOPTION = adoptionFile(options.stack);
  const { problems, warnings } = checkHost(stack.host, stack.name, systems);
  const contents = new Map(found.images.map(({ Id, Config }) => [Id, Config]));
  const byName = new Map(wanted.map((one) => [one.name, one]));
  return {
    ...{ stack, systems, text: changed, settings: there.settings, handovers },
    aside: todays.flatMap(({ aside }) => aside),
    problems: [
      ...undeclaredProblems(
        todays.flatMap(({ undeclared }) => undeclared),
        leave,
      ),
      ...todays.flatMap(({ strangers }) =>
        strangers.map((name) => `a container ${name} is there that neither compose nor this stack made: rename it, or remove it`),
      ),
      ...there.problems,
      ...handovers.flatMap((one) => serverProblems(one, found.images)),
      ...askRedis(before, handovers),
      ...(problems ? [problems] : []),
    ],
    notes: [...there.notes, ...outsiders(todays, leave), ...warnings],
    differences: differencesText(differencesOf(handovers, byName, contents)),
  }; // prettier-ignore
}
