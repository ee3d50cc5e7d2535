/** A stack of one service as a real engine had it (`docker inspect`, Engine 26.1), and what Pulumi's state had of it. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { containerArguments } from "../../../engines/docker/container-args.ts";
import { labelList } from "../../../engines/docker/labels.ts";
import { secretMount } from "../../../engines/docker/secrets.ts";
import type { InspectedImage, InspectedNetwork, InspectedVolume } from "../../../engines/docker/inspect.ts";
import type { Resource } from "../../../operations/drift/applied.ts";
import { applied } from "../../../operations/drift/applied.ts";
import type { Found } from "../../../operations/drift/ask.ts";
import { compare } from "../../../operations/drift/compare.ts";
import type { Container } from "../../../operations/drift/containers.ts";
import type { ServiceSpec, SystemSpec } from "../../../systems/spec.ts";
import type { Stack } from "../../../systems/stack.ts";
import { committed } from "./stack.ts";

export const NAME = "protea-rabbitmq-1";
export const NETWORK = "protea_servers";
export const PASSWORD = "the-password";

interface Engine {
  container: Container;
  image: InspectedImage;
  network: InspectedNetwork;
  volume: InspectedVolume;
}

/** What the engine prints, anew each time. */
export function engine(): Engine {
  const real = JSON.parse(readFileSync("tests/unit/operations/drift/engine.json", "utf8")) as Engine;
  // The recipe of the image may have changed since, and with it what is a hash over both.
  const { image, labels } = argumentsOf(service());
  real.container.Config.Image = image;
  real.image.RepoTags = [image];
  real.container.Config.Labels = { ...real.container.Config.Labels, ...labels };
  // It was made before secrets were files.
  real.container.Config.Entrypoint = ["/run/secrets/exec", "docker-entrypoint.sh"];
  real.container.Config.Env = real.container.Config.Env!.filter((one) => !one.startsWith("RABBITMQ_DEFAULT_PASS="));
  const mount = {
    Type: "bind",
    Source: SECRETS_FOLDER,
    Destination: "/run/secrets",
    RW: false,
    Propagation: "rprivate",
  };
  real.container.Mounts.push(mount);
  return real;
}

const local = committed("local");
const protea = local.systems.find(({ name }) => name === "protea")!;

export const service = (): ServiceSpec => structuredClone(protea.services.find(({ name }) => name === "rabbitmq")!);

const systemOf = (one: ServiceSpec): SystemSpec => ({
  ...protea,
  services: [one],
  volumes: protea.volumes.filter(({ name }) => name === "rabbitmq_data"),
});
const argumentsOf = (one: ServiceSpec) => containerArguments(systemOf(one), one, 1, "local", false);

export const stackOf = (one: ServiceSpec): Stack => ({
  ...local,
  host: { ...local.host, backups: undefined },
  systems: [systemOf(one)],
});

/** The network that leads outside, which the service is not in. */
const OTHER = (network: InspectedNetwork): InspectedNetwork => ({
  ...structuredClone(network),
  Id: "0".repeat(64),
  Name: "protea_default",
  Options: {},
  Labels: { ...network.Labels, "com.docker.compose.network": "default" },
});

const SIGN = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270" };
const urn = (name: string) => `urn:pulumi:local::robotoff-protea::type::${name}`;

/** What writes the files of the service. */
export const SECRETS_URN = urn("protea-secrets-files");
export const SECRETS_FOLDER = "/home/off/secrets/protea/rabbitmq-0123456789ab";
const EXEC = "4".repeat(64);

/** Hashes of these files, as the host has them. */
export const secretHashes = (): Map<string, string> =>
  new Map([
    ["rabbitmq-0123456789ab/RABBITMQ_DEFAULT_PASS", createHash("sha256").update(PASSWORD).digest("hex")],
    ["rabbitmq-0123456789ab/exec", EXEC],
  ]);

/** The state after an `up` of this service. @param secrets whether it was decrypted */
export function state(one: ServiceSpec = service(), secrets = true): Resource[] {
  const { container, image, network, volume } = engine();
  const { labels, mounts, ...args } = argumentsOf(one);
  const lines = `rabbitmq-0123456789ab\tRABBITMQ_DEFAULT_PASS\t${PASSWORD}\n`;
  const stdin = secrets ? { ...SIGN, plaintext: JSON.stringify(lines) } : { ...SIGN, ciphertext: "v1:abc" };
  const envs = ["RABBITMQ_DEFAULT_USER=protea"];
  return [
    {
      ...{ urn: SECRETS_URN, type: "command:local:Command", id: "files" },
      inputs: { create: `secrets-000000000000.sh write protea secrets-exec-${EXEC.slice(0, 12)}.sh`, stdin },
    },
    ...[network, OTHER(network)].map(({ Id: id, Name: name }) => ({
      ...{ urn: urn(`network-${name}`), type: "docker:index/network:Network", id, inputs: { name } },
    })),
    {
      ...{ urn: urn("protea-rabbitmq_data"), type: "docker:index/volume:Volume", id: volume.Name },
      inputs: { name: volume.Name },
    },
    {
      ...{ urn: urn("protea-image"), type: "docker:index/remoteImage:RemoteImage", id: `${image.Id}${args.image}` },
      inputs: { name: args.image },
    },
    {
      ...{ urn: urn("protea-rabbitmq-1"), type: "docker:index/container:Container", id: container.Id },
      inputs: {
        ...args,
        mounts: [...mounts, secretMount(SECRETS_FOLDER)],
        envs,
        labels: labelList({ ...labels, "com.docker.compose.image": image.Id }),
      },
      outputs: { runtime: "runc", ipcMode: "private", cgroupnsMode: null },
    },
  ];
}

/** All of a host as the `up` left it. */
export function found(change: (engine: Engine) => void = () => undefined): Found {
  const real = engine();
  const other = OTHER(real.network);
  change(real);
  return {
    ...{ containers: [real.container], networks: [real.network, other], volumes: [real.volume], images: [real.image] },
    ...{ scripts: new Map<string, string>(), secrets: new Map([["protea", secretHashes()]]), schedules: [], scheduled: [], uploads: new Map<string, Map<string, string>>() },
  }; // prettier-ignore
}

/** The rows, each as WHERE | WHAT | DECLARED | FOUND | MEND. */
export function rows(host: Found, declared = service(), resources = state(), ended = new Map<string, string>()) {
  const stack = stackOf(declared);
  return compare(stack, stack.systems, applied(resources), host, ended).map((row) =>
    Object.values({ ...row, mend: row.mend.text }).join(" | "),
  );
}
