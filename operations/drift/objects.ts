/** How networks, volumes and images differ from what is declared, and what is among them that nobody declared. Pure. */
import type { InspectedImage, InspectedNetwork, InspectedVolume } from "../../engines/docker/inspect.ts";
import { networkLabels, PROJECT_LABEL, STACK_LABEL } from "../../engines/docker/labels.ts";
import {
  isExternal,
  NETWORK_OPTIONS,
  networkName,
  networkNames,
  OWN_NETWORKS,
  type OwnNetwork,
  type SystemSpec,
} from "../../systems/spec.ts";
import type { Applied } from "./applied.ts";
import { ASIDE, nameOf, shortId, type Container } from "./containers.ts";
import { byDocker, byHand, byUp, LEFT, NOT_APPLIED, NOTHING, type Row } from "./rows.ts";

const sorted = (map: Record<string, string> | null) =>
  JSON.stringify(Object.entries(map ?? {}).sort(([one], [other]) => (one < other ? -1 : 1)));

/** One of a system's own networks. */
function networkRows(
  own: OwnNetwork,
  system: SystemSpec,
  stack: string,
  networks: InspectedNetwork[],
  applied: Applied,
): Row[] {
  const where = networkName(system, own);
  // Of others, as those that containers join besides.
  if (isExternal(system, own)) return [];
  const network = networks.find(({ Name }) => Name === where);
  if (!network) return [{ where, what: "network", declared: "there", found: "missing", mend: byUp() }];
  const { Driver, Internal, Attachable, EnableIPv6, Ingress, Options, Labels, Id } = network;
  const labels = networkLabels(system, stack, own);
  const before = applied.networks.get(where);
  const facts: [string, string, string][] = [
    ["network", before ? shortId(before.id) : NOTHING, shortId(Id)],
    ["driver", "bridge", Driver],
    ["internal", "false", String(Internal)],
    ["attachable", "false", String(Attachable)],
    ["ingress", "false", String(Ingress)],
    ["ipv6", "false", String(EnableIPv6)],
    ["options", sorted(NETWORK_OPTIONS[own] ?? null), sorted(Options)],
    ["labels", sorted(labels), sorted(Labels)],
  ];
  const mend = byHand(`nothing of a network can be changed: docker network rm ${where} once nothing is in it, make up`);
  return facts.flatMap(([what, declared, found]) =>
    declared === found ? [] : [{ where, what, declared, found, mend }],
  );
}

/** Networks of others that containers join. */
function externalRows(system: SystemSpec, networks: InspectedNetwork[]): Row[] {
  const joined = system.services.filter((one) => one.replicas > 0).flatMap((one) => one.externalNetworks);
  const names = new Set([
    ...OWN_NETWORKS.filter((own) => isExternal(system, own)).map((own) => networkName(system, own)),
    ...joined,
  ]);
  return [...names]
    .filter((name) => !networks.some(({ Name }) => Name === name))
    .map((where) => ({ where, what: "external network", declared: "there", found: "missing", mend: byHand(`docker network create ${where}`) })); // prettier-ignore
}

function volumeRows(system: SystemSpec, stack: string, volumes: InspectedVolume[]): Row[] {
  const declared = system.volumes.flatMap(({ dockerName: where, external }): Row[] => {
    const volume = volumes.find(({ Name }) => Name === where);
    const what = external ? "external volume" : "volume";
    if (!volume)
      return [
        {
          where,
          what,
          declared: "there",
          found: "missing, its data with it",
          mend: byUp("made again and filled from the newest backup, if there is any"),
        },
      ];
    const { Driver, Options } = volume;
    if (external || (Driver === "local" && sorted(Options) === "[]")) return [];
    const found = `${Driver}, ${sorted(Options)}`;
    return [{ where, what, declared: "local, []", found, mend: byHand("never made anew: its data would be lost") }];
  });
  const known = new Set(system.volumes.map(({ dockerName }) => dockerName));
  const strangers = volumes
    .filter(({ Name, Labels }) => {
      const own = Labels?.[PROJECT_LABEL] === system.project || Name.startsWith(`${system.project}_`);
      // What a restore keeps beside the data, and other work of ours, is marked.
      const marks = Object.keys(Labels ?? {}).filter((label) => label.startsWith("robotoff-protea."));
      return own && !known.has(Name) && marks.every((label) => label === STACK_LABEL);
    })
    .map(({ Name }) => ({ where: Name, what: "volume", declared: NOTHING, found: `there, and nobody manages it (${stack})`, mend: LEFT })); // prettier-ignore
  return [...declared, ...strangers];
}

