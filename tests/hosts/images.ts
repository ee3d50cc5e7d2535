/**
 * What the lab's machines are made of, kept in this machine's cache: the files of images/machine, and the folder of a registry that has what
 * staging and production pull, under its upstream names.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { cached, cacheFolder } from "../../images/builder/run.ts";
import { standInTag } from "../../images/builder/tag.ts";
import { copy } from "../../config/host.ts";
import { rawConfiguration } from "../../operations/stack.ts";
import { throughRegistry } from "../../systems/registry.ts";
import { imageReference } from "../../systems/service-spec.ts";
import { describeStack } from "../../systems/stack.ts";
import { here, must } from "../engine/host.ts";
import { until } from "../http.ts";

/** Which image of images/ serves an upstream repository, or one tag of it. */
const SERVED_BY: Record<string, string> = {
  "docker.io/library/postgres": "postgres",
  "docker.io/pgvector/pgvector": "pgvector",
  "docker.io/library/redis": "redis",
  "docker.io/library/rabbitmq": "rabbitmq",
  "docker.io/library/elasticsearch": "elasticsearch",
  "docker.io/minio/minio": "minio",
  "docker.io/minio/mc": "mc",
  "docker.io/alpine/git": "git",
  "docker.io/restic/restic": "restic",
  "docker.io/prom/statsd-exporter": "exporters",
  "docker.io/prometheuscommunity/postgres-exporter": "exporters",
  "docker.io/prometheuscommunity/postgres-exporter:v0.17.1": "monitoring",
  "docker.io/messense/fasttext-serving": "exporters",
  "nvcr.io/nvidia/tritonserver": "triton",
  "docker.io/prom/prometheus": "monitoring",
  "docker.io/prom/alertmanager": "monitoring",
  "docker.io/prom/node-exporter": "monitoring",
  "docker.io/prom/blackbox-exporter": "monitoring",
  "docker.io/oliver006/redis_exporter": "monitoring",
  "docker.io/prometheuscommunity/elasticsearch-exporter": "monitoring",
  "docker.io/library/haproxy": "haproxy",
  "ghcr.io/google/cadvisor": "cadvisor",
  "ghcr.io/openfoodfacts/robotoff": "robotoff",
  "ghcr.io/frapercan/protea": "protea",
  "ghcr.io/frapercan/protea-frontend": "protea-frontend",
};

const tagOf = (name: string) => standInTag(`images/${name}`);

/** The folder with the files of images/machine. */
export function rootfs(): string {
  const tag = tagOf("machine");
  return cached(`rootfs-${tag.split(":")[1]}`, (folder) => {
    const container = here.docker("create", tag, "none");
    try {
      must("sh", "-c", 'docker export "$0" | tar -x --numeric-owner -C "$1"', container, folder);
    } finally {
      here.docker("rm", container);
    }
  });
}

/** Where the registry keeps what it has. */
export const registryFolder = (): string => join(cacheFolder, "registry");

/** restic's, which a stack file with host:backups.copy names. */
export const copyImage = (): string => imageReference(copy.parse({ repository: "rest:https://host/path" }).image);

/** The images that both stack files name, and what a test lets them name: those of `monitoring`, and restic's. */
function named(): string[] {
  const images = ["staging", "production"].flatMap((stack) => {
    const { values, ...raw } = rawConfiguration(stack, readFileSync(`Pulumi.${stack}.yaml`, "utf8"));
    const { systems } = describeStack({ ...raw, values: { ...values, "monitoring:enabled": "true" } });
    return systems.flatMap(({ services }) => services.map(({ image }) => image));
  });
  return [...new Set([...images, copyImage()])];
}

/** The image of this machine's engine that serves a name below REGISTRY/. */
function servedBy(name: string): string {
  const upstream = name.split("/").slice(1).join("/");
  const own = SERVED_BY[upstream] ?? SERVED_BY[upstream.split(":")[0]!];
  if (own === undefined) throw new Error(`tests/hosts/images.ts does not say which image of images/ serves ${name}`);
  return tagOf(own);
}

/**
 * Puts into the registry what it does not have yet, as this machine's engine has it.
 * @param options that mark what a test makes
 */
export async function fill(...options: string[]): Promise<void> {
  const folder = registryFolder();
  const serve = [
    "--publish",
    "127.0.0.1::5000",
    "--volume",
    `${folder}:/var/lib/docker-registry`,
    "--entrypoint",
    "docker-registry",
  ];
  const container = here.docker(
    "run",
    "--detach",
    "--rm",
    ...options,
    ...serve,
    tagOf("machine"),
    "serve",
    "/etc/docker/registry/config.yml",
  );
  try {
    const registry = here.docker("port", container, "5000/tcp");
    await until(
      "the registry answers",
      30,
      async () => (await fetch(`http://${registry}/v2/`).catch(() => undefined))?.ok === true,
    );
    for (const name of named().map((image) => throughRegistry(image, registry))) {
      here.docker("tag", servedBy(name), name);
      try {
        here.docker("push", "--quiet", name);
      } finally {
        here.docker("rmi", name);
      }
    }
  } finally {
    here.docker("stop", container);
  }
}
