/** What the last `up` applied, out of a stack's state with its secrets. Pure. */
import type { ShownArguments } from "../../engines/docker/declared-facts.ts";
import { IMAGE_LABEL } from "../../engines/docker/labels.ts";
import { secretFiles } from "../../engines/docker/secrets.ts";
import { variablesIn } from "../../engines/docker/inspect.ts";
import { isSecret } from "../state-secrets.ts";

/** A resource of `pulumi stack export --show-secrets`. */
export interface Resource {
  urn: string;
  type?: string;
  id?: string;
  inputs?: Record<string, unknown>;
  outputs?: Record<string, unknown>;
}

export interface AppliedContainer {
  id: string;
  urn: string;
  args: ShownArguments;
}

export interface AppliedObject {
  id: string;
  urn: string;
}

export interface AppliedSecrets {
  /** Compose project. */
  project: string;
  /** The first digits of the hash of the file that is in each folder besides. */
  exec: string;
  /** Each file's text, by FOLDER/NAME; undefined: it was not decrypted. */
  files: Map<string, string> | undefined;
}

export interface Applied {
  /** Each by Docker's name. */
  containers: Map<string, AppliedContainer>;
  networks: Map<string, AppliedObject>;
  volumes: Map<string, AppliedObject>;
  /** The content of each image by its reference: sha256:… */
  images: Map<string, string>;
  /** Scripts that are installed on the host: NAME-HASH.sh, by their URN. */
  scripts: Map<string, string>;
  /** The secrets that a system's containers have as files, by the URN of what writes them. */
  secrets: Map<string, AppliedSecrets>;
  /** What sets a schedule of the host: its whole command line, by its URN. */
  schedules: Map<string, string>;
}

/** A value with the secrets in it in clear; one that was not decrypted is undefined. */
function clear(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(clear);
  if (typeof value !== "object" || value === null) return value;
  if (isSecret(value)) return value.plaintext === undefined ? undefined : clear(JSON.parse(value.plaintext));
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, clear(inner)]));
}

type Inputs = Omit<ShownArguments, "labels" | "environment" | "imageId"> & {
  name: string;
  labels?: { label: string; value: string }[];
  envs?: string[];
};

function container({ inputs, outputs }: Resource): ShownArguments {
  const { labels: listed = [], envs, ...rest } = clear(inputs) as Inputs;
  const labels = Object.fromEntries(listed.map(({ label, value }) => [label, value]));
  const environment = Object.fromEntries(variablesIn(envs ?? []));
  const own = ["runtime", "ipcMode", "cgroupnsMode"] as const;
  const chosen = Object.fromEntries(own.map((name) => [name, (outputs?.[name] as string | null) ?? undefined]));
  return { ...rest, ...chosen, labels, environment, imageId: labels[IMAGE_LABEL] };
}

/** What components/secret-files.ts has written. */
function secretsOf({ urn, inputs }: Resource): [string, AppliedSecrets][] {
  if (!/-secrets-files$/.test(urn) || !inputs) return [];
  const { create, stdin } = clear(inputs) as { create: string; stdin?: string };
  const [, project, exec] = / write (\S+) \S+-([0-9a-f]{12})\.sh$/.exec(create) ?? [];
  return [[urn, { project: project!, exec: exec!, files: stdin === undefined ? undefined : secretFiles(stdin) }]];
}

/** @param resources of the state */
export function applied(resources: Resource[]): Applied {
  const of = (type: string) =>
    resources.flatMap((resource) => {
      const { id, urn, inputs } = resource;
      return resource.type === type && id && inputs ? [{ id, urn, resource, name: inputs.name as string }] : [];
    });
  const objects = (type: string) => new Map(of(type).map(({ name, id, urn }) => [name, { id, urn }]));
  const commands = (pattern: RegExp) =>
    resources.flatMap(({ urn, type, inputs }) =>
      type === "command:local:Command" && pattern.test(urn) ? [[urn, inputs?.create as string] as const] : [],
    );
  return {
    containers: new Map(
      of("docker:index/container:Container").map(({ name, id, urn, resource }) => [
        name,
        { id, urn, args: container(resource) },
      ]),
    ),
    networks: objects("docker:index/network:Network"),
    volumes: objects("docker:index/volume:Volume"),
    // The id is the content's, and the reference after it.
    images: new Map(
      of("docker:index/remoteImage:RemoteImage").map(({ name, id }) => [name, id.slice(0, "sha256:".length + 64)]),
    ),
    secrets: new Map(resources.flatMap(secretsOf)),
    scripts: new Map(
      commands(/::host-script-[^:]+$/).flatMap(([urn, create]) => {
        const [, file] = /([\w-]+-[0-9a-f]{12}\.sh)$/.exec(create) ?? [];
        return file ? [[urn, file] as const] : [];
      }),
    ),
    schedules: new Map(commands(/-schedule-(backup|verify)$/)),
  };
}