/** A system's images: whether each name still stands for what the last `up` found behind it. */
function imageRows(system: SystemSpec, images: InspectedImage[], applied: Applied): Row[] {
  const references = new Set(system.services.filter(({ replicas }) => replicas > 0).map(({ image }) => image));
  return [...references].flatMap((where): Row[] => {
    const before = applied.images.get(where);
    // Declared since: what it stands for is what the next `up` takes.
    if (before === undefined) return [];
    const found = images.find(({ RepoTags, RepoDigests }) =>
      [...(RepoTags ?? []), ...(RepoDigests ?? [])].includes(where),
    );
    const row = { where, what: "image id", declared: shortId(before) };
    if (!found) return [{ ...row, found: "missing", mend: byUp() }];
    if (found.Id === before) return [];
    const kept = images.some(({ Id }) => Id === before);
    const mend = kept ? byDocker(["tag", before, where]) : byUp("the one before is gone, this one is taken");
    return [{ ...row, found: `${shortId(found.Id)}: the tag was moved`, mend }];
  });
}

/** An impostor that `make up` set aside (operations/up/bring-back.ts), stopped: kept for who wants to look at it. */
const setAside = (one: Container) => ASIDE.test(nameOf(one)) && one.State.Status !== "running";

/** Containers that are in a system's network or project, and not of it. @param known names and ids of those that are told already */
function strangerRows(
  system: SystemSpec,
  containers: Container[],
  known: ReadonlySet<string>,
  applied: Applied,
): Row[] {
  const networks = networkNames(system);
  return containers
    .filter((one) => !known.has(nameOf(one)) && !known.has(one.Id) && !setAside(one))
    .flatMap((one): Row[] => {
      const labels = one.Config.Labels ?? {};
      const where = nameOf(one);
      const before = applied.containers.get(where);
      if (before?.id === one.Id)
        return labels[PROJECT_LABEL] === system.project
          ? [{ where, what: "container", declared: NOTHING, found: "there", mend: NOT_APPLIED }]
          : [];
      // `make run` and `docker compose run`.
      if (labels["com.docker.compose.oneoff"] === "True") return [];
      const found = [
        ...networks
          .filter((network) => network in (one.NetworkSettings.Networks ?? {}))
          .map((network) => `in the network ${network}`),
        ...(labels[PROJECT_LABEL] === system.project ? [`in the project ${system.project}`] : []),
      ].join(", ");
      return found ? [{ where, what: "container", declared: NOTHING, found, mend: LEFT }] : [];
    });
}

/** All of a system's but its containers themselves. */
export function objectRows(args: {
  system: SystemSpec;
  stack: string;
  applied: Applied;
  found: {
    containers: Container[];
    networks: InspectedNetwork[];
    volumes: InspectedVolume[];
    images: InspectedImage[];
  };
  known: ReadonlySet<string>;
}): Row[] {
  const { system, stack, applied, found, known } = args;
  return [
    ...OWN_NETWORKS.flatMap((network) => networkRows(network, system, stack, found.networks, applied)),
    ...externalRows(system, found.networks),
    ...volumeRows(system, stack, found.volumes),
    ...imageRows(system, found.images, applied),
    ...strangerRows(system, found.containers, known, applied),
  ];
}
